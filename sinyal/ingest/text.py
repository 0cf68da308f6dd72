"""A batch's body as lines: decompressed with a ceiling, cut without copying."""

import io
import zlib
from collections.abc import Iterator

# The sender's files hold 4 MB of text and the API takes 5 MB of gzip.
TEXT_OCTETS = 64 * 1024 * 1024

GZIP = 16 + zlib.MAX_WBITS

# Each member is cut off the octets that follow it, at the cost of a copy of them.
MOST_MEMBERS = 256


def decompress(body: bytes, ceiling: int = TEXT_OCTETS) -> bytes | None:
    """The text of a gzip body of one or more members (RFC 1952 2.2).

    None when it is not whole gzip, holds more than `ceiling` octets or has more than
    `MOST_MEMBERS` members; memory stays below the ceiling whatever the body claims.
    """
    parts: list[bytes] = []
    left, rest = ceiling, body
    while rest or not parts:
        member = zlib.decompressobj(GZIP)
        try:
            text = member.decompress(rest, left + 1)
        except zlib.error:
            return None
        if len(text) > left or not member.eof or len(parts) == MOST_MEMBERS:
            return None
        left -= len(text)
        parts.append(text)
        rest = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def lines(text: bytes) -> Iterator[bytes]:
    """The lines that are not blank, without their ends, one at a time."""
    for line in io.BytesIO(text):
        if stripped := line.strip():
            yield stripped
