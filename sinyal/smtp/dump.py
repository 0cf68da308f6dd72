"""Octets as people read them: 16 to a line, hex beside ASCII; guide 3.3.7.62."""

from collections.abc import Iterator

LINE_OCTETS = 16


def dump(octets: bytes) -> Iterator[str]:
    """A line of text for every 16 octets; what is no printable ASCII shows as a dot."""
    for start in range(0, len(octets), LINE_OCTETS):
        part = octets[start : start + LINE_OCTETS]
        text = "".join(chr(one) if 32 <= one < 127 else "." for one in part)
        yield f"{part.hex(' '):<{3 * LINE_OCTETS - 1}}  {text}"
