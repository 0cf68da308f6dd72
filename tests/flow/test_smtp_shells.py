"""Server and client over real sockets: what the session machines cannot show."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from sinyal.runtime.smtp_client import Connection, Times, open_connection
from sinyal.runtime.smtp_server import Dialog, Peer, serve
from sinyal.runtime.tls import client_context, server_context
from sinyal.smtp.events import DataCommand, Event, MailData, Quit, RcptTo, StartTls
from sinyal.smtp.reply import Reply, reply

OK, GO, BYE = reply(250, "2.0.0 ok"), reply(354, "go on"), reply(221, "bye")
READY = reply(220, "2.0.0 ready")
REPLIES = {DataCommand: GO, Quit: BYE, StartTls: READY}


class Mailbox(Dialog):
    """Takes everything but recipients named `no`; remembers what it saw."""

    def __init__(self, offered: list[str] | None = None) -> None:
        self.offered = ["PIPELINING", "8BITMIME", "STARTTLS"]
        self.offered = self.offered if offered is None else offered
        self.events: list[Event] = []
        self.contents: list[bytes] = []
        self.peers: list[Peer] = []
        self.is_closed = asyncio.Event()
        self.gate: asyncio.Event | None = None

    def opened(self, peer: Peer) -> Reply:
        self.peers.append(peer)
        return reply(220, "mailbox")

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        self.events.append(event)
        if isinstance(event, RcptTo) and event.address.startswith("no@"):
            return reply(550, "5.1.1 no")
        if isinstance(event, MailData):
            self.contents.append(event.octets)
            return self._stored() if self.gate else OK
        return REPLIES.get(type(event), OK)

    def extensions(self, is_tls: bool) -> list[str]:
        return self.offered

    def secured(self, peer: Peer) -> None:
        self.peers.append(peer)

    def closed(self) -> None:
        self.is_closed.set()

    async def _stored(self) -> Reply:
        assert self.gate is not None
        await self.gate.wait()
        return OK


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    words = "openssl req -x509 -newkey ec -nodes -days 30 -subj /CN=mx.example"
    options = ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key]
    command = [*words.split(), *options, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    both = directory / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@pytest.fixture(params=["asyncio", "uvloop"], autouse=True)
def loop_kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test runs on asyncio's own loop and on the programs' loop."""
    if request.param == "uvloop":
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(None)


Talk = Callable[[Connection], Coroutine[Any, Any, None]]


def talk(
    box: Callable[[], Mailbox], work: Talk, pem: Path | None = None, **timeouts: Times
) -> None:
    """Serve `box`, connect, greet and run `work` with the connection."""

    async def run() -> None:
        context = server_context(pem) if pem else None
        server = await serve("127.0.0.1", 0, box, context)
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(20):
            connection = await open_connection("127.0.0.1", port, **timeouts)
            try:
                await connection.hello("client.example")
                await work(connection)
            finally:
                connection.close()
                server.close()

    asyncio.run(run())


def test_messages_follow_each_other_on_one_connection_octet_for_octet() -> None:
    box: list[Mailbox] = []

    def make() -> Mailbox:
        box.append(Mailbox())
        return box[0]

    contents = [b"one\r\n", b".\r\n..\r\n", b"\xff" * 300_000 + b"\r\n", b""]

    async def work(connection: Connection) -> None:
        for content in contents:
            replies = await connection.send("a@b.c", ["d@e.f"], content)
            assert replies.final == OK
        await connection.quit()
        assert not connection.is_open
        await box[0].is_closed.wait()

    talk(make, work)
    assert box[0].contents == contents


@pytest.mark.parametrize("offered", [["PIPELINING"], []])
def test_refused_recipients_are_told_apart_and_the_next_message_is_clean(
    offered: list[str],
) -> None:
    async def work(connection: Connection) -> None:
        some = await connection.send("a@b.c", ["no@e.f", "yes@e.f"], b"x\r\n")
        assert [one.code for one in some.recipients] == [550, 250]
        assert some.final == OK
        none = await connection.send("a@b.c", ["no@e.f"], b"x\r\n")
        assert (none.recipients[0].code, none.data.code) == (550, 554)
        assert none.final is None
        again = await connection.send("a@b.c", ["yes@e.f"], b"x\r\n")
        assert again.mail == again.final == OK

    talk(lambda: Mailbox(offered), work)


def test_starttls_secures_both_ends_and_begins_anew(pem: Path) -> None:
    box: list[Mailbox] = []

    def make() -> Mailbox:
        box.append(Mailbox())
        return box[0]

    async def work(connection: Connection) -> None:
        assert await connection.starttls(client_context(verify=False)) == READY
        assert connection.extensions == {}
        assert connection.tls_protocol == "TLSv1.3"
        await connection.hello("client.example")
        assert (await connection.send("a@b.c", ["d@e.f"], b"x" * 200_000)).final == OK

    talk(make, work, pem)
    assert box[0].peers[1].tls_protocol == "TLSv1.3"
    assert box[0].contents == [b"x" * 200_000 + b"\r\n"]


