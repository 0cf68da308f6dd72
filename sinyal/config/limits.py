"""Text into amounts with a place or a time: data rates, daily limits, caps by range.

Every function takes what follows a directive's name and raises `BadValue` when that is
not such a value; guide 3.2, rules CFG-11 to CFG-14.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from sinyal.config.addresses import HOST, email, ip, network, place
from sinyal.config.amounts import (
    OCTETS,
    RATE_UNITS,
    UNLIMITED,
    integer,
    limit,
    port,
    rate,
)
from sinyal.config.grammar import words
from sinyal.config.problem import BadValue
from sinyal.config.values import items, word
from sinyal.config.vocabulary import Rate

DATA_RATE = re.compile(r"(\d{1,12})([bkmgt]?)/(\d{0,6})([a-z]{1,3})")
DAILY = re.compile(r"(\d{1,9})/(?:d|day)")
ACCESS = re.compile(r"monitor(?:\s*,\s*deny-logs)?|operator|admin|none")

Value = TypeVar("Value")


def data_rate(text: str) -> Rate | None:
    """Octets per window, or None without a limit (CFG-12)."""
    found = word(text).lower()
    if found in UNLIMITED:
        return None
    match = DATA_RATE.fullmatch(found)
    unit_s = RATE_UNITS.get(match[4]) if match else None
    if match is None or unit_s is None or match[3] == "0":
        raise BadValue(f'"{found[:40]}" is not a data rate')
    octets = int(match[1]) * OCTETS[match[2]]
    return Rate(octets, float(int(match[3] or 1) * unit_s))


def daily_limits(text: str) -> tuple[int, ...]:
    """Messages on the first day, the second, and so on (CFG-13)."""
    found = [DAILY.fullmatch(part.lower()) for part in items(text)]
    if not found or not all(found):
        raise BadValue(f'"{text[:40]}" is not a list of daily limits')
    return tuple(int(match[1]) for match in found if match)


def by_range(parse: Callable[[str], Value]) -> Callable[[str], tuple[str, Value]]:
    """A reader of `CIDR VALUE`."""

    def pair(text: str) -> tuple[str, Value]:
        first, rest = split(text, "a range and a value")
        return str(network(first)), parse(rest)

    return pair


by_range_limit = by_range(limit)
by_range_rate = by_range(rate)
by_range_data_rate = by_range(data_rate)


def by_name_limit(text: str) -> tuple[str, int]:
    """`MX-NAME-PATTERN N`; guide 3.3.1.38.1."""
    first, rest = split(text, "a pattern of names and a number")
    return first.lower(), integer(rest)


def access(text: str) -> tuple[str, str]:
    """`CIDR RIGHT`, who may use the monitor; guide 3.3.1.36.3."""
    first, rest = split(text, "a range and a right")
    if not ACCESS.fullmatch(rest.lower()):
        raise BadValue(f'"{rest[:40]}" is not monitor, operator, admin or none')
    return str(network(first)), rest.lower()


def between(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def number(text: str) -> int:
        found = integer(text)
        if not low <= found <= high:
            raise BadValue(f"{found} is not from {low} to {high}")
        return found

    return number


def number_or(keyword: str, value: int) -> Callable[[str], int]:
    """A reader of whole numbers, or of `keyword`, which is `value`."""
    return lambda text: value if word(text).lower() == keyword else integer(text)


def proxy_place(text: str) -> tuple[str, int]:
    """`IP:PORT` or `HOST:PORT`; guide 10.2.1."""
    host, number = place(word(text), 0)
    if not number or not (HOST.fullmatch(host) or ip(host)):
        raise BadValue(f'"{text[:40]}" is not a host with a port')
    return host, number


def proxy_client(text: str) -> tuple[str, int, str]:
    """`IP[:PORT] HOST-NAME`; the port is 0 without one; guide 10.2.1."""
    first, name = split(text, "an address and a name")
    if first.startswith("[") or first.count(":") == 1:
        host, _, number = first.removeprefix("[").replace("]", "").rpartition(":")
        return str(ip(host)), port(number) if number != "0" else 0, word(name)
    return str(ip(first)), 0, word(name)


def proxy_source(text: str) -> tuple[str, str, str, str]:
    """`CIDR PROXY:PORT CLIENT-IP[:PORT] HOST-NAME`; later edition 3.3.1.20."""
    found = words(text)
    if len(found) != 4:
        raise BadValue(f"{len(found)} words where four belong")
    proxy_place(found[1])
    proxy_client(f"{found[2]} {found[3]}")
    return str(network(found[0])), found[1], found[2], found[3]


def emails(text: str) -> tuple[str, ...]:
    """Mail addresses with commas; `""` is none of them (CFG-6)."""
    return tuple(email(part) for part in items(text))


def key_of(low: int, high: int) -> Callable[[str], str]:
    """A reader of keys of letters, digits and `_`; the key is told to nobody."""
    form = re.compile(rf"[A-Za-z0-9_]{{{low},{high}}}")

    def key(text: str) -> str:
        if not form.fullmatch(text.strip('"')):
            raise BadValue(f"the key is not {low} to {high} letters, digits or _")
        return text.strip('"')

    return key


def split(text: str, what: str) -> tuple[str, str]:
    """The first word and the rest."""
    parts = text.split(None, 1)
    if len(parts) != 2:
        raise BadValue(f"{what} belong here")
    return parts[0], parts[1]
