"""An SMTP server: the session machine of `sinyal.smtp` on asyncio's transports.

One write per read, no task per command: a `Dialog` answers at once, or with an
awaitable (a message on its way to the disk), behind which the peer's commands wait.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import msgspec

from sinyal.runtime.listening import Connections, Listening
from sinyal.runtime.log import LOG
from sinyal.smtp import status
from sinyal.smtp.events import Event, Hello
from sinyal.smtp.reply import Reply
from sinyal.smtp.server import ServerSession, Signal, Wire
from sinyal.smtp.transitions import State

MAX_WAITING_OCTETS = 256 * 1024  # read ahead of an event that has no reply yet
HANDSHAKE_TIMEOUT_S = 30.0
LARGE_OCTETS = 1024 * 1024  # below it a connection's share of memory is not counted
MEMORY_OCTETS = 512 * 1024 * 1024  # of unfinished large messages, all connections


class Peer(msgspec.Struct, frozen=True):
    """The two ends of a connection, and its TLS where there is.

    Shape: `certificate` is the peer's own, verified, as DER; empty without one.
    """

    remote_ip: str
    remote_port: int
    local_ip: str
    local_port: int
    tls_protocol: str = ""
    tls_cipher: str = ""
    certificate: bytes = b""


class Dialog(Protocol):
    """What a server's owner does with one connection; subclass it for the defaults.

    Units: `max_octets` octets of a message, 0 for no limit; `timeout_s` the longest
    silence of the peer. `features` are those of `ServerSession`.
    """

    max_octets: int = 0
    features: frozenset[str] = frozenset()
    timeout_s: float = 300.0  # RFC 5321 4.5.3.2.7
    wire: Wire | None = None  # is shown what goes over the wire

    def opened(self, peer: Peer) -> Reply:
        """The greeting; 4xx or 5xx closes the connection."""
        ...

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        """The reply to `event`; to an EHLO, `extensions` is added to it."""
        ...

    def extensions(self, is_tls: bool) -> list[str]:
        """The lines of the EHLO reply behind the first one."""
        return []

    def secured(self, peer: Peer) -> None:
        """TLS is active: forget what was learnt in the clear; RFC 3207 4.2."""

    def closed(self) -> None:
        """The connection is gone; a pending answer is of no more use."""


TlsContext = ssl.SSLContext | Callable[[], ssl.SSLContext] | None


async def serve(
    host: str,
    port: int,
    dialog_factory: Callable[[], Dialog],
    tls_context: TlsContext = None,
    *,
    backlog: int = 1024,
    memory_octets: int = MEMORY_OCTETS,
) -> Listening:
    """A server that listens on `host`:`port`; its `sockets` tell a port given as 0.

    `memory_octets` bounds what unfinished large messages hold together; the connection
    that would pass it is closed. Errors: `OSError` when the address cannot be bound.
    """
    loop = asyncio.get_running_loop()
    memory = Memory(memory_octets)
    connections = Connections()

    def connection() -> ServerConnection:
        return ServerConnection(
            dialog_factory(), tls_context, loop, memory, connections
        )

    server = await loop.create_server(connection, host, port, backlog=backlog)
    return Listening(server, connections)


class Memory(msgspec.Struct):
    """What the connections of a server hold of large messages, together."""

    limit_octets: int
    held_octets: int = 0


class ServerConnection(asyncio.Protocol):
    """One connection: transport, session and dialog tied together."""

    def __init__(
        self,
        dialog: Dialog,
        tls_context: TlsContext,
        loop: asyncio.AbstractEventLoop,
        memory: Memory,
        connections: Connections,
    ) -> None:
        self._dialog = dialog
        self._connections = connections  # of the server, this one among them
        self._is_retiring = False
        self._tls_context = tls_context
        self._loop = loop
        self._memory = memory
        self._held_octets = 0
        self._session = ServerSession()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Future[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._active_at = 0.0
        self._is_clogged = False
        self._is_paused = False

    # -- called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._active_at = self._loop.time()
        self._session.greet(self._dialog.opened(peer_of(transport)))
        self._session.max_octets = self._dialog.max_octets
        self._session.features = self._dialog.features
        self._session.wire = self._dialog.wire
        self._watch()
        self._flush()

    def data_received(self, data: bytes) -> None:
        # A command that drips in octet by octet is silence, mail data is not.
        if self._session.state is State.DATA:
            self._active_at = self._loop.time()
        self._session.receive_data(data)
        if self._task is None:
            self._pump()
        elif self._session.buffered_octets > MAX_WAITING_OCTETS:
            self._pause()
        held = self._session.buffered_octets
        if held > LARGE_OCTETS or self._held_octets:
            self._account(held)

    def pause_writing(self) -> None:
        self._is_clogged = True

    def resume_writing(self) -> None:
        self._is_clogged = False
        if self._task is None:
            self._resume()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        self._connections.discard(self)
        if self._timer:
            self._timer.cancel()
        self._account(0)
        self._dialog.closed()

    # -- called by `Listening`

    def retire(self) -> None:
        """Take leave with 421 as soon as no answer is owed; RFC 5321 3.8."""
        self._is_retiring = True
        if self._task is None and self._session.state is not State.CLOSED:
            self._session.close(status.SHUTTING_DOWN)
            self._flush()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport:
            self._transport.abort()

    # -- the session's turn

    def _pump(self) -> None:
        """Answer the events that are there, and write the replies at once."""
        session = self._session
        while not self._is_clogged:
            event = session.next_event()
            if isinstance(event, Signal):
                break
            answer = self._answer(event)
            if not isinstance(answer, Reply):
                self._wait(event, answer)
                break
            self._settle(event, answer)
        self._flush()

    def _answer(self, event: Event) -> Reply | Awaitable[Reply]:
        try:
            return self._dialog.answer(event)
        except Exception:
            LOG.error("%s failed", type(event).__name__, exc_info=True)
            return status.INTERNAL

    def _wait(self, event: Event, answer: Awaitable[Reply]) -> None:
        def answered(task: asyncio.Future[Reply]) -> None:
            self._task = None
            if self._transport is None or self._session.state is State.CLOSED:
                return
            self._settle(event, _result(task))
            if self._is_retiring and self._task is None:
                self.retire()
                return
            self._resume()

        task = asyncio.ensure_future(answer)
        self._task = task
        task.add_done_callback(answered)

    def _settle(self, event: Event, reply: Reply) -> None:
        self._active_at = self._loop.time()
        settle(self._session, self._dialog, event, reply)
        if self._session.state is State.UPGRADING:
            self._start_tls()

    def _resume(self) -> None:
        """Read on: what has been waiting is answered first."""
        self._pump()
        if self._task or self._is_clogged or not self._is_paused:
            return
        self._is_paused = False
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def _pause(self) -> None:
        if self._transport and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None:
            return
        if octets := self._session.data_to_send():
            transport.write(octets)
        if self._session.state is State.CLOSED:
            transport.close()
        elif self._is_clogged:
            self._pause()

    def _account(self, octets: int) -> None:
        """Claim memory for a large message, or give it back."""
        held = octets if octets > LARGE_OCTETS else 0
        if held == self._held_octets:
            return
        memory = self._memory
        memory.held_octets += held - self._held_octets
        self._held_octets = held
        if memory.held_octets > memory.limit_octets and held:
            self._session.close(status.NO_MEMORY)
            self._flush()

    # -- silence

    def _watch(self) -> None:
        """One timer per connection, set anew when it fires, not at every command."""
        if self._transport is None:
            return
        left_s = self._active_at + self._dialog.timeout_s - self._loop.time()
        if self._task is not None:
            left_s = self._dialog.timeout_s
        if left_s <= 0:
            self._session.close(status.IDLE)
            self._flush()
            # A peer that does not even read is not waited for.
            self._loop.call_later(HANDSHAKE_TIMEOUT_S, self.abort)
            return
        self._timer = self._loop.call_later(left_s, self._watch)

    # -- TLS

    def _start_tls(self) -> None:
        """Write the 220 and hand the transport over; what comes early is kept.

        asyncio's own loop may deliver data before `start_tls` returns.
        """
        transport = self._transport
        context = self._tls_context
        if transport is None or context is None:
            self.abort()
            return
        transport.pause_reading()
        transport.write(self._session.data_to_send())
        self._task = self._loop.create_task(self._upgrade(transport, context))

    async def _upgrade(
        self,
        transport: asyncio.Transport,
        context: ssl.SSLContext | Callable[[], ssl.SSLContext],
    ) -> None:
        try:
            secure = await self._loop.start_tls(
                transport,
                self,
                context if isinstance(context, ssl.SSLContext) else context(),
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
            )
        except OSError as error:  # SSLError and ConnectionError are
            LOG.debug("TLS handshake failed: %s", error)
            secure = None
        self._task = None
        if secure is None or self._transport is None:
            transport.abort()
            self.connection_lost(None)  # asyncio does not say so by itself
            return
        self._transport = secure
        self._active_at = self._loop.time()
        self._session.secured()
        self._dialog.secured(peer_of(secure))
        self._is_paused = False  # the new transport reads
        self._pump()


def settle(session: ServerSession, dialog: Dialog, event: Event, reply: Reply) -> None:
    """Give the session the dialog's reply, with the extensions to an EHLO."""
    if isinstance(event, Hello) and event.is_extended and reply.is_positive:
        extensions = dialog.extensions(session.is_secure)
        reply = Reply(reply.code, (*reply.lines, *extensions))
    session.send(reply)
    session.max_octets = dialog.max_octets
    session.features = dialog.features
    session.wire = dialog.wire


def _result(task: asyncio.Future[Reply]) -> Reply:
    """The reply a dialog promised, 451 when it broke its promise."""
    if task.cancelled():
        return status.INTERNAL
    if error := task.exception():
        LOG.error("a message could not be accepted", exc_info=error)
        return status.INTERNAL
    return task.result()


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """Addresses and TLS of a connected transport."""
    remote = transport.get_extra_info("peername") or ("", 0)
    local = transport.get_extra_info("sockname") or ("", 0)
    cipher = transport.get_extra_info("cipher")
    name, protocol, _ = cipher or ("", "", 0)
    tls = transport.get_extra_info("ssl_object")
    return Peer(
        remote_ip=remote[0],
        remote_port=remote[1],
        local_ip=local[0],
        local_port=local[1],
        tls_protocol=protocol,
        tls_cipher=name,
        certificate=(tls.getpeercert(binary_form=True) if tls else None) or b"",
    )
