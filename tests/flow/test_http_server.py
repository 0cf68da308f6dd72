"""The small HTTP server over TLS on loopback: order, bounds and time."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest
from mta_process import any_certificate

from sinyal.runtime.certificate import self_made_context
from sinyal.runtime.http_server import Bounds, Head, Response, serve
from sinyal.runtime.smtp_dialog import Peer

LIMIT = 1000
POST = b"POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"


class Echo:
    """Answers with what it was sent; /slow waits for `go`, /fault has one."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.asked: list[str] = []

    def opened(self, peer: Peer) -> None:
        self.asked.append(peer.tls_protocol)

    def admit(self, head: Head) -> Response | int:
        return Response(403, b"no") if head.path == "/secret" else LIMIT

    def too_large(self, head: Head) -> Response:
        return Response(413, b"large")

    def busy(self, head: Head) -> Response:
        return Response(503, b"busy")

    def broken(self, status: int, reason: str, peer: Peer) -> Response:
        return Response(status, b"broken")

    async def answer(self, head: Head, body: bytes) -> Response:
        if head.path == "/slow":
            self.begun.set()
            await self.go.wait()
        if head.path == "/fault":
            raise RuntimeError
        return Response(200, body)


class Client:
    def __init__(self, reader, writer) -> None:
        self.reader, self.writer = reader, writer

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def answer(self) -> tuple[int, bytes]:
        """The next answer; (0, b"") when the server has closed."""
        async with asyncio.timeout(10):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0, b""
            status = int(head.split()[1])
            if status == 100:
                return status, b""
            length = int(head.lower().split(b"content-length: ")[1].split()[0])
            return status, await self.reader.readexactly(length)


@asynccontextmanager
async def serving(**bounds):
    echo = Echo()
    context = self_made_context("localhost", time.time())
    limits = Bounds(**bounds)
    listening = await serve("127.0.0.1", 0, echo, context, limits)
    port = listening.sockets[0].getsockname()[1]
    writers = []

    async def connect() -> Client:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=any_certificate()
        )
        writers.append(writer)
        return Client(reader, writer)

    try:
        yield echo, limits, connect, listening
    finally:
        for writer in writers:
            writer.close()
        await listening.stop(1.0)


def run(test, **bounds) -> None:
    async def go() -> None:
        async with serving(**bounds) as parts:
            await test(*parts)

    asyncio.run(go())


def test_requests_on_one_connection_are_answered_in_order() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(b"".join(POST % (1, b"%d" % at) for at in range(9)))
        found = [await client.answer() for _ in range(9)]
        assert found == [(200, b"%d" % at) for at in range(9)]
        assert limits.held == 0

    run(test)


def test_a_thousand_pipelined_refusals_are_all_answered() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(b"GET /secret HTTP/1.1\r\nHost: a\r\n\r\n" * 3000)
        for _ in range(3000):
            assert await client.answer() == (403, b"no")

    run(test)


def test_a_body_in_chunks_is_taken() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
        assert await client.answer() == (200, b"abcde")

    run(test)


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        begin = b" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
        client.send(b"POST /" + begin + b"Expect: 100-continue\r\n\r\n")
        assert await client.answer() == (100, b"")
        client.send(b"abc")
        assert await client.answer() == (200, b"abc")
        client.send(b"POST /secret" + begin + b"Expect: 100-continue\r\n\r\n")
        assert await client.answer() == (403, b"no")

    run(test)


def test_a_refused_body_is_read_and_the_connection_goes_on() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(POST.replace(b"/take", b"/secret") % (9000, b"x" * 9000))
        assert await client.answer() == (403, b"no")
        client.send(POST % (LIMIT + 1, b"x" * (LIMIT + 1)))
        assert await client.answer() == (413, b"large")
        client.send(POST % (2, b"ok"))
        assert await client.answer() == (200, b"ok")

    run(test)


def test_a_body_without_a_declared_length_is_bounded_too() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        chunk = b"%x\r\n%b\r\n" % (600, b"x" * 600)
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunk * 2
        )
        assert await client.answer() == (413, b"large")
        assert limits.held == 0
        client.send(chunk * 4000)
        assert await client.answer() == (0, b"")

    run(test)


