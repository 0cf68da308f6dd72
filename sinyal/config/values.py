"""Text into plain values: switches, numbers, times, sizes, rates, lists; guide 3.2.

Every function takes what follows a directive's name, comment removed, and raises
`BadValue` when that is not such a value.
"""

import re
from collections.abc import Callable, Mapping

from sinyal.config.grammar import words
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import EnableSignals, Rate, RecordFields, TlsFiles

SWITCHES = {"yes": True, "true": True, "no": False, "false": False}
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

# Long and short names of accounting records; guide 11.2.
RECORD_TYPES = {
    "d": "d",
    "delivery": "d",
    "b": "b",
    "bounce": "b",
    "t": "t",
    "transient": "t",
    "tq": "tq",
    "transient-queue": "tq",
    "r": "r",
    "receipt": "r",
    "received": "r",
    "rb": "rb",
    "remote-bounce": "rb",
    "rs": "rs",
    "remote-status": "rs",
    "f": "f",
    "feedback-loop": "f",
    "fbl": "f",
}
MAX_RETRY_STEPS = 30
IF_OPTIONS_PRESENT = "if-x-dkim-options-present"

# How many words may follow a privacy policy.
PRIVACY = {
    "retain": (0,),
    "redact": (0, 1),
    "siphash": (1,),
    "siphash-hexkey": (1,),
    "hmac-sha256": (1,),
    "hmac-sha256-hexkey": (1,),
}

DIGITS = re.compile(r"\d{1,12}")
INTERVAL = re.compile(r"(?:\d{1,9}[wdhms])+")
INTERVAL_PART = re.compile(r"(\d+)([wdhms])")
SIZE = re.compile(r"(\d{1,12})([bkmgt]?)")
RATE = re.compile(r"(\d{1,9})/(\d{0,6})([a-z]{1,3})")
SUBACCOUNT = re.compile(r"true,(?:subaccount=)?(\d{1,9})")


def word(text: str) -> str:
    """The only word of the value; `""` is an explicit empty one (CFG-6)."""
    found = words(text)
    if len(found) > 1:
        raise BadValue(f'"{found[1][:40]}" is one word too many')
    if not found:
        raise BadValue("the value is missing")
    return found[0]


def text_line(text: str) -> str:
    """The value as one text: quoted, or the rest of the line as it stands."""
    return word(text) if text.startswith('"') else (text or word(text))


def items(text: str) -> tuple[str, ...]:
    """The parts of a comma separated list; blanks around commas are free (CFG-8)."""
    plain = word(text) if text.startswith('"') or not text else text
    parts = tuple(part.strip() for part in plain.split(","))
    if parts == ("",):
        return ()
    if "" in parts:
        raise BadValue("the list has an empty part", "write one comma between parts")
    return parts


def boolean(text: str) -> bool:
    """Errors: `BadValue` for anything but yes, no, true, false (CFG-7)."""
    found = SWITCHES.get(word(text).lower())
    if found is None:
        raise BadValue(f'"{text[:40]}" is not a switch')
    return found


def signing(text: str) -> bool | str:
    """A switch, or the keyword that leaves it to the message (DKIM-1)."""
    found = word(text).lower()
    return found if found == IF_OPTIONS_PRESENT else boolean(text)


def certificate(text: str) -> TlsFiles:
    """`FILENAME [PASSWORD]`; guide 3.3.1.9. The password is told to nobody."""
    found = words(text)
    if len(found) > 2:
        raise BadValue(f"{len(found)} words where a path and a password belong")
    return TlsFiles(*found)


def two_paths(text: str) -> tuple[str, ...]:
    """Two paths; guide 3.3.1.34.1."""
    found = tuple(words(text))
    if len(found) != 2:
        raise BadValue(f"{len(found)} words where two paths belong")
    if found[0].rstrip("/") == found[1].rstrip("/"):
        raise BadValue("both paths are the same", "name two directories")
    return found


def privacy(text: str) -> str:
    """How addresses are hidden; guide 3.3.11.16. The key is told to nobody."""
    method, *rest = words(text) or [""]
    if len(rest) not in PRIVACY.get(method.lower(), ()):
        raise BadValue("not retain, redact, siphash, siphash-hexkey or hmac-sha256")
    return text


