"""What bounce and complaint reports share: multipart/report; RFC 6522, RFC 3464 2.1.

A report is read as peers really write it: blocks of fields however separated, any part
order, the original as a message or as headers alone, folded and encoded at will.
"""

import hashlib

import msgspec

from sinyal.mail import header, mime, trace
from sinyal.mail.header import Field

# Types of the part that returns the original, whole or its headers alone.
ORIGINALS = frozenset({
    *("message/rfc822", "message/global", "text/rfc822-headers"),
    *("text/rfc822", "message/rfc822-headers", "message/global-headers"),
})
MAX_BLOCKS = 1000  # blocks read from one report, empty ones included


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a report that is built. Units: `at` epoch seconds.

    `unique` and `host` make the Message-ID; `host` also signs the boundary.
    """

    sender: str
    rcpt: str
    subject: str
    at: float
    unique: str
    host: str
    text: str


def blocks(content: bytes, kinds: frozenset[str]) -> list[list[Field]] | None:
    """The blocks of fields of the first part of one of the kinds, or None."""
    for part in mime.walk(content):
        if part.content_type in kinds:
            return _blocks(mime.body(content, part))
    return None


def _blocks(octets: bytes) -> list[list[Field]]:
    found: list[list[Field]] = []
    at = 0
    for _ in range(MAX_BLOCKS):
        split = header.split(octets, at)
        if block := header.fields(octets, at, split.body_start):
            found.append(block)
        at = split.body_start
    return found


def returned_header(content: bytes) -> bytes:
    """The header of the original that a report returns, or b""."""
    for part in mime.walk(content):
        if part.content_type in ORIGINALS:
            octets = mime.body(content, part).lstrip(b"\r\n")
            return octets[: header.split(octets).header_end]
    return b""


def value(block: list[Field], name: bytes) -> str:
    """The first value of that name, decoded, or ""."""
    field = header.named(block, name)
    return header.decode(field.value) if field else ""


def untyped(text: str) -> str:
    """What stands after the type of `rfc822; user@host`, without angle brackets."""
    kind, mark, rest = text.partition(";")
    return (rest if mark else kind).strip().strip("<>")


def build(frame: Frame, report_type: str, fields: str, original: bytes) -> bytes:
    """A multipart/report of the text, the machine's part and the original.

    `report_type` is `delivery-status` or `feedback-report`; `original` is returned as
    a message if it has a body, as headers otherwise.
    """
    mark = hashlib.sha256(fields.encode() + original).hexdigest()[:8]
    boundary = f"report{mark}@{frame.host}"
    head = (
        f"From: {frame.sender}\r\nTo: {frame.rcpt}\r\n"
        f"Subject: {header.encode(frame.subject).decode()}\r\n"
    ).encode()
    kind = (
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type="{report_type}";\r\n'
        f'\tboundary="{boundary}"\r\n\r\n'
    ).encode()
    stamps = trace.date_field(frame.at) + trace.message_id_field(
        frame.unique, frame.host
    )
    text = frame.text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    split = header.split(original)
    original_type = (
        b"message/rfc822"
        if split.body_start > split.header_end
        else b"text/rfc822-headers"
    )
    parts = (
        (b"text/plain; charset=utf-8", text + b"\r\n"),
        (b"message/" + report_type.encode(), fields.encode()),
        (original_type, original),
    )
    delimiter = b"--" + boundary.encode()
    body = b"\r\n".join(_part(delimiter, *part) for part in parts)
    return b"".join((head, stamps, kind, body, b"\r\n", delimiter, b"--\r\n"))


def _part(delimiter: bytes, kind: bytes, octets: bytes) -> bytes:
    encoding = b"7bit" if octets.isascii() else b"8bit"
    return b"%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (
        delimiter,
        kind,
        encoding,
        octets,
    )


def lines(*rows: tuple[str, str]) -> str:
    """Fields with values, each on its line; one without a value is left out."""
    return "".join(
        f"{name}: {' '.join(text.split())}\r\n" for name, text in rows if text
    )
