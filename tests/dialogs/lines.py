"""The two lines that a transcript is played over: memory, and a socket."""

import asyncio
import inspect
import ssl
from collections.abc import Coroutine
from typing import Any

from sinyal.runtime.smtp_server import Dialog, Peer, settle
from sinyal.runtime.tls import client_context
from sinyal.smtp.reply import Reply
from sinyal.smtp.server import ServerSession, Signal
from sinyal.smtp.transitions import State

PATIENCE_S = 10.0


def result_of(coroutine: Coroutine[Any, Any, Reply]) -> Reply:
    """What a coroutine that waits for nothing returns."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")


class MemoryLine:
    """Session and dialog without a transport; `step` cuts what is sent in pieces."""

    def __init__(self, dialog: Dialog, step: int = 0) -> None:
        self.session = ServerSession()
        self._dialog = dialog
        self._step = step
        self._said = b""
        greeting = dialog.opened(Peer("127.0.0.1", 40000, "127.0.0.1", 25))
        assert isinstance(greeting, Reply)
        self.session.greet(greeting)
        self.session.max_octets = dialog.max_octets
        self.session.features = dialog.features
        self.session.wire = dialog.wire
        self._said += self.session.data_to_send()

    def feed(self, octets: bytes) -> bytes:
        """Give the session these octets; what it says."""
        step = self._step or len(octets) or 1
        for start in range(0, len(octets), step):
            if self.session.state is State.UPGRADING:
                break  # what follows is not read as SMTP
            self.session.receive_data(octets[start : start + step])
            while not isinstance(event := self.session.next_event(), Signal):
                answer = self._dialog.answer(event)
                if inspect.iscoroutine(answer):
                    answer = result_of(answer)
                assert isinstance(answer, Reply)
                settle(self.session, self._dialog, event, answer)
        return self.session.data_to_send()

    async def send(self, octets: bytes) -> None:
        self._said += self.feed(octets)

    async def read_line(self) -> str:
        line, end, self._said = self._said.partition(b"\r\n")
        if not end:
            assert self.session.state is State.CLOSED, "nothing was said"
        return line.decode()

    async def start_tls(self) -> None:
        assert self.session.state is State.UPGRADING
        self.session.secured()
        secure = ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
        self._dialog.secured(Peer("127.0.0.1", 40000, "127.0.0.1", 25, *secure))
        self._said += self.feed(b"")


class SocketLine:
    """A real connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, octets: bytes) -> None:
        self._writer.write(octets)
        async with asyncio.timeout(PATIENCE_S):
            await self._writer.drain()

    async def read_line(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            try:
                line = await self._reader.readline()
            except (ConnectionError, ssl.SSLError):
                return ""
        return line.decode().removesuffix("\r\n")

    async def start_tls(self) -> None:
        context = client_context(verify=False)
        async with asyncio.timeout(PATIENCE_S):
            await self._writer.start_tls(context, server_hostname="mx.example")

    def close(self) -> None:
        self._writer.close()