def test_bodies_of_all_connections_are_bounded_together() -> None:
    async def test(echo, limits, connect, listening) -> None:
        first, second = await connect(), await connect()
        first.send(POST.replace(b"/take", b"/slow") % (900, b"x" * 900))
        await echo.begun.wait()
        second.send(POST % (900, b"x" * 900))
        assert await second.answer() == (503, b"busy")
        echo.go.set()
        assert (await first.answer())[0] == 200
        second.send(POST % (900, b"x" * 900))
        assert (await second.answer())[0] == 200
        assert limits.held == 0

    run(test, held_limit=1000)


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000, 431),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            400,
        ),
    ],
)
def test_what_is_no_request_is_answered_and_closed(octets, status) -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(octets)
        assert await client.answer() == (status, b"broken")
        assert await client.answer() == (0, b"")

    run(test)


def test_a_fault_is_an_answer_too() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(POST.replace(b"/take", b"/fault") % (1, b"x"))
        assert await client.answer() == (500, b"broken")
        client.send(POST % (1, b"x"))
        assert await client.answer() == (200, b"x")

    run(test)


def test_old_clients_and_those_that_say_so_are_closed() -> None:
    async def test(echo, limits, connect, listening) -> None:
        for line in (
            b"POST / HTTP/1.0\r\n",
            b"POST / HTTP/1.1\r\nConnection: close\r\n",
        ):
            client = await connect()
            client.send(line + b"Host: a\r\nContent-Length: 1\r\n\r\nx")
            assert await client.answer() == (200, b"x")
            assert await client.answer() == (0, b"")

    run(test)


@pytest.mark.parametrize(
    ("octets", "bounds"),
    [
        (b"", {"idle_s": 0.05}),
        (b"POST / HT", {"head_s": 0.05}),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", {"body_s": 0.05}),
    ],
)
def test_a_client_that_dawdles_is_dropped(octets, bounds) -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        client.send(octets)
        assert await client.answer() == (0, b"")
        client.writer.close()
        await listening.stop(5.0)
        assert (limits.opened, limits.held) == (0, 0)

    run(test, **bounds)


def test_dripping_octets_do_not_buy_time() -> None:
    async def test(echo, limits, connect, listening) -> None:
        client = await connect()
        loop = asyncio.get_running_loop()

        def drip() -> None:
            client.send(b"P")
            timers[0] = loop.call_later(0.01, drip)

        timers = [loop.call_soon(drip)]
        assert await client.answer() == (0, b"")
        timers[0].cancel()

    run(test, head_s=0.2)


def test_connections_are_bounded() -> None:
    async def test(echo, limits, connect, listening) -> None:
        first, second = await connect(), await connect()
        with pytest.raises(ConnectionError):
            await connect()
        for client in (first, second):
            client.send(POST % (1, b"x"))
            assert await client.answer() == (200, b"x")

    run(test, connections=2)


def test_handshakes_that_never_come_take_room_and_give_it_back() -> None:
    async def test(echo, limits, connect, listening) -> None:
        port = listening.sockets[0].getsockname()[1]
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        with pytest.raises(ConnectionError):
            await connect()
        for _, writer in silent:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(10):
            await _room(limits)
        client = await connect()
        client.send(POST % (1, b"x"))
        assert await client.answer() == (200, b"x")

    run(test, connections=2)


async def _room(limits: Bounds) -> None:
    """Return once no connection is open."""
    loop, is_free = asyncio.get_running_loop(), asyncio.Event()

    def look() -> None:
        if limits.opened:
            loop.call_later(0.01, look)
        else:
            is_free.set()

    look()
    await is_free.wait()


def test_a_server_that_stops_gives_the_answers_it_owes() -> None:
    async def test(echo, limits, connect, listening) -> None:
        idle, busy = await connect(), await connect()
        busy.send(POST.replace(b"/take", b"/slow") % (1, b"x"))
        await echo.begun.wait()
        stopping = asyncio.get_running_loop().create_task(listening.stop(5.0))
        assert await idle.answer() == (0, b"")
        echo.go.set()
        assert await busy.answer() == (200, b"x")
        assert await busy.answer() == (0, b"")
        await stopping

    run(test)


def test_speech_in_the_clear_is_not_understood() -> None:
    async def test(echo, limits, connect, listening) -> None:
        port = listening.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST % (1, b"x"))
        with suppress(ConnectionError):
            assert b"HTTP" not in await reader.read()
        writer.close()

    run(test)
