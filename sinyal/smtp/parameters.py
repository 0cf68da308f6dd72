"""The parameters of MAIL and RCPT, a row each.

Source: RFC 1870 (SIZE), 6152 (BODY), 4954 (AUTH), 3461 (RET, ENVID, NOTIFY, ORCPT),
6531 (SMTPUTF8); VERP is PowerMTA's (SRC-13).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import regex as re

from sinyal.smtp import status, xtext
from sinyal.smtp.reply import Reply

MAX_ENVELOPE_ID = 100  # characters as sent; RFC 3461 4.4
MAX_ORIGINAL_RECIPIENT = 500  # characters as sent; RFC 3461 4.2

BODIES = ("7BIT", "8BITMIME")
RETURNS = ("FULL", "HDRS")
EVENTS = frozenset(("SUCCESS", "FAILURE", "DELAY"))
_SIZE = re.compile("[0-9]{1,20}")
_ORIGINAL = re.compile(r"([!-'*-:<-~]+);(.+)")
_UTF8_ORIGINAL = re.compile(
    r"(?:[!-*,-<>-\[\]-~]|\+[0-9A-F]{2}|\\x\{[0-9A-F]{2,6}\}|[^\x00-\x7f])++"
)


class Parameter(NamedTuple):
    """A row: `field` of the event that `read` makes of the value.

    `feature` is what has to be served for it, "" for always. `read` answers None to a
    value it does not understand. A row without `field` is only checked.
    """

    field: str
    read: Callable[[str], Any]
    feature: str = ""


def _size(value: str) -> int | None:
    return int(value) if _SIZE.fullmatch(value) else None


def _one_of(words: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda value: value.upper() if value.upper() in words else None


def _envelope_id(value: str) -> str | None:
    octets = xtext.decode(value) if 0 < len(value) <= MAX_ENVELOPE_ID else None
    if octets is None or not octets.isascii():
        return None
    text = octets.decode()
    return text if text.isprintable() else None


def _notify(value: str) -> str | None:
    """NEVER, or other words once each; RFC 3461 4.1."""
    words = value.upper().split(",")
    if words == ["NEVER"] or (EVENTS.issuperset(words) and _is_once(words)):
        return value.upper()
    return None


def _original_recipient(value: str) -> str | None:
    """As given, when its address is xtext, or one of RFC 6533 3 for `utf-8;`."""
    found = _ORIGINAL.fullmatch(value)
    if found is None or len(value) > MAX_ORIGINAL_RECIPIENT:
        return None
    if found[1].lower() == "utf-8":
        return value if _UTF8_ORIGINAL.fullmatch(found[2]) else None
    return value if xtext.decode(found[2]) else None


def _flag(value: str) -> bool | None:
    return None if value else True


def _any(value: str) -> str:
    return value


MAIL: dict[str, Parameter] = {
    "SIZE": Parameter("size", _size),
    "BODY": Parameter("body", _one_of(BODIES)),
    "AUTH": Parameter("", _any),
    "RET": Parameter("ret", _one_of(RETURNS), "DSN"),
    "ENVID": Parameter("env_id", _envelope_id, "DSN"),
    "SMTPUTF8": Parameter("is_utf8", _flag, "SMTPUTF8"),
    "VERP": Parameter("is_verp", _flag, "VERP"),
}
RCPT: dict[str, Parameter] = {
    "NOTIFY": Parameter("notify", _notify, "DSN"),
    "ORCPT": Parameter("orcpt", _original_recipient, "DSN"),
}


def read(
    text: str, rows: dict[str, Parameter], features: frozenset[str]
) -> dict[str, Any] | Reply:
    """The fields of the event, `parameters` among them, or why `text` is refused.

    A parameter of a feature that is not served is unknown; RFC 5321 4.1.1.11.
    """
    pairs = [word.partition("=") for word in text.split(" ") if word]
    parameters = {name.upper(): value for name, _, value in pairs}
    served = {name for name in parameters if _is_served(rows.get(name), features)}
    if len(served) < len(parameters):
        return status.UNKNOWN_PARAMETER
    fields: dict[str, Any] = {"parameters": parameters}
    for name, value in parameters.items():
        row = rows[name]
        meant = row.read(value)
        if meant is None:
            return status.BAD_ARGUMENT
        if row.field:
            fields[row.field] = meant
    return fields if len(pairs) == len(parameters) else status.BAD_ARGUMENT


def _is_served(row: Parameter | None, features: frozenset[str]) -> bool:
    return row is not None and (not row.feature or row.feature in features)


def _is_once(words: list[str]) -> bool:
    return len(set(words)) == len(words)
