"""Text into values of accounting and of event upload; guide 3.3.11, 10.1.

Every function takes what follows a directive's name, comment removed, and raises
`BadValue` when that is not such a value.
"""

import re
import shlex

from sinyal.config.grammar import words
from sinyal.config.patterns import INTERNAL, domain_pattern
from sinyal.config.problem import BadValue
from sinyal.config.values import SWITCHES, boolean, items, word
from sinyal.config.vocabulary import EnableSignals, RecordFields

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
# How many words may follow a privacy policy.
PRIVACY = {
    "retain": (0,),
    "redact": (0, 1),
    "siphash": (1,),
    "siphash-hexkey": (1,),
    "hmac-sha256": (1,),
    "hmac-sha256-hexkey": (1,),
}
HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
SIPHASH_OCTETS = 16  # the longest key, shorter ones are filled up with zeros
VMTA_NAME = re.compile(r"[^\s,/]+")
HEADER_COLUMN = re.compile(r"header_[!-9;-~]+", re.IGNORECASE)
SUBACCOUNT = re.compile(r"true,(?:subaccount=)?(\d{1,9})")


def privacy(text: str) -> str:
    """How addresses are hidden; guide 3.3.11.16. The key is told to nobody."""
    method, *rest = words(text) or [""]
    method = method.lower()
    if len(rest) not in PRIVACY.get(method, ()):
        raise BadValue("not retain, redact, siphash, siphash-hexkey or hmac-sha256")
    if method not in {"retain", "redact"}:
        _check_key(method, rest[0])
    return text


def _check_key(method: str, key: str) -> None:
    octets = len(key.encode())
    if method.endswith("-hexkey"):
        if not HEX.fullmatch(key):
            raise BadValue("the key is not written in pairs of hex digits")
        octets = len(key) // 2
    if not octets:
        raise BadValue("the key is empty")
    if method.startswith("siphash") and octets > SIPHASH_OCTETS:
        raise BadValue(f"the key has {octets} octets", "write at most 16")


def mapping(text: str) -> tuple[str, str, str]:
    """`RECORD header_NAME FIELD`, the record as its letter; guide 3.3.11.10."""
    parts = text.split()
    if len(parts) != 3 or not HEADER_COLUMN.fullmatch(parts[1]):
        raise BadValue(f'"{text[:60]}" is not a mapping')
    letter = _record_type(parts[0])
    if letter == "tq" or parts[2].lower() == "type":
        raise BadValue(
            "tq has no message" if letter == "tq" else "type cannot be another",
            "name another record or field",
        )
    return letter, parts[1], parts[2]


def queues(text: str) -> tuple[str, ...]:
    """`[!]PATTERN[/VMTA]` with commas, the first that fits decides; guide 3.3.11.5."""
    found = items(text)
    for queue in found:
        pattern, slash, vmta = queue.removeprefix("!").partition("/")
        domain_pattern(pattern)
        if INTERNAL.fullmatch(pattern):
            raise BadValue(f'"{pattern}" is no name of a domain', "write a domain")
        if slash and not VMTA_NAME.fullmatch(vmta):
            raise BadValue(f'"{vmta[:40]}" is no VirtualMTA', "write a name or *")
    return found


def accounting_place(text: str) -> str:
    """A path, or `|` and a command with its arguments; guide 3.3.11."""
    found = word(text)
    if found.startswith("|"):
        try:
            is_command = bool(shlex.split(found[1:]))
        except ValueError:
            raise BadValue("a quote in the command is not closed") from None
        if not is_command:
            raise BadValue("the command is missing", "write |COMMAND ARGUMENTS")
    return found


def record_types(text: str) -> tuple[str, ...]:
    """Letters of accounting records in the order written; guide 3.3.11.11."""
    return tuple(dict.fromkeys(_record_type(name) for name in items(text)))


def _record_type(name: str) -> str:
    found = RECORD_TYPES.get(name.lower())
    if found is None and " " in name:
        raise BadValue(f'"{name[:40]}" has blanks in it', "write commas, like d,b")
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