def switch_with(later: str) -> Callable[[str], bool]:
    """A reader of switches whose directive also takes `later`, not done yet."""

    def switch(text: str) -> bool:
        found = word(text).lower()
        if found not in SWITCHES and (found == later or INTERVAL.fullmatch(found[:64])):
            raise BadValue(f'"{found[:40]}" is not done yet by sinyal')
        return boolean(text)

    return switch


def secret(text: str) -> str:
    """One word or a quoted text; a fault is told without the text."""
    try:
        return word(text)
    except BadValue as bad:
        reason = bad.text if not text else "it has blanks or a double quote too many"
        raise BadValue(reason, bad.remedy) from None


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


def one_of(
    *choices: str, refused: Mapping[str, str] | None = None
) -> Callable[[str], str]:
    """A reader of one word out of `choices`; `refused` says of other words why not."""
    reasons = refused or {}

    def choice(text: str) -> str:
        found = word(text).lower()
        if found in reasons:
            raise BadValue(f"{found} is refused: {reasons[found]}")
        if found not in choices:
            raise BadValue(f'"{found[:40]}" is not one of the choices')
        return found

    return choice


def header_name(text: str) -> str:
    """The name of one header field, "" for none; RFC 5322 2.2."""
    found = header_names(text)
    if len(found) > 1:
        raise BadValue(f"{len(found)} names where one belongs")
    return found[0] if found else ""


def header_names(text: str) -> tuple[str, ...]:
    """Names of header fields; RFC 5322 2.2."""
    names = items(text)
    for name in names:
        if not all("!" <= letter <= "~" and letter != ":" for letter in name):
            raise BadValue(f'"{name[:40]}" is not the name of a header')
    return names


def record_types(text: str) -> tuple[str, ...]:
    """Letters of accounting records in the order written; guide 3.3.11.11."""
    return tuple(dict.fromkeys(_record_type(name) for name in items(text)))


def _record_type(name: str) -> str:
    found = RECORD_TYPES.get(name.lower())
    if found is None:
        raise BadValue(f'"{name[:40]}" is not a record type')
    return found


def record_fields(text: str) -> RecordFields:
    """`TYPE FIELD[,FIELD...]`; guide 3.3.11.12."""
    record, *rest = text.split(None, 1) or [""]
    if not rest:
        raise BadValue("the fields are missing")
    return RecordFields(_record_type(record), items(rest[0]))


def enable_signals(text: str) -> EnableSignals:
    """`true[,subaccount=N]`, `false`, or the name of a filter; guide 10.1.4.1.1."""
    plain = ",".join(items(text))
    switch = SWITCHES.get(plain.lower())
    if switch is not None:
        return EnableSignals(switch)
    if "," not in plain and plain:
        return EnableSignals(enabled=False, filter_name=plain)
    found = SUBACCOUNT.fullmatch(plain.lower().replace("yes,", "true,", 1))
    if found is None:
        raise BadValue(f'"{plain[:40]}" is not a Signals switch')
    return EnableSignals(enabled=True, subaccount_id=int(found[1]))


def api_key(text: str) -> str:
    """40 hex digits; guide 10.1.4.2.1."""
    found = word(text)
    if not re.fullmatch(r"[0-9A-Fa-f]{40}", found):
        raise BadValue(f"the key has {len(found)} characters, not 40 hex digits")
    return found


def http_url(text: str) -> str:
    """An absolute http or https URL."""
    found = word(text)
    if re.match(r"\w+://[^/\s]*@", found):
        raise BadValue("the URL has a user name or a password in it", "leave it out")
    if not re.fullmatch(r"https?://[^/\s?#@]+(?:/\S*)?", found):
        raise BadValue(f'"{found[:40]}" is not an http or https URL')
    return found


def engagement(text: str) -> str:
    """`yes`, `no` or `sparkpost` (pixels and links by this server); seed."""
    found = word(text).lower()
    if found == "sparkpost":
        return found
    return "yes" if boolean(text) else "no"
