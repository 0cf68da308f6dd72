"""Mail merge over SMTP: XMRG, XDFN, XPRT and XACK as text, and in which order.

Source: guide 9.5 (rules MM).
"""

import msgspec
import regex as re

from sinyal.smtp import status
from sinyal.smtp.events import (
    Acknowledge,
    Define,
    MailData,
    MailFrom,
    PartCommand,
    RcptTo,
)
from sinyal.smtp.reply import Reply

FEATURE = "XMRG"
MAX_VARIABLES = 1000  # of a recipient
MAX_VARIABLE_OCTETS = 64 * 1024  # of a recipient, names and values
MAX_SUBMISSION_OCTETS = 64 * 1024 * 1024  # of all recipients' variables
MAX_PARTS = 1000

DEFINITION = re.compile(
    r'[ \t]*+(\*?[A-Za-z][A-Za-z0-9_]*+)=(?:"((?:[^"\\]|\\.)*+)"|([^\s"]*+))(?=[ \t]|$)'
)
ESCAPE = re.compile(r'\\(["\\])')
PART = re.compile(rb"([0-9]{1,6})(?:[ ]+((?i:LAST)))?[ ]*")
SWITCH = {b"ON": Acknowledge(is_on=True), b"OFF": Acknowledge(is_on=False)}


def as_merge(event: MailFrom) -> MailFrom:
    """What XMRG means by the same words as MAIL's."""
    return msgspec.structs.replace(event, is_merge=True)


def define(argument: bytes) -> Define | Reply:
    """The variables of an XDFN, names in lower case (MM-1, MM-2).

    Shape: `name=value`, `name="a value with blanks"`; in quotes a backslash stands
    before a quote or a backslash.
    """
    try:
        text = argument.decode().rstrip()
    except UnicodeDecodeError:
        return status.VARIABLES_NOT_UTF8
    variables: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = DEFINITION.match(text, at)
        if found is None:
            return status.BAD_ARGUMENT
        name, quoted, bare = found.groups()
        if name.lower() in variables:
            return status.DEFINED_TWICE
        value = ESCAPE.sub(r"\1", quoted) if quoted is not None else bare
        variables[name.lower()] = value
        at = found.end()
    return Define(variables) if variables else status.BAD_ARGUMENT


def part(argument: bytes) -> PartCommand | Reply:
    """XPRT: a number from 1 on, and whether it is the last (MM-1)."""
    found = PART.fullmatch(argument)
    if found is None or int(found[1]) == 0:
        return status.BAD_ARGUMENT
    return PartCommand(int(found[1]), is_last=found[2] is not None)


def acknowledge(argument: bytes) -> Acknowledge | Reply:
    """XACK: ON or OFF (MM-5)."""
    return SWITCH.get(argument.strip().upper(), status.BAD_ARGUMENT)


class Merge:
    """What a submission has defined and sent so far.

    `parts` came before the one that is due; `octets` are those of all variables and
    parts, `part_octets` those of the parts alone.
    """

    def __init__(self) -> None:
        self.parts = 0
        self.part_octets = 0
        self._part = PartCommand(1)
        self._variables: dict[str, str] = {}  # of the next recipient
        self._recipient_octets = 0
        self._variable_octets = 0
        self._is_spoilt = False

    @property
    def octets(self) -> int:
        return self.part_octets + self._variable_octets

    def check_define(self, event: Define) -> Define | Reply:
        """The event, unless its variables are too many or were defined before."""
        octets = sum(len(name) + len(value) for name, value in event.variables.items())
        if not self._variables.keys().isdisjoint(event.variables):
            return status.DEFINED_TWICE
        if (
            len(self._variables) + len(event.variables) > MAX_VARIABLES
            or self._recipient_octets + octets > MAX_VARIABLE_OCTETS
            or self._variable_octets + octets > MAX_SUBMISSION_OCTETS
        ):
            return status.TOO_MANY_VARIABLES
        self._recipient_octets += octets
        self._variable_octets += octets
        self._variables |= event.variables
        return event

    def spoil(self) -> None:
        """A definition was refused: the recipient that it is for is refused too."""
        self._is_spoilt = True

    def check_recipient(self, event: RcptTo) -> RcptTo | Reply:
        """The recipient with its variables, unless one of them was refused."""
        variables, is_spoilt = self._variables, self._is_spoilt
        self.end_recipient()
        if is_spoilt:
            return status.VARIABLES_REFUSED
        return msgspec.structs.replace(event, variables=variables)

    def end_recipient(self) -> None:
        """What was defined is of no more use."""
        self._variables = {}
        self._recipient_octets = 0
        self._is_spoilt = False

    def check_part(self, event: PartCommand) -> PartCommand | Reply:
        """The event, unless it comes out of order: parts come one by one from 1."""
        is_dangling = self._variables or self._is_spoilt
        if is_dangling or event.number != self.parts + 1:
            return status.BAD_SEQUENCE
        if event.number > MAX_PARTS:
            return status.TOO_LARGE
        self._part = event
        return event

    def data(self, content: bytes) -> MailData:
        """The part that XPRT announced."""
        return MailData(content, self._part.number, self._part.is_last)

    def taken(self, event: MailData) -> None:
        """A part was accepted, another one is due."""
        self.parts += 1
        self.part_octets += len(event.octets)