def test_a_certificate_that_does_not_verify_is_a_connection_error(pem: Path) -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(ConnectionError, match="certificate"):
            await connection.starttls(client_context(verify=True), "mx.example")

    talk(Mailbox, work, pem)


def test_a_failed_handshake_closes_the_dialog(pem: Path) -> None:
    box: list[Mailbox] = []

    def make() -> Mailbox:
        box.append(Mailbox())
        return box[0]

    async def work(connection: Connection) -> None:
        await connection.ask(b"STARTTLS\r\n", 1)
        with pytest.raises(ConnectionError):
            await connection.ask(b"this is no handshake\r\n" * 10, 1)
        await box[0].is_closed.wait()

    talk(make, work, pem)


def test_commands_behind_a_message_wait_for_its_reply_in_order() -> None:
    box = Mailbox()

    async def work(connection: Connection) -> None:
        box.gate = asyncio.Event()
        group = (
            b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nx\r\n.\r\n"
            b"VRFY later\r\nQUIT\r\n"
        )
        answers = await connection.ask(group, 3)
        assert [one.code for one in answers] == [250, 250, 354]
        seen = len(box.events)
        waiting = asyncio.ensure_future(connection.ask(b"", 3))
        await asyncio.sleep(0)
        assert len(box.events) == seen
        box.gate.set()
        assert [one.code for one in await waiting] == [250, 250, 221]

    talk(lambda: box, work)


def test_a_peer_that_floods_behind_a_pending_message_is_not_read_any_more() -> None:
    box = Mailbox()

    async def run() -> None:
        box.gate = asyncio.Event()
        server = await serve("127.0.0.1", 0, lambda: box)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HELO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n.\r\n")
        for _ in range(5):
            await reader.readline()
        writer.write(b"NOOP\r\n" * 4_000_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await writer.drain()
        writer.transport.abort()
        server.close()

    asyncio.run(run())


def test_an_idle_peer_is_told_so_and_closed() -> None:
    box = Mailbox()
    box.timeout_s = 0.05

    async def work(connection: Connection) -> None:
        (said,) = await connection.ask(b"", 1)
        assert said.code == 421
        await box.is_closed.wait()

    talk(lambda: box, work)


def test_a_silent_server_is_a_timeout_and_a_closed_one_a_connection_error() -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(TimeoutError):
            await connection.ask(b"", 1)
        with pytest.raises(OSError, match="no reply"):
            await connection.ask(b"NOOP\r\n", 1)

    talk(Mailbox, work, times=Times(reply_s=0.05))


def test_a_421_that_closes_answers_the_rest_of_the_group() -> None:
    class Tired(Mailbox):
        def answer(self, event: Event) -> Reply | Awaitable[Reply]:
            if isinstance(event, RcptTo):
                return reply(421, "4.3.2 going down")
            return super().answer(event)

    async def work(connection: Connection) -> None:
        replies = await connection.send("a@b.c", ["d@e.f", "g@h.i"], b"x")
        assert replies.mail == OK
        codes = [one.code for one in (*replies.recipients, replies.data)]
        assert codes == [421, 421, 421]
        with pytest.raises(ConnectionError):
            await connection.send("a@b.c", ["d@e.f"], b"x")

    talk(Tired, work)


def test_a_dialog_that_fails_is_answered_451_and_the_connection_goes_on() -> None:
    class Broken(Mailbox):
        def answer(self, event: Event) -> Reply | Awaitable[Reply]:
            if isinstance(event, RcptTo):
                raise RuntimeError("a bug")
            return super().answer(event)

    async def work(connection: Connection) -> None:
        replies = await connection.send("a@b.c", ["d@e.f"], b"x")
        assert replies.recipients[0].code == 451
        assert (await connection.ask(b"NOOP\r\n", 1))[0] == OK

    talk(Broken, work)


LINE = b"x" * 998 + b"\r\n"


def test_a_flood_of_data_is_cut_off_and_its_memory_given_back() -> None:
    async def run() -> None:
        server = await serve("127.0.0.1", 0, Mailbox, memory_octets=5_000_000)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HELO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            for _ in range(100):
                writer.write(LINE * 1000)
                await writer.drain()
            await reader.readexactly(1_000)
        writer.close()
        connection = await open_connection("127.0.0.1", port)
        await connection.hello("client.example")
        for _ in range(3):
            replies = await connection.send("a@b.c", ["d@e.f"], LINE * 4000)
            assert replies.final == OK
        connection.close()
        server.close()

    asyncio.run(run())


def test_nobody_listening_is_an_os_error() -> None:
    async def run() -> None:
        server = await serve("127.0.0.1", 0, Mailbox)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(OSError):
            await open_connection("127.0.0.1", port)

    asyncio.run(run())
