"""A small HTTP/1.1 server for machines: whole requests in, whole answers out.

h11 has the protocol; here are the sockets and the bounds: of heads and bodies, of time,
of connections, and of what all bodies hold together. Source: RFC 9112.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from typing import Protocol, cast

import h11
import msgspec

from sinyal.runtime.http_entrance import Entrance, Room
from sinyal.runtime.listening import Connections, Listening, listening_socket
from sinyal.runtime.log import LOG
from sinyal.runtime.smtp_dialog import Peer, peer_of

MAX_HEAD_OCTETS = 16 * 1024  # request line and header
SPARED_OCTETS = 1024 * 1024  # of a refused body, read so that the answer arrives
IDLE_S = 60.0  # between two requests
HEAD_S = 20.0  # from a head's first octet to its last
BODY_S = 300.0
LEAVING_S = 10.0  # for a client to take what is left to send
READ_AHEAD_OCTETS = 64 * 1024  # pipelined behind a request that is being answered


class Head(msgspec.Struct, frozen=True):
    """A request before its body; names of `headers` in lower case, the last counts."""

    method: str
    target: str
    headers: dict[str, str]
    peer: Peer

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Response(msgspec.Struct, frozen=True):
    """An answer with a body in JSON."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Application(Protocol):
    """What answers requests."""

    def opened(self, peer: Peer) -> None:
        """A client is there, its handshake done."""

    def admit(self, head: Head) -> Response | int:
        """The answer at once, without the body, or how many octets that may have."""
        ...

    def too_large(self, head: Head) -> Response:
        """The answer to a request whose body passes that."""
        ...

    def busy(self, head: Head) -> Response:
        """The answer while all bodies together pass what they may hold."""
        ...

    def broken(self, status: int, reason: str, peer: Peer) -> Response:
        """The answer to what is no request."""
        ...

    def answer(self, head: Head, body: bytes) -> Awaitable[Response]:
        """The answer to a whole request."""
        ...


class Bounds(Room, kw_only=True):
    """What servers spend at most together, and have spent. Units: octets, seconds."""

    held_limit: int = 128 * 1024 * 1024
    held: int = 0
    idle_s: float = IDLE_S
    head_s: float = HEAD_S
    body_s: float = BODY_S


