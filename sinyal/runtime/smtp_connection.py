"""One SMTP connection of a server: transport, session and dialog tied together.

One write per read, no task per command: a `Dialog` answers at once, or with an
awaitable (a message on its way to the disk), behind which the peer's commands wait.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from typing import Any, cast

from sinyal.runtime.log import LOG
from sinyal.runtime.smtp_dialog import DATA_STEP_OCTETS, peer_of, settle
from sinyal.runtime.smtp_service import HANDSHAKE_TIMEOUT_S, Service
from sinyal.smtp import status
from sinyal.smtp.events import Event
from sinyal.smtp.reply import Reply
from sinyal.smtp.server import ServerSession, Signal
from sinyal.smtp.transitions import State

MAX_WAITING_OCTETS = 256 * 1024  # read ahead of an event that has no reply yet
LARGE_OCTETS = 1024 * 1024  # below it a connection's share of memory is not counted


class ServerConnection(asyncio.Protocol):
    """One connection. `told` is where its client is, when a proxy has said so."""

    __slots__ = (
        "_active_at",
        "_dialog",
        "_fires_at",
        "_held_octets",
        "_is_clogged",
        "_is_greeting",
        "_is_paused",
        "_is_retiring",
        "_loop",
        "_service",
        "_session",
        "_step_octets",
        "_task",
        "_timer",
        "_told",
        "_transport",
    )

    def __init__(
        self,
        service: Service,
        loop: asyncio.AbstractEventLoop,
        told: tuple[str, int] | None = None,
    ) -> None:
        self._service = service
        self._dialog = service.dialogs()
        self._loop = loop
        self._told = told
        self._is_retiring = False
        self._is_greeting = False
        self._held_octets = 0
        self._session = ServerSession()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Future[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._active_at = 0.0
        self._fires_at = 0.0
        self._step_octets = 0
        self._is_clogged = False
        self._is_paused = False

    # -- called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class
        self._transport = cast(asyncio.Transport, transport)
        self._service.connections.add(self)
        self._active_at = self._loop.time()
        peer = peer_of(transport, self._told)
        self._session.is_secure = bool(peer.tls_protocol)
        greeting = self._dialog.opened(peer)
        if isinstance(greeting, Reply):
            self._greet(greeting)
        else:
            self._greet_late(greeting)
        self._watch()

    def data_received(self, data: bytes) -> None:
        # A command that drips in octet by octet is silence, mail data is not.
        if self._session.is_receiving:
            self._step(len(data))
        self._session.receive_data(data)
        if self._task is None:
            self._pump()
        elif self._session.buffered_octets > MAX_WAITING_OCTETS:
            self._pause()
        held = self._session.held_octets
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
        self._service.connections.discard(self)
        if self._timer:
            self._timer.cancel()
        if self._is_greeting and self._task:
            self._task.cancel()
        self._account(0)
        self._dialog.closed()

    # -- called by `Listening`

    def retire(self) -> None:
        """Take leave with 421 as soon as no answer is owed; RFC 5321 3.8."""
        self._is_retiring = True
        if self._is_greeting and self._task:
            self._task.cancel()
            self._task = None
        if self._task is None and self._session.state is not State.CLOSED:
            self._session.close(status.SHUTTING_DOWN)
            self._flush()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport:
            self._transport.abort()

    # -- the greeting

    def _greet(self, greeting: Reply) -> None:
        session, dialog = self._session, self._dialog
        session.greet(greeting)
        session.max_octets = dialog.max_octets
        session.features = dialog.features
        session.wire = dialog.wire
        self._flush()

    def _greet_late(self, greeting: Awaitable[Reply]) -> None:
        """Let the peer wait for its greeting, as long as it likes to."""

        def ready(task: asyncio.Future[Reply]) -> None:
            self._is_greeting = False
            if task.cancelled() or self._transport is None:
                return
            self._task = None
            self._active_at = self._loop.time()
            self._greet(_result(task))
            self._resume()

        self._is_greeting = True
        self._task = asyncio.ensure_future(greeting)
        self._task.add_done_callback(ready)

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
            if session.has_much_to_say:
                self._flush()  # a peer that does not read is not answered on
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
        dialog = self._dialog
        settle(self._session, dialog, event, reply)
        if self._session.state is State.UPGRADING:
            self._start_tls()
            return
        self._step_octets = 0
        if self._fires_at > self._active_at + self._timeout_s:
            self._watch()  # the timer that runs would come too late

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
        memory = self._service.memory
        memory.held_octets += held - self._held_octets
        self._held_octets = held
        if memory.held_octets > memory.limit_octets and held:
            self._session.close(status.NO_MEMORY)
            self._flush()

    # -- silence

    def _step(self, octets: int) -> None:
        """Mail data has come; enough of it begins the time-out anew."""
        self._step_octets += octets
        if self._step_octets >= DATA_STEP_OCTETS:
            self._step_octets = 0
            self._active_at = self._loop.time()

    @property
    def _timeout_s(self) -> float:
        """The longest silence in the present state."""
        dialog = self._dialog
        if self._session.is_receiving:
            return dialog.data_timeout_s or dialog.timeout_s
        return dialog.timeout_s

    def _watch(self) -> None:
        """One timer per connection, set anew when it fires, not at every command."""
        if self._timer:
            self._timer.cancel()
        if self._transport is None:
            return
        timeout_s = self._timeout_s
        left_s = self._active_at + timeout_s - self._loop.time()
        if self._task is not None:
            left_s = timeout_s
        if left_s <= 0:
            self._session.close(status.IDLE)
            self._flush()
            # A peer that does not even read is not waited for.
            self._loop.call_later(HANDSHAKE_TIMEOUT_S, self.abort)
            return
        self._fires_at = self._loop.time() + left_s
        self._timer = self._loop.call_later(left_s, self._watch)

    # -- TLS

    def _start_tls(self) -> None:
        """Write the 220 and hand the transport over; what comes early is kept.

        asyncio's own loop may deliver data before `start_tls` returns.
        """
        transport = self._transport
        if transport is None:
            return
        address = peer_of(transport, self._told).remote_ip
        context = self._service.context(address, self._loop.time())
        if context is None:
            self.abort()
            return
        transport.pause_reading()
        transport.write(self._session.data_to_send())
        self._task = self._loop.create_task(self._upgrade(transport, context))

    async def _upgrade(
        self, transport: asyncio.Transport, context: ssl.SSLContext
    ) -> None:
        try:
            secure = await self._loop.start_tls(
                transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._service.handshake_timeout_s,
            )
        except OSError as error:  # SSLError and ConnectionError are
            self._note_handshake(transport, error)
            secure = None
        self._task = None
        if secure is None or self._transport is None:
            transport.abort()
            self.connection_lost(None)  # asyncio does not say so by itself
            return
        self._transport = secure
        self._active_at = self._loop.time()
        self._session.secured()
        self._dialog.secured(peer_of(secure, self._told))
        self._is_paused = False  # the new transport reads
        self._pump()

    def _note_handshake(self, transport: asyncio.Transport, error: OSError) -> None:
        address = peer_of(transport, self._told).remote_ip
        note_handshake(self._service, address, error, self._loop.time())


def note_handshake(service: Service, address: str, error: OSError, now: float) -> None:
    """Log a handshake that failed, loudly where the client is not at fault."""
    if service.failed(address, error, now):
        LOG.info("smtp-in %s: its certificate is unknown, next time not asked", address)
    else:
        LOG.debug("smtp-in %s: TLS handshake failed: %s", address, error)


def _result(task: asyncio.Future[Reply]) -> Reply:
    """The reply a dialog promised, 451 when it broke its promise."""
    if task.cancelled():
        return status.INTERNAL
    if error := task.exception():
        LOG.error("a message could not be accepted", exc_info=error)
        return status.INTERNAL
    return task.result()
