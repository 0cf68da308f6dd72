"""The parts of a message by offsets: nothing is copied, nothing is rebuilt.

One pass over the lines that begin with two hyphens finds every part at any depth, so
the time is linear in the message however it nests. Source: RFC 2045, 2046, 2183.
"""

import binascii
from collections.abc import Iterator
from itertools import islice

import msgspec
import regex as re

from sinyal.mail import header
from sinyal.mail.header import Field

HYPHENS = re.compile(rb"--(?<![^\n]--)([^\n]*+)\n?")
MEDIA_TYPE = re.compile(r"\s*+([^\s;/]++)\s*+/\s*+([^\s;]++)")
PARAMETER = re.compile(
    r';\s*+([^\s=;]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)|([^\s;]*+))',
    re.DOTALL,
)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
BASE64 = re.compile(rb"[A-Za-z0-9+/]*+={0,2}")
BLANKS = b" \t\r\n"
MAX_PARTS = 1000  # what comes behind them is not looked at: 15 us a part
MAX_DEPTH = 32  # multiparts inside each other; deeper ones are taken as plain parts


class Part(msgspec.Struct, frozen=True, gc=False):
    """A part that has no parts of its own; offsets are those of the whole message.

    `start` to `body_start` is its header, `body_start` to `end` its encoded body.
    `within` are the types of the multiparts around it, outermost first. Types,
    `encoding`, `disposition` and `charset` are in lower case.
    """

    content_type: str
    encoding: str
    disposition: str
    charset: str
    start: int
    body_start: int
    end: int
    within: tuple[str, ...] = ()


class _Open(msgspec.Struct):
    """A multipart whose end has not been seen."""

    boundary: bytes
    within: tuple[str, ...]
    default_type: str


def parameters(value: str) -> dict[str, str]:
    """The parameters of a structured value, names in lower case; the first one wins."""
    found: dict[str, str] = {}
    for name, quoted, plain in PARAMETER.findall(value):
        found.setdefault(name.lower(), plain or ESCAPE.sub(r"\1", quoted))
    return found


def media_type(value: str, default: str = "text/plain") -> str:
    """`type/subtype` in lower case; RFC 2045 5.2 gives the default."""
    found = MEDIA_TYPE.match(value)
    return f"{found[1]}/{found[2]}".lower() if found else default


def walk(content: bytes, start: int = 0, end: int | None = None) -> list[Part]:
    """All parts without parts, in order, the first `MAX_PARTS` where there are more.

    A message without MIME is one part.
    """
    found = _Walk(content, len(content) if end is None else end).parts(start)
    return list(islice(found, MAX_PARTS))


def body(content: bytes, part: Part) -> bytes:
    """The part's body with its transfer encoding undone; what cannot be is left out."""
    octets = content[part.body_start : part.end]
    if part.encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    if part.encoding == "base64":
        plain = unfolded_base64(octets)
        return octets if plain is None else binascii.a2b_base64(plain)
    return octets


def text(content: bytes, part: Part) -> str:
    """The part's body as text; a wrong or unknown charset gives replacement marks."""
    octets = body(content, part)
    if part.charset in header.CHARSETS:
        return octets.decode(part.charset, "replace")
    return header.text(octets)


def unfolded_base64(octets: bytes) -> bytes | None:
    """The base64 text without line ends, or None if it is not clean; RFC 2045 6.8."""
    plain = octets.translate(None, BLANKS)
    return plain if len(plain) % 4 == 0 and BASE64.fullmatch(plain) else None


class _Walk:
    """One pass over the delimiter lines, holding the stack of open multiparts."""

    def __init__(self, content: bytes, end: int) -> None:
        self._content = content
        self._end = end
        self._stack: list[_Open] = []
        self._depths: dict[bytes, int] = {}

    def parts(self, start: int) -> Iterator[Part]:
        part_at = start  # -1 while in a preamble or an epilogue
        lines = HYPHENS.finditer(self._content, start, self._end)
        line = next(lines, None)
        while part_at >= 0 or line:
            if part_at >= 0:
                # A header cannot reach beyond the next line that may be a delimiter.
                reach = line.start() if line else self._end
                leaf = self._begin(part_at, reach)
                while line and line.start() < (leaf.body_start if leaf else 0):
                    line = next(lines, None)
            else:
                leaf = None
            line, depth, is_last = self._next_delimiter(lines, line)
            if leaf:
                yield self._ended(leaf, line)
            if line is None:
                return
            self._close_above(depth, is_last)
            part_at = -1 if is_last else line.end()
            line = next(lines, None)

    def _begin(self, start: int, reach: int) -> Part | None:
        """The part that begins at `start`, or None if it is a multipart, now open."""
        head = header.split(self._content, start, reach)
        found = header.fields(self._content, start, reach)
        value = _text_of(found, b"Content-Type")
        around = self._stack[-1] if self._stack else None
        within = around.within if around else ()
        kind = media_type(value, around.default_type if around else "text/plain")
        named = parameters(value)
        boundary = named.get("boundary", "").encode("latin-1", "replace").rstrip()
        if kind.startswith("multipart/") and boundary and len(within) < MAX_DEPTH:
            inside = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            self._depths[boundary] = len(self._stack)
            self._stack.append(_Open(boundary, (*within, kind), inside))
            return None
        return Part(
            content_type=kind,
            encoding=_text_of(found, b"Content-Transfer-Encoding").strip().lower(),
            disposition=_word(_text_of(found, b"Content-Disposition")),
            charset=named.get("charset", "").lower(),
            start=start,
            body_start=head.body_start,
            end=self._end,
            within=within,
        )

    def _next_delimiter(
        self, lines: Iterator[re.Match[bytes]], line: re.Match[bytes] | None
    ) -> tuple[re.Match[bytes] | None, int, bool]:
        """The next line that delimits an open multipart, its depth, is it the last."""
        while line:
            mark = line[1].rstrip(b" \t\r")
            if (depth := self._depths.get(mark)) is not None:
                return line, depth, False
            if mark.endswith(b"--"):
                depth = self._depths.get(mark[:-2])
                if depth is not None:
                    return line, depth, True
            line = next(lines, None)
        return None, 0, False

    def _ended(self, leaf: Part, line: re.Match[bytes] | None) -> Part:
        """The part with its end: the line end before a delimiter is not its own."""
        end = line.start() if line else self._end
        if line:
            end -= self._content.endswith(b"\n", leaf.body_start, end)
            end -= self._content.endswith(b"\r", leaf.body_start, end)
        return msgspec.structs.replace(leaf, end=max(end, leaf.body_start))

    def _close_above(self, depth: int, is_last: bool) -> None:
        keep = depth if is_last else depth + 1
        del self._stack[keep:]
        self._depths = {one.boundary: at for at, one in enumerate(self._stack)}


def _text_of(found: list[Field], name: bytes) -> str:
    field = header.named(found, name)
    return field.value.decode("latin-1") if field else ""


def _word(value: str) -> str:
    return value.partition(";")[0].strip().lower()
