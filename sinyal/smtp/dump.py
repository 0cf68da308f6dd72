"""Octets and texts of peers as a log shows them; guide 3.3.7.62."""

from collections.abc import Iterator

import regex as re

LINE_OCTETS = 16
MAX_LINE = 1_000  # characters of a command or reply
# A private key that a feeder hands over in its header (HDR-1), to the field's end.
DKIM_KEY = re.compile(
    rb"(?im)^(X-DKIM-Key[ \t]*+:)[^\r\n]*+(?:\r\n[ \t][^\r\n]*+)*+", re.ASCII
)


def dump(octets: bytes) -> Iterator[str]:
    """A line for every 16 octets, hex beside ASCII; a dot for what is no such."""
    for start in range(0, len(octets), LINE_OCTETS):
        part = octets[start : start + LINE_OCTETS]
        text = "".join(chr(one) if 32 <= one < 127 else "." for one in part)
        yield f"{part.hex(' '):<{3 * LINE_OCTETS - 1}}  {text}"


def keyless(octets: bytes) -> bytes:
    """`octets` with stars for a private key in a header."""
    return DKIM_KEY.sub(rb"\1 ***", octets)


def printable(text: str) -> str:
    """The text in one line, controls and the like as `\\x1b`, long ones cut short."""
    if len(text) > MAX_LINE:
        text = f"{text[:MAX_LINE]}... ({len(text)} characters)"
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
