"""The variables of a mail merge's recipient, as XDFN defines them (MM-2, MM-4)."""

from collections.abc import Callable, Mapping
from typing import Any

import regex as re

from sinyal.mail.envelope import Recipient
from sinyal.mail.job import safe_job_id
from sinyal.mail.schedule import Windows, windows

NAME = re.compile(r"[a-z][a-z0-9_]*+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
SENDER = re.compile(r'[^\s<>"@,;:]++(?:@[^\s<>"@,;:]++)?+|"[^"\\\s]++"@[^\s<>"@,;:]++')
RANGE = re.compile(r"[ ]*([0-9]{1,4})(?:-([0-9]{1,4}))?[ ]*")
MAX_VARIABLES = 1000  # of one recipient
MAX_NAME = 128  # characters
MAX_OCTETS = 64 * 1024  # of one recipient's names and values
MAX_PARTS = 1000  # of a message, and in one recipient's list
MAX_SUBACCOUNT = (1 << 31) - 1
MAX_ENV_ID = 100  # characters; RFC 3461 4.4
MAX_MESSAGE_ID = 512  # characters; guide 10.1
MAX_SENDER = 320  # octets; RFC 5321 4.5.3.1


class BadMerge(ValueError):
    """What is wrong with a merge, as the text of a 5xx reply: `5.5.4 there is ...`."""


def recipient_of(variables: Mapping[str, str], address: str = "") -> Recipient:
    """A recipient with the reserved ones of `variables` in its fields.

    Names are in lower case; `parts` stays () without *parts. Errors: `BadMerge`, also
    for too much (64 kB or 1,000 variables).
    """
    _check(variables)
    own = dict(variables)
    fields: dict[str, Any] = {}
    for name in [name for name in own if name.startswith("*")]:
        read = RESERVED.get(name)
        if read is None:
            known = ", ".join(RESERVED)
            raise BadMerge(f"5.5.4 variable {name} cannot be set; there are {known}")
        attribute, reader = read
        fields[attribute] = reader(name, own.pop(name))
    return Recipient(address, "", variables=own, **fields)


def _check(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        if len(name) > MAX_NAME or not NAME.fullmatch(name.removeprefix("*")):
            raise BadMerge(f'5.5.4 "{_shown(name[:40])}" is not the name of a variable')
        if CONTROL.search(value):
            raise BadMerge(f"5.5.4 the value of {name} holds a control character")
    octets = sum(len(name) + len(text.encode()) for name, text in variables.items())
    if len(variables) > MAX_VARIABLES or octets > MAX_OCTETS:
        raise BadMerge("5.5.4 too many variables, or too long values, for a recipient")


def _shown(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c not in '"' else "?" for c in text)


def _sender(name: str, value: str) -> str:
    plain = value.strip().removeprefix("<").removesuffix(">")
    if plain and (len(plain) > MAX_SENDER or not SENDER.fullmatch(plain)):
        raise BadMerge(f"5.1.7 {name} is not an address")
    return plain


def _env_id(name: str, value: str) -> str:
    if len(value) > MAX_ENV_ID or not value.isascii():
        raise BadMerge(f"5.5.4 {name} is longer than {MAX_ENV_ID} or not ASCII")
    return value


def _name(name: str, value: str) -> str:
    if not value or len(value) > MAX_NAME:
        raise BadMerge(f"5.5.4 {name} is empty or too long")
    return value


def _job_id(name: str, value: str) -> str:
    return safe_job_id(_name(name, value))


def _number(highest: int) -> Callable[[str, str], int]:
    def read(name: str, value: str) -> int:
        digits = value.strip()
        is_number = digits.isascii() and digits.isdigit() and len(digits) < 11
        if not is_number or not 1 <= int(digits) <= highest:
            raise BadMerge(f"5.5.4 {name} is not a number from 1 to {highest}")
        return int(digits)

    return read


def _custom_message_id(name: str, value: str) -> str:
    if not value.isascii():
        raise BadMerge(f"5.5.4 {name} is not ASCII")
    return value[:MAX_MESSAGE_ID]


def _parts(name: str, value: str) -> tuple[int, ...]:
    """`1-3` or `1,3,2`, or both mixed; the order is that of the copy (MM-4)."""
    numbers: list[int] = []
    for piece in value.split(","):
        found = RANGE.fullmatch(piece)
        first = int(found[1]) if found else 0
        last = int(found[2] or first) if found else 0
        if not 1 <= first <= last <= MAX_PARTS:
            raise BadMerge(f"5.5.4 {name} is no list of parts from 1 to {MAX_PARTS}")
        numbers += range(first, last + 1)
        if len(numbers) > MAX_PARTS:
            raise BadMerge(f"5.5.4 {name} names more than {MAX_PARTS} parts")
    return tuple(numbers)


def _schedule(name: str, value: str) -> Windows:
    try:
        return windows(value)
    except ValueError as error:
        raise BadMerge(f"5.5.4 {name}: {error}") from None


# name: the field of the recipient, and what reads its value
RESERVED: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "*from": ("mail_from", _sender),
    "*envid": ("env_id", _env_id),
    "*vmta": ("vmta", _name),
    "*jobid": ("job_id", _job_id),
    "*parts": ("parts", _parts),
    "*schedule": ("schedule", _schedule),
    "*priority": ("priority", _number(100)),
    "*subaccountid": ("subaccount_id", _number(MAX_SUBACCOUNT)),
    "*custommessageid": ("custom_message_id", _custom_message_id),
}
