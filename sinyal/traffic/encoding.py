"""A part of a message in one of the transfer encodings; RFC 2045 6."""

import binascii
import textwrap
from enum import Enum


class Encoding(Enum):
    """The value is the field's."""

    EIGHT_BIT = "8bit"
    QUOTED = "quoted-printable"
    BASE64 = "base64"
    SEVEN_BIT = "7bit"


ENCODINGS = tuple(Encoding)
MOST_COLUMNS = 400  # a line of at most 998 octets even if every character takes two


def encode(kind: str, text: str, encoding: Encoding) -> bytes:
    """The part's header and body with CRLF line ends; `text` has LF alone."""
    charset = "us-ascii" if encoding is Encoding.SEVEN_BIT else "utf-8"
    head = (
        f"Content-Type: text/{kind}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding.value}\r\n\r\n"
    )
    octets = _wrapped(text).encode(charset, "xmlcharrefreplace")
    octets = octets.replace(b"\n", b"\r\n")
    return head.encode() + _apply(octets, encoding)


def _wrapped(text: str) -> str:
    """The text with its long lines broken at blanks, which a page does not mind."""
    return "\n".join(
        line if len(line) <= MOST_COLUMNS else textwrap.fill(line, MOST_COLUMNS)
        for line in text.split("\n")
    )


def _apply(octets: bytes, encoding: Encoding) -> bytes:
    if encoding is Encoding.QUOTED:
        return binascii.b2a_qp(octets, istext=True)
    if encoding is Encoding.BASE64:
        step = 57  # 76 columns
        starts = range(0, len(octets), step)
        lines = [binascii.b2a_base64(octets[at : at + step])[:-1] for at in starts]
        return b"\r\n".join([*lines, b""])
    return octets
