"""Engagement tracking put into a message, every other octet as it was.

Source: seed (engagement tracking), API (open and click tracking).
"""

from functools import partial

from sinyal.engagement import page, transfer
from sinyal.engagement.links import LinkMaker
from sinyal.mail import mime
from sinyal.mail.mime import Part

# Parts that may not be touched: the signature or the encryption would break; RFC 1847.
SEALED = frozenset({"multipart/signed", "multipart/encrypted"})
# Charsets in which an octet below 128 need not be the ASCII character.
WIDE = ("utf-16", "utf-32", "utf-7", "ucs-", "iso-10646", "iso-2022", "hz-", "ebcdic")


def engage(content: bytes, links: LinkMaker) -> bytes:
    """The message with open pixels and wrapped links.

    Shape: the first HTML part gets the pixels, each HTML part its links wrapped. A
    message without HTML comes back as the very same object, and so does one of more
    parts than are looked at.
    """
    parts = mime.walk(content)
    if len(parts) >= mime.MAX_PARTS:
        return content
    pieces: list[bytes] = []
    at = 0
    for part in parts:
        if not is_page(part):
            continue
        was = content[part.body_start : part.end]
        find = partial(page.edits, links=links, has_pixels=not pieces)
        new = transfer.EDITORS[part.encoding](was, find)
        if new is not was:
            pieces += (content[at : part.body_start], new)
            at = part.end
    return b"".join((*pieces, content[at:])) if pieces else content


def is_page(part: Part) -> bool:
    """Is it HTML to be shown, in an encoding and a charset that we can edit."""
    return (
        part.content_type == "text/html"
        and part.disposition != "attachment"
        and part.encoding in transfer.EDITORS
        and not part.charset.startswith(WIDE)
        and SEALED.isdisjoint(part.within)
    )