class Body:
    """The body of a request as it comes, counted in what all bodies hold."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._chunks: list[bytes] = []
        self._held = 0
        self.limit = 0
        self.octets = 0
        self.is_dropped = False

    @property
    def is_too_large(self) -> bool:
        return self.octets > self.limit

    def add(self, data: bytes) -> None:
        self.octets += len(data)
        if not self.is_dropped:
            self._chunks.append(data)
            self._held += len(data)
            self._bounds.held += len(data)

    def whole(self) -> bytes:
        """All of it; it counts as held until `drop`."""
        joined = b"".join(self._chunks)
        self._chunks.clear()
        return joined

    def drop(self) -> None:
        self._chunks.clear()
        self._bounds.held -= self._held
        self._held = 0
        self.is_dropped = True


async def serve(
    ip: str,
    port: int,
    application: Application,
    context: ssl.SSLContext,
    bounds: Bounds,
    *,
    is_shared: bool = False,
) -> Listening:
    """A server that listens with TLS. Errors: `OSError` of the address.

    `is_shared` as in `listening_socket`.
    """
    connections = Connections()

    def connection() -> HttpConnection:
        return HttpConnection(application, bounds, connections)

    server = await asyncio.get_running_loop().create_server(
        lambda: Entrance(connection, context, bounds, connections),
        sock=listening_socket(ip, port, is_shared=is_shared),
    )
    return Listening(server, connections)


class HttpConnection(asyncio.Protocol):
    """One client; its requests are answered one after the other."""

    def __init__(
        self, application: Application, bounds: Bounds, connections: Connections
    ) -> None:
        self._application = application
        self._bounds = bounds
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(
            h11.SERVER, max_incomplete_event_size=MAX_HEAD_OCTETS
        )
        self._transport: asyncio.Transport | None = None
        self._peer = Peer("", 0, "", 0)
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._head: Head | None = None
        self._body = Body(bounds)
        self._is_retiring = False

    # -- called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class
        self._transport = cast(asyncio.Transport, transport)
        self._peer = peer_of(transport)
        self._bounds.opened += 1
        self._connections.add(self)
        self._application.opened(self._peer)
        self._wait(self._bounds.idle_s)

    def data_received(self, data: bytes) -> None:
        if self._http.their_state is h11.IDLE and not self._http.trailing_data[0]:
            self._wait(self._bounds.head_s)
        self._http.receive_data(data)
        if self._task is None:
            self._pump()
        elif len(self._http.trailing_data[0]) > READ_AHEAD_OCTETS and self._transport:
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._task is None:
            self._body.drop()
        self._bounds.opened -= 1
        self._connections.discard(self)

    # -- called by `Listening`

    def retire(self) -> None:
        """Close as soon as no answer is owed."""
        self._is_retiring = True
        if self._task is None:
            self._close()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    # -- requests

    def _pump(self) -> None:
        """Take what has come, up to a whole request."""
        try:
            while self._task is None and self._is_open:
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    break
                self._take(event)
            if self._is_open and self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
        except h11.RemoteProtocolError as error:
            self._refuse_broken(error)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._begin(event)
        elif isinstance(event, h11.Data):
            self._collect(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self._end()
        else:  # ConnectionClosed
            self._close()

    def _begin(self, event: h11.Request) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in event.headers
        }
        if "transfer-encoding" in headers and "content-length" in headers:
            # Somebody on the way may have read another length; RFC 9112 6.1.
            raise h11.RemoteProtocolError("Transfer-Encoding beside Content-Length")
        method, target = event.method.decode("latin-1"), event.target.decode("latin-1")
        self._head = Head(method, target, headers, self._peer)
        self._body = Body(self._bounds)
        self._wait(self._bounds.body_s)
        admitted = self._application.admit(self._head)
        if isinstance(admitted, Response):
            self._refuse(admitted)
            return
        self._body.limit = admitted
        declared = headers.get("content-length", "0")  # h11 has seen that it is one
        if int(declared) > admitted:
            self._refuse(self._application.too_large(self._head))

    def _collect(self, data: bytes) -> None:
        assert self._head is not None
        body = self._body
        body.add(data)
        if body.is_dropped:
            if body.octets > SPARED_OCTETS:
                self._close()
        elif body.is_too_large:
            self._refuse(self._application.too_large(self._head))
        elif self._bounds.held > self._bounds.held_limit:
            self._refuse(self._application.busy(self._head))

    def _end(self) -> None:
        assert self._head is not None
        if self._body.is_dropped:
            self._begin_anew()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._task = self._loop.create_task(self._answer(self._head))

    async def _answer(self, head: Head) -> None:
        try:
            response = await self._application.answer(head, self._body.whole())
        except Exception:  # the client must hear of it whatever it was
            LOG.exception("a request could not be answered")
            response = self._application.broken(500, "internal error", self._peer)
        self._task = None
        self._body.drop()
        self._respond(response)
        self._begin_anew()
        self._pump()

    def _refuse(self, response: Response) -> None:
        """Answer before the body is there; what still comes of it is dropped."""
        self._body.drop()
        self._respond(response)

    def _refuse_broken(self, error: h11.RemoteProtocolError) -> None:
        hint = error.error_status_hint
        status = 400 if hint >= 500 else hint  # a coding that nobody speaks is theirs
        response = self._application.broken(status, str(error), self._peer)
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._respond(response)
        self._close()

    def _respond(self, response: Response) -> None:
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(response.body))),
            *response.headers,
        ]
        if self._is_retiring:
            headers.append(("Connection", "close"))
        self._send(h11.Response(status_code=response.status, headers=headers))
        if self._head is None or self._head.method != "HEAD":
            self._send(h11.Data(data=response.body))
        self._send(h11.EndOfMessage())

    def _send(self, event: h11.Event) -> None:
        if self._transport is not None and (octets := self._http.send(event)):
            self._transport.write(octets)

    @property
    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def _begin_anew(self) -> None:
        """Be ready for the request behind the one that is answered."""
        self._head = None
        if self._transport is None:
            return
        if self._http.our_state is not h11.DONE or self._is_retiring:
            self._close()
            return
        self._http.start_next_cycle()
        self._wait(self._bounds.idle_s)
        self._transport.resume_reading()

    # -- time

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if self._transport is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()
        # A client that does not read is not waited for.
        self._timer = self._loop.call_later(LEAVING_S, self.abort)
