"""An SMTP client: the session machine of `sinyal.smtp` on asyncio's transports.

A transaction is pipelined in one write where the peer offers it. What the peer says is
a `Reply`; only the network raises.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import cast

from sinyal.smtp import sasl
from sinyal.smtp.client import (
    NO_WISHES,
    BrokenReply,
    ClientSession,
    Replies,
    Wishes,
)
from sinyal.smtp.reply import Reply, reply

NO_MECHANISM = reply(504, "5.5.4 no authentication mechanism in common")
NOT_SENT = reply(503, "5.5.1 not sent")


async def open_connection(
    ip: str,
    port: int,
    *,
    source_ip: str = "",
    timeout_s: float = 120.0,
    reply_timeout_s: float = 300.0,
    final_timeout_s: float = 600.0,
) -> "Connection":
    """A connection whose greeting has been read.

    Units: `timeout_s` bounds the connecting, `reply_timeout_s` each reply,
    `final_timeout_s` the reply to the content (RT-11; RFC 5321 4.5.3.2).
    Errors: `TimeoutError`, `OSError` from the network; `ConnectionError` for a peer
    that does not speak SMTP.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        _, connection = await loop.create_connection(
            lambda: Connection(loop, reply_timeout_s, final_timeout_s),
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
    `TimeoutError`, `ConnectionError`; the connection is closed then.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        reply_timeout_s: float,
        final_timeout_s: float,
    ) -> None:
        self.greeting = NOT_SENT
        self.tls_protocol = ""
        self.tls_cipher = ""
        self.local_ip = ""
        self.remote_ip = ""
        self._loop = loop
        self._reply_timeout_s = reply_timeout_s
        self._final_timeout_s = final_timeout_s
        self._session = ClientSession()
        self._transport: asyncio.Transport | None = None
        self._replies: list[Reply] = []
        self._wanted = 0
        self._waiter: asyncio.Future[list[Reply]] | None = None
        self._deadline_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._error: Exception | None = None

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
        self._session.receive_data(data)
        try:
            while one := self._session.next_reply():
                self._replies.append(one)
        except BrokenReply as error:
            self._fail(error)
            return
        self._settle()

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
        return answer

    async def login(self, user: str, password: str, mechanism: str = "") -> Reply:
        """The last reply to AUTH, by the best mechanism in common; RFC 4954."""
        offered = self.extensions.get("AUTH", "").upper().split()
        wanted = (mechanism,) if mechanism else sasl.MECHANISMS
        chosen = next((name for name in wanted if name in offered), "")
        if chosen == "CRAM-MD5":
            return await self._login_cram_md5(user, password)
        if chosen == "LOGIN":
            return await self._login_login(user, password)
        if chosen == "PLAIN":
            response = sasl.encode(sasl.plain_response(user, password))
            return (await self.ask(f"AUTH PLAIN {response}\r\n".encode(), 1))[0]
        return NO_MECHANISM

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
            (final,) = await self.ask(octets, 1, self._final_timeout_s)
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
        self, octets: bytes, count: int, timeout_s: float = 0.0
    ) -> list[Reply]:
        """The next `count` replies, `octets` having been sent."""
        if self._error is not None and not self._replies:
            raise self._lost()
        self._wanted = count
        self._waiter = self._loop.create_future()
        self._deadline_at = self._loop.time() + (timeout_s or self._reply_timeout_s)
        if octets and self._transport:
            self._transport.write(octets)
        if self._timer is None:
            self._watch()
        elif self._timer.when() > self._deadline_at:
            self._timer.cancel()
            self._watch()
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

    async def _login_cram_md5(self, user: str, password: str) -> Reply:
        (answer,) = await self.ask(b"AUTH CRAM-MD5\r\n", 1)
        if answer.code != 334:
            return answer
        challenge = sasl.decode(answer.text) or b""
        response = sasl.encode(sasl.cram_md5_response(user, password, challenge))
        return (await self.ask(response.encode() + b"\r\n", 1))[0]

    async def _login_login(self, user: str, password: str) -> Reply:
        (answer,) = await self.ask(b"AUTH LOGIN\r\n", 1)
        for word in (user, password):
            if answer.code != 334:
                break
            octets = sasl.encode(word.encode()).encode() + b"\r\n"
            (answer,) = await self.ask(octets, 1)
        return answer

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
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.abort()

    def _lost(self) -> Exception:
        error = self._error
        if isinstance(error, ConnectionError | TimeoutError):
            return error
        return ConnectionResetError(str(error))

    def _watch(self) -> None:
        """One timer per connection, set anew when it fires, not at every command."""
        self._timer = None
        if self._waiter is None or self._error is not None:
            return
        if self._deadline_at <= self._loop.time():
            self._fail(TimeoutError("no reply from the peer"))
            return
        self._timer = self._loop.call_at(self._deadline_at, self._watch)
