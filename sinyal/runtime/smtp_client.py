"""An SMTP client: the session machine of `sinyal.smtp` on asyncio's transports.

A transaction is pipelined in one write where the peer offers it. What the peer says is
a `Reply`; only the network raises.
"""

import asyncio
import fcntl
import ssl
import termios
from collections.abc import Sequence
from enum import Enum
from typing import Protocol, cast

import msgspec

from sinyal.runtime import smtp_login
from sinyal.smtp.client import (
    NO_WISHES,
    BrokenReply,
    ClientSession,
    Replies,
    Wishes,
)
from sinyal.smtp.reply import Reply, reply

NOT_SENT = reply(503, "5.5.1 not sent")
DOT_LINE = b".\r\n"


PIECE_OCTETS = 64 << 10  # of content, handed over at once


class Times(msgspec.Struct, frozen=True):
    """How long a peer may take. Units: seconds; RT-11, RFC 5321 4.5.3.2.

    `reply_s` for a reply, `several_lines_s` for its further lines, `piece_s` to take a
    piece of content, `final_s` for the reply to the whole.
    """

    connect_s: float = 120.0
    reply_s: float = 300.0
    several_lines_s: float = 300.0
    piece_s: float = 180.0
    final_s: float = 600.0


class Wire(Protocol):
    """Sees what goes over a connection; secrets of a login are left out."""

    def sent(self, octets: bytes) -> None: ...
    def content(self, octets: bytes) -> None: ...
    def received(self, octets: bytes) -> None: ...
    def replied(self, answer: Reply) -> None: ...


class Stage(Enum):
    """How far the transaction has come in which a connection is."""

    COMMANDS = "commands"
    CONTENT = "content"  # on its way
    SENT = "sent"  # its end mark is handed over, no reply has come


async def open_connection(
    ip: str,
    port: int,
    *,
    source_ip: str = "",
    times: Times | None = None,
    wire: Wire | None = None,
) -> "Connection":
    """A connection whose greeting has been read.

    Errors: `TimeoutError`, `OSError` from the network; `ConnectionError` for a peer
    that does not speak SMTP.
    """
    loop = asyncio.get_running_loop()
    waits = times or Times()
    async with asyncio.timeout(waits.connect_s):
        _, connection = await loop.create_connection(
            lambda: Connection(loop, waits, wire),
            ip,
            port,
            local_addr=(source_ip, 0) if source_ip else None,
        )
    try:
        connection.greeting = (await connection.ask(b"", 1))[0]
    except BaseException:
        connection.close()
        raise
    return connection


