"""A command line becomes an event, or the reply that refuses it; RFC 5321 4.1.1, 4.1.2.

More is let in than the grammar says where the field does so harmlessly: blanks after
`FROM:` and dots anywhere in a local part. Octets above 127 and controls are not.
"""

from collections.abc import Callable

import regex as re

from sinyal.smtp import sasl, status
from sinyal.smtp.events import (
    Auth,
    Command,
    DataCommand,
    Hello,
    Help,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Reset,
    StartTls,
    Verify,
)
from sinyal.smtp.reply import Reply

MAX_DOMAIN = 255  # octets; RFC 5321 4.5.3.1.2

_QUOTED = rb'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*+"'
_ATOMS = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]++"
_NAME = rb"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?"
_LITERAL = rb"\[[A-Za-z0-9:.-]+\]"
_MAILBOX = rb"(?:%b|%b)@(?:%b|%b)" % (_ATOMS, _QUOTED, _NAME, _LITERAL)
_ROUTE = rb"(?:@[A-Za-z0-9@,.:_-]*:)?"  # RFC 5321 appendix C: accepted, ignored
_PARAMETERS = rb"((?:[ ]+[A-Za-z0-9][A-Za-z0-9-]*(?:=[\x21-\x3c\x3e-\x7e]+)?)*)[ ]*"

MAIL = re.compile(rb"(?i:FROM):[ ]*<(?:%b(%b))?>%b" % (_ROUTE, _MAILBOX, _PARAMETERS))
RCPT = re.compile(
    rb"(?i:TO):[ ]*<%b(%b|(?i:postmaster))>%b" % (_ROUTE, _MAILBOX, _PARAMETERS)
)
HELLO = re.compile(rb"[\x21-\x7e]{1,255}")
AUTH = re.compile(rb"([A-Za-z0-9_-]{1,20})(?: ([A-Za-z0-9+/=]+))?[ ]*")
REFUSED_OCTETS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
SIZE = re.compile(r"\d{1,20}")
BODIES = ("7BIT", "8BITMIME")
MAIL_PARAMETERS = frozenset(("SIZE", "BODY", "AUTH"))  # RFC 1870, 6152, 4954

Parsed = Command | Reply


def parse_parameters(octets: bytes) -> dict[str, str]:
    """The parameters of MAIL and RCPT, names in upper case; RFC 5321 4.1.2."""
    pairs = (word.partition("=") for word in octets.decode().split())
    return {name.upper(): value for name, _, value in pairs}


def _hello(line: bytes, argument: bytes) -> Parsed:
    name = argument.strip()
    if not HELLO.fullmatch(name):
        return status.BAD_ARGUMENT
    return Hello(name.decode(), is_extended=line[:1] in b"Ee")


def _mail(line: bytes, argument: bytes) -> Parsed:
    found = MAIL.fullmatch(argument)
    if found is None:
        return status.BAD_SENDER if argument.isascii() else status.NOT_ASCII
    mailbox, tail = found.groups()
    address = mailbox.decode() if mailbox else ""
    if len(address) - address.rfind("@") > MAX_DOMAIN + 1:
        return status.BAD_SENDER
    if not tail:
        return MailFrom(address)
    parameters = parse_parameters(tail)
    if not parameters.keys() <= MAIL_PARAMETERS:
        return status.UNKNOWN_PARAMETER
    size = parameters.get("SIZE", "0")
    body = parameters.get("BODY", "").upper()
    if not SIZE.fullmatch(size) or ("BODY" in parameters and body not in BODIES):
        return status.BAD_ARGUMENT
    return MailFrom(address, int(size), body, parameters)


def _rcpt(line: bytes, argument: bytes) -> Parsed:
    found = RCPT.fullmatch(argument)
    if found is None:
        return status.BAD_ADDRESS if argument.isascii() else status.NOT_ASCII
    if found[2].strip():
        return status.UNKNOWN_PARAMETER
    address = found[1].decode()
    if len(address) - address.rfind("@") > MAX_DOMAIN + 1:
        return status.BAD_ADDRESS
    return RcptTo(address, line.decode())


def _auth(line: bytes, argument: bytes) -> Parsed:
    found = AUTH.fullmatch(argument)
    if found is None:
        return status.BAD_ARGUMENT
    mechanism = found[1].decode().upper()
    if found[2] is None:
        return Auth(mechanism)
    initial = b"" if found[2] == b"=" else sasl.decode(found[2])
    return status.BAD_BASE64 if initial is None else Auth(mechanism, initial)


def _text(argument: bytes) -> str:
    return argument.decode("ascii", "replace")


def _bare(event: Command) -> Callable[[bytes, bytes], Parsed]:
    """The parser of a command that takes no argument."""
    return lambda line, argument: status.NO_ARGUMENT if argument.strip() else event


# verb: what reads (line, argument); the verbs of TRANSITIONS
PARSERS: dict[bytes, Callable[[bytes, bytes], Parsed]] = {
    b"EHLO": _hello,
    b"HELO": _hello,
    b"MAIL": _mail,
    b"RCPT": _rcpt,
    b"DATA": _bare(DataCommand()),
    b"RSET": _bare(Reset()),
    b"QUIT": _bare(Quit()),
    b"STARTTLS": _bare(StartTls()),
    b"AUTH": _auth,
    b"NOOP": lambda line, argument: Noop(),
    b"VRFY": lambda line, argument: Verify(_text(argument)),
    b"HELP": lambda line, argument: Help(_text(argument)),
}
