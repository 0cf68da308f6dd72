"""Reports handed to the MTA by SMTP over one connection; RFC 5321."""

import asyncio

from sinyal.runtime.smtp_client import Connection, Times, open_connection
from sinyal.smtp.reply import Reply, reply

ATTEMPTS = 9
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
CONNECT_LIMIT_S = 10.0
NOT_REACHED = 451


class Reporter:
    """Sends one report after the other; a lost connection is opened anew."""

    def __init__(self, host: str, port: int, hello_name: str) -> None:
        self._host = host
        self._port = port
        self._hello_name = hello_name
        self._connection: Connection | None = None

    async def send(
        self, mail_from: str, rcpt: str, content: bytes
    ) -> tuple[Reply, int]:
        """The MTA's last word on the report, and after how many attempts.

        A 4xx and a lost connection are tried again, with growing pauses.
        """
        answer = reply(NOT_REACHED, "4.4.1 not tried")
        for attempt in range(ATTEMPTS):
            if attempt:
                pause_s = FIRST_PAUSE_S * 2 ** (attempt - 1)
                await asyncio.sleep(min(pause_s, LONGEST_PAUSE_S))
            answer = await self._try(mail_from, rcpt, content)
            if not answer.is_transient:
                return answer, attempt + 1
        return answer, ATTEMPTS

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.quit()

    async def _try(self, mail_from: str, rcpt: str, content: bytes) -> Reply:
        try:
            if self._connection is None or not self._connection.is_open:
                self._connection = await self._open()
            replies = await self._connection.send(mail_from, (rcpt,), content)
        except OSError as error:
            self._drop()
            return reply(NOT_REACHED, f"4.4.1 the MTA is out of reach: {error}")
        except ValueError as error:
            return reply(553, f"5.1.3 {error}")
        answer = replies.deciding
        if answer.code == 421:
            self._drop()
        return answer

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _open(self) -> Connection:
        connection = await open_connection(
            self._host, self._port, times=Times(connect_s=CONNECT_LIMIT_S)
        )
        answer = connection.greeting
        if answer.is_positive:
            answer = await connection.hello(self._hello_name)
        if not answer.is_positive:
            connection.close()
            raise ConnectionError(str(answer))
        return connection
