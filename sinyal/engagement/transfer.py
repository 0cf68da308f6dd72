"""Edits applied through a transfer encoding: only the edited lines change.

Source: RFC 2045 6.7 (quoted-printable), 6.8 (base64), RFC 5321 4.5.3.1.6.
"""

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from sinyal.engagement.page import Edit
from sinyal.mail import mime

Find = Callable[[bytes], Sequence[Edit]]

MAX_LINE = 998  # octets without CRLF
MAX_ENCODED_LINE = 76  # octets without CRLF, quoted-printable and base64
ESCAPED = re.compile(rb"=([0-9A-Fa-f]{2})|=[ \t]*+\r?\n")
QUOTED = re.compile(rb"[^ -<>-~]")
SOFT_BREAK = b"=\r\n"


def plain(octets: bytes, find: Find) -> bytes:
    """The edited body of a 7bit, 8bit or binary part.

    A line that the edits would push over the limit is broken inside the edited tag.
    """
    pieces: list[bytes] = []
    at = line_start = grown = 0
    line_end = -1
    for edit in find(octets):
        if edit.start > line_end:
            line_start = max(octets.rfind(b"\n", at, edit.start) + 1, at)
            line_end, grown = _line_end(octets, edit.end), 0
        was = line_end - line_start
        grown += len(edit.octets) - (edit.end - edit.start)
        if edit.octets and was <= MAX_LINE < was + grown:
            new = (octets[edit.before : edit.start], edit.octets)
            tail = octets[edit.end : edit.after]
            pieces += (octets[at : edit.before], b"\r\n", *new, tail, b"\r\n")
            at = line_start = edit.after
            grown = 0
        else:
            pieces += (octets[at : edit.start], edit.octets)
            at = edit.end
    return b"".join((*pieces, octets[at:]))


def base64(octets: bytes, find: Find) -> bytes:
    """The edited body of a base64 part, re-folded; as it was if it is not clean."""
    text = mime.unfolded_base64(octets)
    if text is None:
        return octets
    decoded = binascii.a2b_base64(text)
    pieces: list[bytes] = []
    at = 0
    for edit in find(decoded):
        pieces += (decoded[at : edit.start], edit.octets)
        at = edit.end
    edited = binascii.b2a_base64(b"".join((*pieces, decoded[at:])), newline=False)
    width = MAX_ENCODED_LINE
    lines = [edited[at : at + width] for at in range(0, len(edited), width)]
    return b"\r\n".join(lines) + (b"\r\n" if octets.endswith(b"\n") else b"")


def quoted_printable(octets: bytes, find: Find) -> bytes:
    """The edited body of a quoted-printable part; soft breaks keep lines short."""
    source = _Encoded(octets)
    out = _Lines()
    at, line_end = 0, -1
    for edit in find(source.decoded):
        start = max(at, source.end_before(edit.start))
        out.copy(octets[at:start])
        at = max(start, source.start_of(edit.end))
        if at > line_end:
            line_end = _line_end(octets, at)
        out.put(QUOTED.sub(_quote, edit.octets), line_end - at)
    out.copy(octets[at:])
    return b"".join(out.pieces)


# Content-Transfer-Encoding: how its body is edited
EDITORS: dict[str, Callable[[bytes, Find], bytes]] = {
    "": plain,
    "7bit": plain,
    "8bit": plain,
    "binary": plain,
    "base64": base64,
    "quoted-printable": quoted_printable,
}


class _Encoded:
    """A quoted-printable body, decoded, and where each decoded octet stands in it."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._from: list[int] = [0]  # decoded offsets from which a shift holds
        self._shifts: list[int] = [0]  # encoded offset minus decoded offset
        pieces: list[bytes] = []
        at = shift = 0
        for escape in ESCAPED.finditer(octets):
            pieces.append(octets[at : escape.start()])
            if escape[1]:
                pieces.append(bytes.fromhex(escape[1].decode()))
            at = escape.end()
            shift += at - escape.start() - bool(escape[1])
            self._from.append(at - shift)
            self._shifts.append(shift)
        self.decoded = b"".join((*pieces, octets[at:]))

    def start_of(self, offset: int) -> int:
        """Where the octet at a decoded offset begins; soft breaks are before it."""
        return offset + self._shifts[bisect_right(self._from, offset) - 1]

    def end_before(self, offset: int) -> int:
        """Where the octet before a decoded offset ends; soft breaks are after it."""
        if not offset:
            return 0
        start = self.start_of(offset - 1)
        escape = ESCAPED.match(self._octets, start)
        return escape.end() if escape and escape[1] else start + 1


class _Lines:
    """Quoted-printable text as it is written, with the length of its last line."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._column = 0

    def copy(self, octets: bytes) -> None:
        """Octets that are encoded already."""
        if not octets:
            return
        if octets.endswith(b"="):  # a bare "=": as an escape it survives a soft break
            octets = octets[:-1] + b"=3D"
        line_at = octets.rfind(b"\n") + 1
        self._column = len(octets) - line_at + (0 if line_at else self._column)
        self.pieces.append(octets)

    def put(self, octets: bytes, rest: int) -> None:
        """Octets that replace others; `rest` more follow them on the same line."""
        if self._column + len(octets) + rest <= MAX_ENCODED_LINE:
            self.copy(octets)
            return
        self._break()
        at = 0
        while self._column + len(octets) - at > MAX_ENCODED_LINE - 1:
            end = at + MAX_ENCODED_LINE - 1 - self._column
            escape = octets.rfind(b"=", end - 2, end)  # would be cut in two
            end = end if escape < 0 else escape
            self.pieces += (octets[at:end], SOFT_BREAK)
            at, self._column = end, 0
        self.copy(octets[at:])
        if self._column + rest > MAX_ENCODED_LINE:
            self._break()

    def _break(self) -> None:
        if not self._column:
            return
        # A full line has no room for the break's "=": its last character moves down.
        last = self.pieces.pop() if self._column >= MAX_ENCODED_LINE else b""
        keep = len(last) - (3 if last[-3:-2] == b"=" else 1) if last else 0
        self.pieces += (last[:keep], SOFT_BREAK, last[keep:])
        self._column = len(last) - keep


def _line_end(octets: bytes, start: int) -> int:
    found = octets.find(b"\n", start)
    end = len(octets) if found < 0 else found
    return end - octets.endswith(b"\r", start, end)


def _quote(found: re.Match[bytes]) -> bytes:
    return b"=%02X" % found[0][0]
