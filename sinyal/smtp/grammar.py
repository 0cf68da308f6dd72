"""A command line becomes an event, or the reply that refuses it; RFC 5321 4.1.1, 4.1.2.

Blanks after `FROM:` are let in, though the grammar has none. What belongs to a feature
that is not served is refused as if it did not exist.
"""

from collections.abc import Callable

import regex as re

from sinyal.smtp import merge, parameters, sasl, status, xclient
from sinyal.smtp.address import MAILBOX, ROUTE, has_bad_domain
from sinyal.smtp.chunks import Chunk
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

_PARAMETERS = (
    rb"((?:[ ]+[A-Za-z0-9][A-Za-z0-9-]*(?:=[\x21-\x3c\x3e-\x7e\x80-\xff]+)?)*)[ ]*"
)
MAIL = re.compile(rb"(?i:FROM):[ ]*<(?:%b(%b))?>%b" % (ROUTE, MAILBOX, _PARAMETERS))
RCPT = re.compile(
    rb"(?i:TO):[ ]*<%b(%b|(?i:postmaster))>%b" % (ROUTE, MAILBOX, _PARAMETERS)
)
INVALID_RCPT = re.compile(rb"(?i:TO):[ ]*<([^<>\x00-\x1f\x7f]+)>%b" % _PARAMETERS)
HELLO = re.compile(rb"[\x21-\x7e]{1,255}")
AUTH = re.compile(rb"([A-Za-z0-9_-]{1,20})(?: ([A-Za-z0-9+/=]+))?[ ]*")
CHUNK = re.compile(rb"([0-9]{1,20})(?:[ ]+((?i:LAST)))?[ ]*")
REFUSED_OCTETS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

Features = frozenset[str]
Parsed = Command | Chunk | Reply
Parser = Callable[[bytes, bytes, Features], Parsed]


def _hello(line: bytes, argument: bytes, features: Features) -> Parsed:
    name = argument.strip()
    if not HELLO.fullmatch(name):
        return status.BAD_ARGUMENT
    return Hello(name.decode(), is_extended=line[:1] in b"Ee")


def _mail(line: bytes, argument: bytes, features: Features) -> Parsed:
    found = MAIL.fullmatch(argument)
    if found is None:
        is_meant = argument.isascii() or _before_utf8(argument) is not None
        return status.BAD_SENDER if is_meant else status.NOT_ASCII
    mailbox, tail = found.groups()
    if not argument.isascii():
        return _international_mail(mailbox or b"", tail, features)
    address = mailbox.decode() if mailbox else ""
    if address and has_bad_domain(address):
        return status.BAD_SENDER
    if not tail:
        return MailFrom(address)
    fields = parameters.read(tail.decode(), parameters.MAIL, features)
    return fields if isinstance(fields, Reply) else MailFrom(address, **fields)


def _international_mail(mailbox: bytes, tail: bytes, features: Features) -> Parsed:
    """Octets above 127 are UTF-8, and SMTPUTF8 announces them; RFC 6531 3.4."""
    address, text = _decoded(mailbox), _decoded(tail)
    if text is None:
        return status.NOT_ASCII
    fields = parameters.read(text, parameters.MAIL, features)
    if isinstance(fields, Reply):
        return fields
    if "is_utf8" not in fields:
        return status.NOT_ASCII
    if address is None or (address and has_bad_domain(address)):
        return status.BAD_SENDER
    return MailFrom(address, **fields)


def _merge_mail(line: bytes, argument: bytes, features: Features) -> Parsed:
    """XMRG takes what MAIL takes (MM-1)."""
    if merge.FEATURE not in features:
        return status.NOT_IMPLEMENTED
    event = _mail(line, argument, features)
    return merge.as_merge(event) if isinstance(event, MailFrom) else event


