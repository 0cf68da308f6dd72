"""Text into amounts: numbers, times, sizes and rates; guide 3.2, rules CFG-9 to CFG-11.

Every function takes what follows a directive's name, comment removed, and raises
`BadValue` when that is not such a value.
"""

import re
from collections.abc import Callable

from sinyal.config.problem import BadValue
from sinyal.config.values import boolean, items, word
from sinyal.config.vocabulary import Rate

SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
RATE_UNITS = {
    "d": 86_400,
    "day": 86_400,
    "h": 3_600,
    "hr": 3_600,
    "m": 60,
    "min": 60,
    "s": 1,
    "sec": 1,
}
OCTETS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
UNLIMITED = {"unlimited", "0"}
MAX_RETRY_STEPS = 30
DIGITS = re.compile(r"\d{1,12}")
INTERVAL = re.compile(r"(?:\d{1,9}[wdhms])+")
INTERVAL_PART = re.compile(r"(\d+)([wdhms])")
SIZE = re.compile(r"(\d{1,12})([bkmgt]?)")
RATE = re.compile(r"(\d{1,9})/(\d{0,6})([a-z]{1,3})")


def switch_with(off: str) -> Callable[[str], bool | float]:
    """A reader of switches, `off` among them, and of intervals: seconds (RT-6)."""

    def switch(text: str) -> bool | float:
        found = word(text).lower()
        if found == off:
            return False
        return duration(text) if INTERVAL.fullmatch(found[:64]) else boolean(text)

    return switch


def integer(text: str) -> int:
    """A whole number of at most twelve digits."""
    found = word(text)
    if not DIGITS.fullmatch(found):
        raise BadValue(f'"{found[:40]}" is not a whole number')
    return int(found)


def limit(text: str) -> int:
    """A number of things; 0 is no limit."""
    return 0 if word(text).lower() in UNLIMITED else integer(text)


def port(text: str) -> int:
    """A TCP or UDP port, 1-65535."""
    found = integer(text)
    if not 1 <= found <= 65_535:
        raise BadValue(f"{found} is not a port", "write a number from 1 to 65535")
    return found


def duration(text: str) -> float:
    """Seconds; a bare number is seconds too (CFG-9)."""
    found = word(text).lower()
    if DIGITS.fullmatch(found):
        return float(found)
    if len(found) > 64 or not INTERVAL.fullmatch(found):
        raise BadValue(f'"{found[:40]}" is not a time interval')
    parts = INTERVAL_PART.findall(found)
    return float(sum(int(count) * SECONDS[unit] for count, unit in parts))


def duration_or_never(text: str) -> float | None:
    """Seconds, or None for `never`."""
    return None if word(text).lower() == "never" else duration(text)


def idle_duration(text: str) -> float:
    """Seconds, at most ten minutes; guide 3.3.10.81."""
    found = duration(text)
    if found > 600:
        raise BadValue("more than the longest time, 10m", "write 10m or less")
    return found


def durations(text: str) -> tuple[float, ...]:
    """Waiting times in order, at most thirty; guide 3.3.10.39 (RT-1)."""
    found = tuple(duration(part) for part in items(text))
    if not 1 <= len(found) <= MAX_RETRY_STEPS:
        raise BadValue(f"{len(found)} intervals", "write 1 to 30 of them")
    return found


def size(text: str) -> int:
    """Octets; `unlimited` is 0; a bare number counts octets (CFG-10)."""
    found = word(text).lower()
    if found in UNLIMITED:
        return 0
    match = SIZE.fullmatch(found)
    if match is None:
        raise BadValue(f'"{found[:40]}" is not a size')
    return int(match[1]) * OCTETS[match[2]]


def file_size(text: str) -> int:
    """Octets, at least 1M; guide 3.3.11.4."""
    found = size(text)
    if found < 1 << 20:
        raise BadValue("less than the smallest size, 1M", "write 1M or more")
    return found


def rate(text: str) -> Rate | None:
    """So many per window, or None without a limit (CFG-11)."""
    found = word(text).lower()
    if found in UNLIMITED:
        return None
    match = RATE.fullmatch(found)
    unit_s = RATE_UNITS.get(match[3]) if match else None
    if match is None or unit_s is None or not int(match[1]) or match[2] == "0":
        raise BadValue(f'"{found[:40]}" is not a rate')
    return Rate(int(match[1]), float(int(match[2] or 1) * unit_s))