class Connection(asyncio.Protocol):
    """One connection to a peer; one call at a time.

    `extensions` is what EHLO was answered. Errors of every call that talks:
    `TimeoutError`, `ConnectionError`; the connection is closed then, and `stage` tells
    how far it was. `sends_dot_alone`: the end mark goes out when all before it has.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, times: Times, wire: Wire | None
    ) -> None:
        self.greeting = NOT_SENT
        self.stage = Stage.COMMANDS
        self.sends_dot_alone = False
        self.tls_protocol = ""
        self.tls_cipher = ""
        self.tls: ssl.SSLObject | None = None
        self.local_ip = ""
        self.remote_ip = ""
        self._loop = loop
        self._times = times
        self._wire = wire
        self._session = ClientSession()
        self._transport: asyncio.Transport | None = None
        self._replies: list[Reply] = []
        self._wanted = 0
        self._waiter: asyncio.Future[list[Reply]] | None = None
        self._deadline_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._error: Exception | None = None
        self._drained: asyncio.Future[None] | None = None
        self._is_paused = False
        self._is_midway = False  # within a reply of several lines

    @property
    def extensions(self) -> dict[str, str]:
        return self._session.extensions

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    # -- called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class
        self._transport = cast(asyncio.Transport, transport)
        self.local_ip = (transport.get_extra_info("sockname") or ("",))[0]
        self.remote_ip = (transport.get_extra_info("peername") or ("",))[0]

    def data_received(self, data: bytes) -> None:
        if self._wire:
            self._wire.received(data)
        self._session.receive_data(data)
        try:
            while one := self._session.next_reply():
                self._replies.append(one)
                self._is_midway = False
                if self._wire:
                    self._wire.replied(one)
        except BrokenReply as error:
            self._fail(error)
            return
        if self._session.is_midway and not self._is_midway:
            self._is_midway = True
            self._set_deadline(self._loop.time() + self._times.several_lines_s)
        self._settle()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        if self._drained and not self._drained.done():
            self._drained.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(error or ConnectionResetError("connection closed by the peer"))

    # -- the conversation

    async def hello(self, name: str) -> Reply:
        """The reply to EHLO, or to HELO when EHLO is refused; RFC 5321 3.2."""
        (answer,) = await self.ask(self._session.hello(name), 1)
        if answer.is_permanent and self.is_open:
            self._session.greeted(reply(250))
            octets = self._session.hello(name, is_extended=False)
            (answer,) = await self.ask(octets, 1)
        elif answer.is_positive:
            self._session.greeted(answer)
        return answer

    async def starttls(self, context: ssl.SSLContext, server_name: str = "") -> Reply:
        """The reply to STARTTLS; after a 220 TLS is active and `hello` is due again.

        Errors: also `ConnectionError` when the handshake fails.
        """
        (answer,) = await self.ask(b"STARTTLS\r\n", 1)
        if answer.code != 220 or self._transport is None:
            return answer
        self._session.secured()
        self._replies.clear()
        try:
            secure = await self._loop.start_tls(
                self._transport,
                self,
                context,
                server_hostname=server_name or self.remote_ip,
                ssl_handshake_timeout=30.0,
            )
        except OSError as error:
            self.close()
            raise ConnectionError(f"TLS handshake failed: {error}") from error
        if secure is None:
            self.close()
            raise ConnectionError("TLS handshake failed: connection closed")
        self._transport = secure
        name, protocol, _ = secure.get_extra_info("cipher") or ("", "", 0)
        self.tls_protocol, self.tls_cipher = protocol, name
        self.tls = secure.get_extra_info("ssl_object")
        return answer

    async def login(self, user: str, password: str, mechanism: str = "") -> Reply:
        """The last reply to AUTH, by the best mechanism in common; RFC 4954."""
        offered = self.extensions.get("AUTH", "")
        return await smtp_login.login(
            self._ask_veiled, offered, user, password, mechanism
        )

    async def send(
        self,
        mail_from: str,
        recipients: Sequence[str],
        content: bytes,
        wishes: Wishes = NO_WISHES,
        *,
        is_canonical: bool = False,
    ) -> Replies:
        """What the peer says to one message for `recipients`.

        `is_canonical`: `content` is known to hold no bare CR or LF; otherwise it is
        searched for them (9 us of 10 kB) and they become CRLF.
        Errors: also `ValueError` for an address that cannot be written in a command,
        `NeedsUtf8` among them.
        """
        commands = self._session.envelope(mail_from, tuple(recipients), content, wishes)
        answers = await self._ask_all(commands)
        answers = answers[len(commands) - len(recipients) - 2 :]  # RSET's is not told
        mail, *accepted, data = answers
        final = None
        if data.code == 354:
            is_wanted = mail.is_positive and any(one.is_positive for one in accepted)
            octets = self._session.content(
                content, is_wanted=is_wanted, is_canonical=is_canonical
            )
            if is_wanted:
                final = await self._transfer(octets)
            else:
                (final,) = await self.ask(octets, 1)
        return Replies(mail=mail, recipients=tuple(accepted), data=data, final=final)

    async def quit(self) -> None:
        """Take leave and close; whatever the peer does about it."""
        try:
            if self.is_open:
                await self.ask(b"QUIT\r\n", 1, timeout_s=5.0)
        except OSError:
            pass
        finally:
            self.close()

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    async def ask(
        self,
        octets: bytes,
        count: int,
        timeout_s: float = 0.0,
        shown: bytes | None = None,
    ) -> list[Reply]:
        """The next `count` replies, `octets` having been sent.

        `shown` is what the wire sees of them, None for all.
        """
        if self._error is not None and not self._replies:
            raise self._lost()
        self._wanted = count
        self._waiter = self._loop.create_future()
        if octets and self._transport:
            if self._wire:
                self._show(octets if shown is None else shown)
            self._transport.write(octets)
        wait_s = timeout_s or self._times.reply_s
        self._set_deadline(self._loop.time() + wait_s)
        if self._replies:
            self._settle()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    # -- inside

    async def _ask_all(self, commands: list[bytes]) -> list[Reply]:
        if "PIPELINING" in self.extensions:
            return await self.ask(b"".join(commands), len(commands))
        answers: list[Reply] = []
        for command in commands:
            (answer,) = await self.ask(command, 1)
            answers.append(answer)
        return answers

    async def _ask_veiled(self, octets: bytes, shown: bytes) -> Reply:
        return (await self.ask(octets, 1, shown=shown))[0]

    async def _transfer(self, octets: bytes) -> Reply:
        """The reply to the content; `stage` tells how far it came where none comes."""
        self.stage = Stage.CONTENT
        if len(octets) > PIECE_OCTETS or self.sends_dot_alone:
            octets = await self._hand_over(octets)
        self.stage = Stage.SENT
        (final,) = await self.ask(octets, 1, self._times.final_s)
        self.stage = Stage.COMMANDS
        return final

    async def _hand_over(self, octets: bytes) -> bytes:
        """Send all but the last piece, each as the peer takes it; that last piece."""
        end = len(octets) - PIECE_OCTETS
        if self.sends_dot_alone and self._transport:
            self._transport.set_write_buffer_limits(0)
            end = len(octets) - len(DOT_LINE)
        at = 0
        while at < end and self._transport and self._error is None:
            piece = octets[at : min(end, at + PIECE_OCTETS)]
            at += len(piece)
            if self._wire:
                self._show(piece)
            self._transport.write(piece)
            await self._drain()
        return octets[at:]

    async def _drain(self) -> None:
        """Return when the transport takes more, or has ended: `ask` tells why then."""
        if not self._is_paused or self._error is not None:
            return
        self._drained = self._loop.create_future()
        try:
            async with asyncio.timeout(self._times.piece_s):
                await self._drained
        except TimeoutError:
            self._fail(TimeoutError("the peer takes no content"))
            raise
        finally:
            self._drained = None

    def _show(self, octets: bytes) -> None:
        assert self._wire
        if self.stage is Stage.COMMANDS:
            self._wire.sent(octets)
        else:
            self._wire.content(octets)

    def _set_deadline(self, at: float) -> None:
        self._deadline_at = at
        if self._timer is not None and self._timer.when() > at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._watch()

    def _settle(self) -> None:
        """Give the waiter its replies when they are all there.

        A 421 that the peer closes on answers the rest of a pipelined group too.
        """
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        replies, wanted = self._replies, self._wanted
        if self._error is not None and replies and replies[-1].code == 421:
            replies += [replies[-1]] * (wanted - len(replies))
        if len(replies) >= wanted:
            waiter.set_result(replies[:wanted])
            del replies[:wanted]
        elif self._error is not None:
            waiter.set_exception(self._lost())

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._settle()
        if self._drained and not self._drained.done():
            self._drained.set_result(None)
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.abort()

    def _lost(self) -> Exception:
        error = self._error
        if isinstance(error, ConnectionError | TimeoutError):
            return error
        return ConnectionResetError(str(error))

    def _is_unsent(self) -> bool:
        """Whether the peer has not taken all that was handed over."""
        if self._transport is None:
            return False
        if self._transport.get_write_buffer_size():
            return True
        sock = self._transport.get_extra_info("socket")
        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4)
        return any(waiting)

    def _watch(self) -> None:
        """One timer per connection, set anew when it fires, not at every command."""
        self._timer = None
        if self._waiter is None or self._error is not None:
            return
        if self._deadline_at <= self._loop.time():
            if self.stage is Stage.SENT and self._is_unsent():
                self.stage = Stage.CONTENT
            self._fail(TimeoutError("no reply from the peer"))
            return
        self._timer = self._loop.call_at(self._deadline_at, self._watch)
