"""Neighbours of the sink and of traffic on real sockets: an MTA and a tracker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from sinyal.runtime.smtp_server import Dialog, Peer, serve
from sinyal.smtp.events import (
    Auth,
    DataCommand,
    Event,
    Hello,
    MailData,
    MailFrom,
    RcptTo,
    StartTls,
)
from sinyal.smtp.reply import Reply, reply

OK = reply(250, "2.0.0 Ok")
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00,"
Taken = tuple[str, list[str], bytes]


class Mta(Dialog):
    """Takes mail of those who log in (or of all), after the replies in `first`."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.is_secure = self.is_known = False
        self.envelope: tuple[str, list[str]] = ("", [])

    def opened(self, peer: Peer) -> Reply:
        return reply(220, "mta.test ESMTP")

    def extensions(self, is_tls: bool) -> list[str]:
        offered = ["PIPELINING", "8BITMIME", "SIZE 1000000"]
        return [*offered, "AUTH PLAIN"] if is_tls else [*offered, "STARTTLS"]

    def secured(self, peer: Peer) -> None:
        self.is_secure = True

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        match event:
            case Auth():
                self.is_known = self.is_secure and event.initial == b"\0u\0p"
                return reply(235, "ok") if self.is_known else reply(535, "5.7.8 no")
            case StartTls():
                return reply(220, "go")
            case Hello():
                return reply(250, "mta.test")
            case MailFrom():
                if self.world.needs_login and not self.is_known:
                    return reply(530, "5.7.0 log in")
                self.envelope = (event.address, [])
            case RcptTo():
                self.envelope[1].append(event.address)
            case DataCommand():
                return reply(354, "go")
            case MailData():
                return self.take(event.octets)
        return OK

    def take(self, content: bytes) -> Reply:
        if self.world.first:
            return self.world.first.pop(0)
        self.world.taken.append((*self.envelope, content))
        return OK


class World:
    """An MTA on a port of its own; `taken` is the mail it answered 250."""

    def __init__(self, *first: Reply, needs_login: bool = False) -> None:
        self.taken: list[Taken] = []
        self.first = list(first)
        self.needs_login = needs_login
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None

    def _dialog(self) -> Mta:
        self.connections += 1
        return Mta(self)

    async def start(self, tls: Any = None) -> None:
        self._server = await serve("127.0.0.1", self.port, self._dialog, tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        assert self._server
        self._server.close()


class Tracker:
    """Answers GETs by `route`; `seen` has each (path, user agent) in order."""

    def __init__(self, route: Callable[[str], bytes]) -> None:
        self.seen: list[tuple[str, str]] = []
        self.port = 0
        self._route = route
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        assert self._server
        self._server.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            path = head.split(b" ")[1].decode()
            rows = head.decode().split("\r\n")
            agent = next(r[12:] for r in rows if r.lower().startswith("user-agent: "))
            self.seen.append((path, agent))
            writer.write(self._route(path))
            await writer.drain()
        writer.close()


def gif() -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(GIF), GIF)
    )


def found(location: str) -> bytes:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n"
    return head.encode() + b"Content-Length: 0\r\n\r\n"


def status(code: int) -> bytes:
    return f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n".encode()


async def idle(port: int) -> dict[str, Any]:
    """The sink's status once nothing is pending."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
        while True:
            answer = await client.get(f"http://127.0.0.1:{port}/status")
            said: dict[str, Any] = answer.json()
            if said["is_idle"]:
                return said
