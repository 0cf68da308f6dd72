"""What a mail program finds in a delivered page: tracking pixels and wrapped links.

The patterns are possessive and every alternative consumes to the end when unclosed, so
the time is linear in the page. Source: HTML 13.2.5, tracking reference 2, 3.
"""

import html

import msgspec
import regex as re

from sinyal.engagement.links import CLICK_PATH, OPEN_PATH
from sinyal.sink.sites import Sites

_REST = rb"""((?:[^>"']++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+)(?:>|\Z)"""
_TAG = re.compile(
    rb"<!--(?:.*?-->|.*\Z)|<(style|script|title|textarea)\b(?:.*?</\1|.*\Z)"
    rb"|<(img|a|area)(?=[\s/])" + _REST,
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    rb"""[\s/]++([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++)))?+"""
)
MOST_LINKS = 500  # of one page


class Link(msgspec.Struct, frozen=True):
    """A wrapped link; `expected` is where it must lead, "" when the page is silent."""

    url: str
    expected: str = ""


class Page(msgspec.Struct, frozen=True):
    """The tracking pixels in page order and the wrapped links."""

    pixels: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


def read_page(octets: bytes, sites: Sites) -> Page:
    """The pixels and wrapped links on hosts that may be visited.

    A link's attribute `data-target` says where the sender meant it to lead.
    """
    pixels: list[str] = []
    links: list[Link] = []
    for tag in _TAG.finditer(octets):
        if tag[2] is None or len(pixels) + len(links) >= MOST_LINKS:
            continue
        named = _attributes(tag[3])
        if tag[2].lower() == b"img":
            url = named.get("src", "")
            if _is_tracked(url, OPEN_PATH, sites):
                pixels.append(url)
        elif _is_tracked(url := named.get("href", ""), CLICK_PATH, sites):
            links.append(Link(url, named.get("data-target", "")))
    return Page(tuple(pixels), tuple(links))


def _attributes(octets: bytes) -> dict[str, str]:
    named: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(octets):
        value = found[2] or found[3] or found[4] or b""
        text = html.unescape(value.decode(errors="replace")).strip()
        named.setdefault(found[1].decode(errors="replace").lower(), text)
    return named


def _is_tracked(url: str, path: str, sites: Sites) -> bool:
    return (
        path in url
        and (visit := sites.visit(url)) is not None
        and visit.url.partition("://")[2].partition("/")[2].startswith(path[1:])
    )
