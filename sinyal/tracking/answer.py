"""What a browser gets for an open or a click, and the event that it makes.

An open is answered with the pixel whatever its token is worth; a click leads only to
a target that a key of ours has sealed, exactly as sealed.
Source: seed (engagement tracking); rules of redirect security.
"""

import base64
import re

import msgspec

from sinyal.engagement.token import Engagement
from sinyal.events.event import Event

CLICK, OPEN = "/f/a/", "/q/"

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

TARGET = re.compile(r"https?://[^\x00-\x20\x7f]+", re.IGNORECASE)

OPENS = frozenset({"initial_open", "open"})
USER_AGENT_CHARACTERS = 1024

# Sinks take a host for a tracker by its Server header.
COMMON_HEADERS = (
    (b"server", b"msys-http"),
    (b"x-robots-tag", b"noindex"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

Headers = tuple[tuple[bytes, bytes], ...]


class Hit(msgspec.Struct, frozen=True):
    """A request of a browser. `peer_ip` is the visitor's address."""

    method: str
    path: str
    peer_ip: str
    user_agent: str


class Answer(msgspec.Struct, frozen=True):
    """A response, and the engagement to be counted before it is sent, if any."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    counted: Engagement | None = None


def token_of(path: str) -> str:
    """The token in a path, or "" where there is none."""
    for prefix in (CLICK, OPEN):
        if path.startswith(prefix):
            return path[len(prefix) :]
    return ""


def answer(hit: Hit, engagement: Engagement | None) -> Answer:
    """The response to a hit whose token says `engagement`, None for a bad token."""
    if hit.method not in {"GET", "HEAD"}:
        allow = (b"allow", b"GET, HEAD")
        return _answer(405, (allow, (b"content-type", b"text/plain")))
    is_open = hit.path.startswith(OPEN)
    made = _pixel(engagement) if is_open else _redirect(engagement)
    if hit.method == "HEAD":
        return Answer(made.status, made.headers)
    return made


def event_of(engagement: Engagement, hit: Hit, event_id: str, now: float) -> Event:
    """The event of a hit; what the token knows of the message is filled in."""
    copy = engagement.copy
    return Event(
        type=engagement.action,
        event_id=event_id,
        timestamp=int(now),
        message_id=copy.message_id,
        delv_method="esmtp",
        rcpt_to=copy.rcpt_to,
        campaign_id=copy.campaign_id,
        ip_pool=copy.ip_pool,
        ip_address=hit.peer_ip,
        user_agent=hit.user_agent[:USER_AGENT_CHARACTERS],
        target_link_url=engagement.target_url,
        target_link_name=engagement.link_name,
        subaccount_id=copy.subaccount_id,
        customer_id=copy.customer_id,
    )


def _pixel(engagement: Engagement | None) -> Answer:
    is_open = engagement is not None and engagement.action in OPENS
    headers = (
        (b"content-type", b"image/gif"),
        (b"cache-control", b"no-cache, max-age=0"),
    )
    return _answer(200, headers, PIXEL, engagement if is_open else None)


def _redirect(engagement: Engagement | None) -> Answer:
    if (
        engagement is None
        or engagement.action != "click"
        or not TARGET.fullmatch(engagement.target_url)
    ):
        return _answer(404, ((b"content-type", b"text/plain"),), b"not found\n")
    headers = (
        (b"location", engagement.target_url.encode()),
        (b"content-type", b"text/plain"),
        (b"cache-control", b"no-store"),
    )
    return _answer(302, headers, b"", engagement)


def _answer(
    status: int, headers: Headers, body: bytes = b"", counted: Engagement | None = None
) -> Answer:
    length = (b"content-length", str(len(body)).encode())
    return Answer(status, (*headers, length, *COMMON_HEADERS), body, counted)