def _rcpt(line: bytes, argument: bytes, features: Features) -> Parsed:
    found, is_valid = RCPT.fullmatch(argument), True
    if found is None and "INVALID-RCPT" in features:
        found, is_valid = INVALID_RCPT.fullmatch(argument), False
    text = _decoded(line)
    if found is None or text is None:
        return status.BAD_ADDRESS if argument.isascii() else status.NOT_ASCII
    address = found[1].decode()
    if is_valid and has_bad_domain(address):
        if "INVALID-RCPT" not in features:
            return status.BAD_ADDRESS
        is_valid = False
    if not found[2] and is_valid:
        return RcptTo(address, text)
    fields = parameters.read(found[2].decode(), parameters.RCPT, features)
    if isinstance(fields, Reply):
        return fields
    return RcptTo(address, text, is_valid=is_valid, **fields)


def _auth(line: bytes, argument: bytes, features: Features) -> Parsed:
    found = AUTH.fullmatch(argument)
    if found is None:
        return status.BAD_ARGUMENT
    mechanism = found[1].decode().upper()
    if found[2] is None:
        return Auth(mechanism)
    initial = b"" if found[2] == b"=" else sasl.decode(found[2])
    return status.BAD_BASE64 if initial is None else Auth(mechanism, initial)


def _verify(line: bytes, argument: bytes, features: Features) -> Parsed:
    """VRFY, its parameter SMTPUTF8 taken off; RFC 6531 3.7.4.2."""
    before = _before_utf8(argument) if "SMTPUTF8" in features else None
    if before is not None:
        text = _decoded(before)
        return status.BAD_OCTETS if text is None else Verify(text)
    return Verify(argument.decode()) if argument.isascii() else status.NOT_ASCII


def _chunk(line: bytes, argument: bytes, features: Features) -> Parsed:
    """BDAT, served or not: what follows it is never read as commands; RFC 3030 2."""
    found = CHUNK.fullmatch(argument)
    if found is None:
        return status.BAD_ARGUMENT
    return Chunk(int(found[1]), is_last=found[2] is not None)


def _help(line: bytes, argument: bytes, features: Features) -> Parsed:
    return Help(argument.decode("ascii", "replace"))


def _bare(event: Command) -> Parser:
    """The parser of a command that takes no argument."""
    return lambda line, argument, features: (
        status.NO_ARGUMENT if argument.strip() else event
    )


def _of(feature: str, parse: Callable[[bytes], Command | Reply]) -> Parser:
    """The parser of a command that `feature` brings."""
    return lambda line, argument, features: (
        parse(argument) if feature in features else status.NOT_IMPLEMENTED
    )


def _before_utf8(argument: bytes) -> bytes | None:
    """What stands before a closing SMTPUTF8, None without one."""
    before, blank, last = argument.rstrip().rpartition(b" ")
    return before.rstrip() if blank and last.upper() == b"SMTPUTF8" else None


def _decoded(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None


# verb: what reads (line, argument, features); the verbs of TRANSITIONS
PARSERS: dict[bytes, Parser] = {
    b"EHLO": _hello,
    b"HELO": _hello,
    b"MAIL": _mail,
    b"RCPT": _rcpt,
    b"DATA": _bare(DataCommand()),
    b"BDAT": _chunk,
    b"RSET": _bare(Reset()),
    b"QUIT": _bare(Quit()),
    b"STARTTLS": _bare(StartTls()),
    b"AUTH": _auth,
    b"NOOP": lambda line, argument, features: Noop(),
    b"VRFY": _verify,
    b"HELP": _help,
    b"XMRG": _merge_mail,
    b"XDFN": _of(merge.FEATURE, merge.define),
    b"XPRT": _of(merge.FEATURE, merge.part),
    b"XACK": _of(merge.FEATURE, merge.acknowledge),
    b"XCLIENT": _of(xclient.FEATURE, xclient.read),
}

# verb: what has to be served for it
FEATURES: dict[bytes, str] = {
    b"BDAT": "CHUNKING",
    b"XMRG": merge.FEATURE,
    b"XDFN": merge.FEATURE,
    b"XPRT": merge.FEATURE,
    b"XACK": merge.FEATURE,
    b"XCLIENT": xclient.FEATURE,
}
