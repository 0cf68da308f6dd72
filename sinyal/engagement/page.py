"""What is changed in one HTML page: pixels, wrapped links, removed attributes.

The page is not parsed into a tree: one pattern passes over it as a browser's tokenizer
would, and stops at the few tags that matter. Every alternative succeeds, consuming to
the end if it is never closed, and every repetition is possessive: linear on any octets.
Source: seed (engagement tracking), HTML Living Standard 13.2.5.
"""

import html
from collections.abc import Iterator
from urllib.parse import quote

import msgspec
import regex as re

from sinyal.engagement.links import LinkMaker
from sinyal.mail import header

_VALUE = rb"""=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+"""
_REST = rb"(?:[^>=]++|" + _VALUE + rb")*+(?:>|\Z)"

# Elements whose content is text. Each is spelt out: Python 3.11 fails on a group that
# is captured and referred to inside a possessive repetition.
_RAW = b"".join(
    rb"|<%s(?=[\s/>])(?:.*?</%s|.*\Z)" % (name, name)
    for name in (
        *(b"script", b"style", b"title", b"textarea"),
        *(b"xmp", b"iframe", b"noembed", b"noframes"),
    )
)
_PASSED = (
    rb"[^<]++"
    rb"|<!--(?:-?>|.*?--!?>|.*\Z)"
    rb"|<[!?][^>]*+(?:>|\Z)"
    + _RAW
    + rb"|<(?!/?body[\s/>]|a(?:rea)?[\s/])/?[a-z]"
    + _REST
    + rb"|<(?!/?[a-z]|[!?])"
)
TOKEN = re.compile(
    rb"(?:" + _PASSED + rb")*+"
    rb"(?:<(a|area|body)(?=[\s/>])(" + _REST + rb")|(</body(?=[\s/>]))|\Z)",
    re.IGNORECASE | re.DOTALL,
)
ATTRIBUTE = re.compile(
    rb"""[\s/]*+(?:([^\s/>=]++)(?:\s*+=\s*+"""
    rb"""(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))?+)?+|.|\Z)""",
    re.DOTALL,
)
ENTITY = re.compile(
    r"&(?:#(?:\d{1,7}|[xX][\da-fA-F]{1,6});?|[A-Za-z][A-Za-z\d]{1,31};"
    r"|(?:amp|lt|gt|quot)(?![=A-Za-z\d]))",
    re.ASCII,
)
TARGET = re.compile(r"https?://[\w.:~\[\]-]+(?:[/?#][^\\]*)?", re.ASCII | re.IGNORECASE)
ENDS = "".join(map(chr, range(33)))  # what browsers strip from a URL's ends
WITHIN = str.maketrans("", "", "\t\r\n")  # and drop inside
KEPT = "".join(map(chr, range(33, 127))).translate(str.maketrans("", "", '"<>`'))
PLAIN_URL = re.compile(r"[!#-;=?-_a-~]*")  # nothing but the characters kept

MAX_TARGET = 4096  # octets; longer links are not tracked, API (click tracking)
MAX_NAME = 63  # octets; API (data-msys-linkname)

# Attributes that speak to us and are removed before sending: API (click tracking)
CLICK_TRACK = b"data-msys-clicktrack"
LINK_NAMES = frozenset({b"data-msys-linkname", b"data-msys-link-name"})
OURS = LINK_NAMES | {CLICK_TRACK, b"data-msys-unsubscribe", b"data-msys-sublink"}

# The top pixel hides in a block of no height; the bottom one stands by itself.
HEAD_PIXEL = (
    '<div style="height:0;overflow:hidden">'
    '<img src="{}" width="1" height="1" border="0"></div>'
)
FOOT_PIXEL = '<img src="{}" width="1" height="1" border="0" alt="">'


class Edit(msgspec.Struct, frozen=True, gc=False):
    """Octets `start` to `end` become `octets`.

    A line may be broken at `before` and at `after` without a change of meaning.
    """

    start: int
    end: int
    octets: bytes
    before: int
    after: int


def edits(page: bytes, links: LinkMaker, has_pixels: bool = True) -> list[Edit]:
    """All edits of a page in order, none overlapping another."""
    found: list[Edit] = []
    top, bottom = -1, len(page)
    for token in TOKEN.finditer(page):
        if token[3]:
            bottom = token.start(3)
        elif token[1] and token[2].endswith(b">"):
            if token[1].lower() != b"body":
                found += _anchor(page, token.start(2), token.end(2) - 1, links)
            elif top < 0:
                top = token.end()
    if has_pixels:
        if top >= 0:
            url = links.pixel("initial_open")
            found.append(_insertion(top, HEAD_PIXEL, url))
        found.append(_insertion(bottom, FOOT_PIXEL, links.pixel("open")))
    return sorted(found, key=lambda edit: edit.start)


def _insertion(at: int, markup: str, url: str) -> Edit:
    return Edit(at, at, markup.format(html.escape(url)).encode(), at, at)


def _anchor(page: bytes, start: int, end: int, links: LinkMaker) -> Iterator[Edit]:
    """The edits of one tag whose attributes lie between the offsets."""
    href: re.Match[bytes] | None = None
    name, is_tracked = "", True
    for attribute in ATTRIBUTE.finditer(page, start, end):
        word = (attribute[1] or b"").lower()
        if word == b"href":
            href = href or attribute
        elif word in OURS:
            yield _removal(page, attribute)
            value = attribute[attribute.lastindex or 1]
            if word in LINK_NAMES:
                name = _plain(value)
            elif word == CLICK_TRACK and value.strip() == b"0":
                is_tracked = False
    if is_tracked and href and (href.lastindex or 1) > 1:
        yield from _wrapping(href, name, links)


def _removal(page: bytes, attribute: re.Match[bytes]) -> Edit:
    # The gap before it goes too, unless the next attribute follows without one.
    is_spaced = page[attribute.end() : attribute.end() + 1] in b" \t\r\n\f/>"
    start = attribute.start() if is_spaced else attribute.start(1)
    return Edit(start, attribute.end(), b"", start, attribute.end())


def _wrapping(href: re.Match[bytes], name: str, links: LinkMaker) -> Iterator[Edit]:
    target = target_of(href[href.lastindex or 1])
    if target is None:
        return
    url = links.click(target, name.encode()[:MAX_NAME].decode(errors="ignore"))
    start, end = href.span(href.lastindex or 1)
    octets = html.escape(url).encode()
    yield Edit(start, end, octets, href.start(), href.end())


def target_of(value: bytes) -> str | None:
    """The URL that an href leads to, as ASCII; None for what is not to be wrapped.

    Only http and https are; a URL that browsers and servers may read differently (user
    part, backslash, a host that is no plain name) is left as it is.
    """
    if len(value) > MAX_TARGET:
        return None
    url = _plain(value).strip(ENDS).translate(WITHIN)
    if not TARGET.fullmatch(url):
        return None
    target = url if PLAIN_URL.fullmatch(url) else quote(url, safe=KEPT)
    return target if len(target) <= MAX_TARGET else None


def _plain(value: bytes) -> str:
    """An attribute's value, character references undone as in attributes."""
    text = header.text(value)
    if "&" not in text:
        return text
    return ENTITY.sub(lambda found: html.unescape(found[0]), text)
