"""The header of a message by offsets: found, read, removed, inserted, never rebuilt.

Lines may end in CRLF or in LF alone; a line that is no field is passed over. Every
pattern is possessive, so the time is linear in the header whatever it holds.
Source: RFC 5322 2.2, RFC 2047.
"""

import binascii
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import msgspec

GAP = re.compile(rb"\n\r?\n")
EMPTY_LINE = re.compile(rb"\r?\n")
FIELD = re.compile(
    rb"(?:([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)|[^\n]++)\n?|\n"
)
LINE_END = re.compile(rb"\r?\n")
ENCODED_WORD = re.compile(rb"=\?([^?\s]++)\?([bBqQ])\?([^?]*+)\?=")
BLANK = re.compile(rb"\s*+")

# Charsets that are decoded; the rest of Python's codecs are no mail charsets, and some
# (punycode, idna) take quadratic time. IANA character sets.
CHARSETS = frozenset({
    *("utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be"),
    *("gb2312", "gbk", "gb18030", "big5", "ks_c_5601-1987", "euc-kr", "iso-2022-kr"),
    *("euc-jp", "iso-2022-jp", "shift_jis", "koi8-r", "koi8-u", "tis-620"),
    *("macintosh", "cp850", "cp866", "windows-874"),
    *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),  # 12 never came
    *(f"windows-125{part}" for part in range(9)),
})
CODECS = {"windows-874": "cp874"}  # those that Python calls by another name


class Split(NamedTuple):
    """`header_end` is after the last field's line end, `body_start` after the gap."""

    header_end: int
    body_start: int


class Field(msgspec.Struct, frozen=True, gc=False):
    """One field: `content[start:end]` is all of it with its line end.

    `name` is as written; `value` is unfolded and without blanks at its ends.
    """

    name: bytes
    start: int
    end: int
    value: bytes


def split(content: bytes, start: int = 0, end: int | None = None) -> Split:
    """Where the header of `content[start:end]` ends and where its body begins."""
    stop = len(content) if end is None else end
    if gap := EMPTY_LINE.match(content, start, stop):
        return Split(start, gap.end())
    gap = GAP.search(content, start, stop)
    return Split(gap.start() + 1, gap.end()) if gap else Split(stop, stop)


def matches(content: bytes) -> Iterator[re.Match[bytes]]:
    """All fields in order as matches: [1] is the name, [2] the value as it stands.

    For a reader that wants few of the values: `unfold` those.
    """
    for found in FIELD.finditer(content, 0, split(content).header_end):
        if found[1] is not None:
            yield found


def fields(content: bytes, start: int = 0, end: int | None = None) -> list[Field]:
    """All fields of the header in order."""
    stop = split(content, start, end).header_end
    return list(_scan(content, start, stop))


def _scan(content: bytes, start: int, stop: int) -> Iterator[Field]:
    for found in FIELD.finditer(content, start, stop):
        if found[1] is not None:
            yield Field(found[1], found.start(), found.end(), unfold(found[2]))


def named(found: list[Field], name: bytes) -> Field | None:
    """The first of `found` with that name in any case, or None."""
    wanted = name.lower()
    return next((one for one in found if one.name.lower() == wanted), None)


def first(content: bytes, name: bytes) -> bytes | None:
    """The value of the first field of that name, unfolded, or None."""
    found = _pattern(name).search(content, 0, split(content).header_end)
    return unfold(found[1]) if found else None


@cache
def _pattern(name: bytes) -> re.Pattern[bytes]:
    folded = rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)"
    return re.compile(rb"^" + re.escape(name) + folded, re.IGNORECASE | re.MULTILINE)


def remove(content: bytes, name: bytes) -> bytes:
    """The content without any field of that name, all other octets as they were."""
    wanted = name.lower()
    kept, at = [], 0
    for field in fields(content):
        if field.name.lower() == wanted:
            kept.append(content[at : field.start])
            at = field.end
    return b"".join((*kept, content[at:])) if kept else content


def insert(content: bytes, at: int, octets: bytes) -> bytes:
    """The content with `octets` put in before offset `at`."""
    return b"".join((content[:at], octets, content[at:]))


def unfold(value: bytes) -> bytes:
    """The value on one line, without blanks at its ends; RFC 5322 2.2.3."""
    if b"\n" in value:
        value = LINE_END.sub(b"", value)
    return value.strip()


def text(octets: bytes) -> str:
    """The octets as text: UTF-8 where it is, otherwise Latin-1; never an error."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def decode(value: bytes) -> str:
    """The value as people read it, encoded words undone; RFC 2047.

    Errors: an unknown charset or broken encoding leaves replacement characters, or the
    word as it was.
    """
    if b"=?" not in value:
        return text(value)
    pieces: list[tuple[str, bytes]] = []  # charset ("" outside encoded words), octets
    at = 0
    for word in ENCODED_WORD.finditer(value):
        gap = value[at : word.start()]
        if gap and not (at and pieces[-1][0] and BLANK.fullmatch(gap)):
            pieces.append(("", gap))
        _append_word(pieces, word)
        at = word.end()
    pieces.append(("", value[at:]))
    return "".join(_as_text(charset, octets) for charset, octets in pieces)


def _append_word(pieces: list[tuple[str, bytes]], word: re.Match[bytes]) -> None:
    # A character may be cut between two words of one charset: join before decoding.
    charset = word[1].partition(b"*")[0].decode("latin-1").lower()
    octets = _undo(word[2], word[3])
    if octets is None or charset not in CHARSETS:
        pieces.append(("", word[0]))
    elif pieces and pieces[-1][0] == charset:
        pieces[-1] = (charset, pieces[-1][1] + octets)
    else:
        pieces.append((charset, octets))


def _undo(encoding: bytes, octets: bytes) -> bytes | None:
    if encoding in b"qQ":
        return binascii.a2b_qp(octets, header=True)
    try:
        return binascii.a2b_base64(octets + b"=" * (-len(octets) % 4))
    except binascii.Error:
        return None


def _as_text(charset: str, octets: bytes) -> str:
    if not charset:
        return text(octets)
    return octets.decode(CODECS.get(charset, charset), "replace")


def encode(value: str) -> bytes:
    """The text as a field value: plain ASCII, or folded UTF-8 encoded words; RFC 2047.

    Shape: no word is longer than 75 octets and no character is cut.
    """
    if value.isascii() and value.isprintable() and "=?" not in value:
        return value.encode()
    words, chunk = [], b""
    for character in value:
        octets = character.encode("utf-8", "replace")
        if len(chunk) + len(octets) > 42:
            words.append(chunk)
            chunk = b""
        chunk += octets
    words.append(chunk)
    return b"\r\n ".join(
        b"=?utf-8?b?%s?=" % binascii.b2a_base64(word, newline=False) for word in words
    )
