"""The tracking endpoint as a bare ASGI application: twice the rate of a framework's.

Source: ASGI 3.0 (HTTP connection scope).
"""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from sinyal.events.codec import encode_line
from sinyal.runtime.clock import Clock
from sinyal.runtime.identity import event_id
from sinyal.runtime.log import LOG
from sinyal.tracking.answer import Answer, Hit, answer, event_of, token_of
from sinyal.tracking.feed import journal_line
from sinyal.tracking.journal import Journal
from sinyal.tracking.keyring import KeyRing

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIXES = ("/f/", "/q/")
TOKEN_CHARACTERS = 8192


def is_tracking_path(path: str) -> bool:
    """True for the paths that the endpoint answers."""
    return path.startswith(PREFIXES)


class Endpoint:
    """Answers opens and clicks; a hit that counts is on disk before its answer."""

    def __init__(
        self,
        keys: KeyRing,
        journal: Journal,
        clock: Clock,
        proxies: Collection[str] = (),
    ) -> None:
        """`proxies` are the peers whose X-Forwarded-For is believed."""
        self._keys = keys
        self._journal = journal
        self._clock = clock
        self._proxies = frozenset(proxies)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        hit = self._hit(scope)
        token = token_of(hit.path)
        is_plausible = 0 < len(token) <= TOKEN_CHARACTERS and token.isascii()
        engagement = await self._keys.unseal(token) if is_plausible else None
        response = answer(hit, engagement)
        if response.counted is not None:
            await self._count(response, hit)
        await send({
            "type": "http.response.start",
            "status": response.status,
            "headers": response.headers,
        })
        await send({"type": "http.response.body", "body": response.body})

    async def _count(self, response: Answer, hit: Hit) -> None:
        """Return when the event is on disk; a full disk must not stop a reader."""
        assert response.counted is not None
        event = event_of(response.counted, hit, event_id(), self._clock())
        line = journal_line(event.customer_id, encode_line(event))
        try:
            await self._journal.write(line)
        except OSError as error:
            LOG.error("Tracking: %s of %s lost: %s", event.type, hit.peer_ip, error)

    def _hit(self, scope: Scope) -> Hit:
        user_agent = forwarded = ""
        for name, value in scope["headers"]:
            if name == b"user-agent":
                user_agent = value.decode("latin-1")
            elif name == b"x-forwarded-for":
                forwarded = value.decode("latin-1")
        peer_ip = scope["client"][0] if scope.get("client") else ""
        if forwarded and peer_ip in self._proxies:
            peer_ip = forwarded.rpartition(",")[2].strip()
        return Hit(scope["method"], scope["path"], peer_ip, user_agent)
