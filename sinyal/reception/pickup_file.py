"""A file of the pickup directory as text; guide 7.2, rules PICK-2, PICK-3.

Two forms: header lines in front of a message, or the commands of a batch of SMTP. Lines
may end in LF or CRLF; the message has CRLF. A bare CR is refused, as over SMTP.
"""

import msgspec
import regex as re

from sinyal.mail.job import safe_job_id
from sinyal.smtp.address import MAILBOX, has_bad_domain

MAX_JOB_ID = 998  # characters, as of X-Job
MAX_ENV_ID = 100  # characters; RFC 3461 4.4
BATCH = re.compile(rb"(?i:HELO|EHLO|MAIL|XMRG|XACK)[ \t]")
FIRST = re.compile(rb"(?i:x-sender)[ \t]*+:")
LINE = re.compile(
    rb"(?i:(x-(?:sender(?:-override)?|receiver|envid|job)))[ \t]*+:([^\r\n]*+)\r\n"
)
SINGLE = (b"x-envid", b"x-job")
ADDRESS = re.compile(MAILBOX)


class BadFile(ValueError):
    """Why a file is not mail, for the operator."""


class Letter(msgspec.Struct, frozen=True):
    """A file of the header form: its envelope as it stands there, and the message."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes
    env_id: str = ""
    job_id: str = ""


class Commands(msgspec.Struct, frozen=True):
    """A file of the batch form: every line ends in CRLF."""

    octets: bytes


def read(octets: bytes, *, removes_dot: bool = False) -> Letter | Commands:
    """What a file holds. Errors: `BadFile`.

    `removes_dot`: of two dots at the start of a line of the message one is removed.
    """
    if not octets:
        raise BadFile("the file is empty")
    is_batch = bool(BATCH.match(octets))
    if not is_batch and not FIRST.match(octets):
        raise BadFile("the first line is no x-sender line and no command of a batch")
    lines = _lines(octets)
    return Commands(lines) if is_batch else _letter(lines, removes_dot=removes_dot)


def _lines(octets: bytes) -> bytes:
    """The octets with CRLF at the end of every line, the last one too."""
    plain = octets.replace(b"\r\n", b"\n")
    if b"\r" in plain:
        raise BadFile("there is a CR without LF")
    return (plain if plain.endswith(b"\n") else plain + b"\n").replace(b"\n", b"\r\n")


def _letter(lines: bytes, *, removes_dot: bool) -> Letter:
    said: dict[bytes, list[str]] = {}
    at = 0
    while line := LINE.match(lines, at):
        if line[1].lower() in said and line[1].lower() in SINGLE:
            break  # the message has one of its own
        at = line.end()
        try:
            said.setdefault(line[1].lower(), []).append(line[2].decode().strip())
        except UnicodeDecodeError:
            raise BadFile(f"{line[1].decode()} is not UTF-8") from None
    for name, values in said.items():
        if len(values) > 1 and name != b"x-receiver":
            raise BadFile(f"there is more than one {name.decode()} line")
    receivers = said.get(b"x-receiver", [])
    if not receivers:
        raise BadFile("there is no x-receiver line")
    if at == len(lines):
        raise BadFile("there is no message behind the x- lines")
    senders = said.get(b"x-sender-override") or said.get(b"x-sender") or [""]
    content = lines[at:]
    return Letter(
        mail_from=_address("x-sender", senders[0]),
        recipients=tuple(_receiver(one) for one in receivers),
        content=_without_dots(content) if removes_dot else content,
        env_id=_env_id(said.get(b"x-envid", [""])[0]),
        job_id=safe_job_id(said.get(b"x-job", [""])[0])[:MAX_JOB_ID],
    )


def _without_dots(content: bytes) -> bytes:
    """The content with one dot for two at the start of a line, others as they are."""
    plain = content.replace(b"\r\n..", b"\r\n.")
    return plain[1:] if plain.startswith(b"..") else plain


def _receiver(text: str) -> str:
    if not text.strip("<> "):
        raise BadFile("x-receiver is empty")
    return _address("x-receiver", text)


def _address(name: str, text: str) -> str:
    plain = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if not plain:
        return ""
    if not ADDRESS.fullmatch(plain.encode()) or has_bad_domain(plain):
        raise BadFile(f'{name} "{plain[:100]}" is no address')
    return plain


def _env_id(text: str) -> str:
    if len(text) > MAX_ENV_ID or not (text.isascii() and text.isprintable()):
        raise BadFile(f"x-envid is longer than {MAX_ENV_ID} or not plain ASCII")
    return text
