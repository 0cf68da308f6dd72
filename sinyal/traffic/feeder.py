"""One feeding connection: STARTTLS, AUTH, message after message; RFC 3207, 4954."""

import asyncio
import ssl

import msgspec

from sinyal.runtime.smtp_client import Connection, Times, open_connection
from sinyal.smtp.reply import Reply, reply
from sinyal.traffic.compose import Message

HELLO_NAME = "traffic.localhost"
PAUSE_S = 0.25  # before a message is tried again
NOT_REACHED = reply(451, "4.4.1 the target cannot be reached")


class Stopped(Exception):
    """Why no message can be fed; the operator has to change something."""


class Target(msgspec.Struct, frozen=True):
    """Where the mail is fed. Without `tls` in the clear; without `user` no AUTH.

    Units: `patience_s` for how long one message is tried again.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    patience_s: float = 60.0


class Feeder:
    """A connection that is opened when needed and again when lost."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: Connection | None = None

    async def feed(self, message: Message) -> tuple[Reply, int]:
        """The last reply to the message, and how many times it was tried.

        A 4xx and a lost connection are tried again while patience lasts. After a lost
        connection nobody knows whether the message was taken: it may go twice.
        Errors: `Stopped` when STARTTLS or AUTH is refused.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._target.patience_s
        tries = 0
        while True:
            tries += 1
            answer = await self._try(message)
            if not answer.is_transient or loop.time() > give_up_at:
                return answer, tries
            await asyncio.sleep(PAUSE_S)

    async def quit(self) -> None:
        if self._connection is not None:
            await self._connection.quit()

    async def _try(self, message: Message) -> Reply:
        try:
            connection = self._connection or await self._open()
            replies = await connection.send(
                message.mail_from, (message.rcpt,), message.content
            )
        except OSError as error:
            self._drop()
            return Reply(NOT_REACHED.code, (f"{NOT_REACHED.text}: {error}",))
        answer = replies.deciding
        if answer.code == 421:
            self._drop()
        return answer

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _open(self) -> Connection:
        target = self._target
        connection = await open_connection(
            target.host, target.port, times=Times(connect_s=10.0)
        )
        try:
            await self._enter(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    async def _enter(self, connection: Connection) -> None:
        target = self._target
        _require(connection.greeting, "the greeting")
        _require(await connection.hello(HELLO_NAME), "EHLO")
        if target.tls is not None:
            _require(await connection.starttls(target.tls), "STARTTLS")
            _require(await connection.hello(HELLO_NAME), "EHLO")
        if target.user:
            _require(await connection.login(target.user, target.password), "AUTH")


def _require(answer: Reply, step: str) -> None:
    if answer.is_permanent:
        raise Stopped(f"{step} was answered {answer}")
    if not answer.is_positive:
        raise ConnectionError(f"{step} was answered {answer}")
