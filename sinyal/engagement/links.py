"""The URLs and the header that carry tokens.

Paths begin as SparkPost's do (`/f/` a click, `/q/` an open), so that proxy recipes and
public sinks that know those letters keep working.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec

from sinyal.engagement import token
from sinyal.engagement.token import Copy, Engagement, TrackingKey
from sinyal.mail import header

COPY_HEADER = b"X-Sinyal-Copy"
CLICK_PATH = "/f/a/"
OPEN_PATH = "/q/"
FOLD_AT = 72  # characters of the token per line; RFC 5322 2.1.1

Nonce = Callable[[], bytes]


class LinkMaker(Protocol):
    """Makes the URLs that `rewrite.engage` puts into a message."""

    def pixel(self, action: Literal["initial_open", "open"]) -> str:
        """The URL of a pixel image."""
        ...

    def click(self, target_url: str, name: str) -> str:
        """The URL that counts a click and leads to the target."""
        ...


class SealedLinks(msgspec.Struct, frozen=True):
    """Links of one message copy. `root` is `https://HOST[:PORT]` without a slash."""

    root: str
    key: TrackingKey
    copy: Copy
    nonce: Nonce

    def pixel(self, action: Literal["initial_open", "open"]) -> str:
        sealed = token.seal(self.key, Engagement(self.copy, action), self.nonce())
        return f"{self.root}{OPEN_PATH}{sealed}"

    def click(self, target_url: str, name: str) -> str:
        engagement = Engagement(self.copy, "click", target_url, name)
        sealed = token.seal(self.key, engagement, self.nonce())
        return f"{self.root}{CLICK_PATH}{sealed}"


def copy_field(key: TrackingKey, copy: Copy, nonce: bytes) -> bytes:
    """The X-Sinyal-Copy field, folded, with its line end.

    A late report that returns the header is matched by it and cannot be forged.
    """
    sealed = token.seal(key, Engagement(copy, "copy"), nonce).encode()
    lines = [sealed[at : at + FOLD_AT] for at in range(0, len(sealed), FOLD_AT)]
    return b"%s: %s\r\n" % (COPY_HEADER, b"\r\n ".join(lines))


def copy_of(keys: Mapping[bytes, TrackingKey], content: bytes) -> Copy | None:
    """The copy that a message's (or a returned header's) X-Sinyal-Copy names."""
    value = header.first(content, COPY_HEADER)
    if value is None:
        return None
    found = token.unseal(keys, header.text(b"".join(value.split())))
    return found.copy if found and found.action == "copy" else None
