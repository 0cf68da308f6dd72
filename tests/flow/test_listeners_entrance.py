"""How connections begin and how they are cut: TLS at once, PROXY, silence."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from sinyal.config.vocabulary import ListenerTls, TlsFiles
from sinyal.runtime.certificate import self_made
from sinyal.runtime.crowd import Crowd
from sinyal.runtime.listening import Connections, listening_socket
from sinyal.runtime.smtp_server import Dialog, Memory, Peer, Service, serve_on
from sinyal.runtime.tls import client_context, listener_context
from sinyal.smtp.events import DataCommand, Event, MailData
from sinyal.smtp.reply import Reply, reply

PATIENCE_S = 10.0
SHORT_S = 0.2
PROXIED = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n"
PROXIED_V2 = (
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\0\x19"
)


class Greeter(Dialog):
    """Greets everybody by address, takes everything."""

    def __init__(self, timeout_s: float, data_timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.data_timeout_s = data_timeout_s

    def opened(self, peer: Peer) -> Reply:
        return reply(220, f"{peer.remote_ip} {peer.remote_port} {peer.tls_protocol}")

    def answer(self, event: Event) -> Reply:
        if isinstance(event, MailData):
            return reply(250, f"{len(event.octets)} octets")
        return reply(354 if isinstance(event, DataCommand) else 250, "go on")


def service(timeout_s: float = 300.0, data_timeout_s: float = 300.0) -> Service:
    return Service(
        dialogs=lambda: Greeter(timeout_s, data_timeout_s),
        memory=Memory(1 << 20),
        connections=Connections(),
    )


class Client:
    """A connection that says octets and reads lines."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, octets: bytes) -> str:
        self.writer.write(octets)
        return await self.line()

    async def line(self) -> str:
        """The next line, "" at the end of the connection."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return (await self.reader.readline()).decode().rstrip("\r\n")
            except ConnectionError:
                return ""

    async def begin_tls(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.writer.start_tls(
                client_context(verify=False), server_hostname="mx.example"
            )


@asynccontextmanager
async def served(
    what: Service,
) -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    """A listener; what is given out opens a connection to it."""
    opened = listening_socket("127.0.0.1", 0)
    port = opened.getsockname()[1]
    listening = await serve_on(opened, what)
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", port)))
        return clients[-1]

    try:
        yield connect
    finally:
        for client in clients:
            client.writer.close()
        await listening.stop(1.0)


@pytest.fixture
def tls(tmp_path: Path) -> ListenerTls:
    (tmp_path / "tls.pem").write_bytes(self_made("mx.example", 1_790_000_000.0))
    return ListenerTls(certificate=TlsFiles(str(tmp_path / "tls.pem")))


def test_tls_begins_at_once_on_a_listener_with_immediate_tls(tls: ListenerTls) -> None:
    async def talk() -> None:
        what = service()
        what.is_immediate, what.tls_context = True, listener_context(tls)
        async with served(what) as connect:
            client = await connect()
            await client.begin_tls()
            assert (await client.line()).endswith("TLSv1.3")
            assert await client.say(b"EHLO a.example\r\n") == "250 go on"
            assert (await client.say(b"STARTTLS\r\n")).startswith("503 ")

    uvloop.run(talk())


@pytest.mark.parametrize("header", [PROXIED, PROXIED_V2])
@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
def test_the_client_is_who_the_proxy_says(
    run: Callable[..., None], header: bytes
) -> None:
    async def talk() -> None:
        what = service()
        what.expects_proxy = lambda ip: ip == "127.0.0.1"
        async with served(what) as connect:
            client = await connect()
            said = await client.say(header + b"EHLO a.example\r\n")
            assert said == "220 192.0.2.7 4711 "
            assert await client.line() == "250 go on"

    run(talk())


def test_a_header_and_the_first_octets_of_tls_may_come_together(
    tls: ListenerTls,
) -> None:
    async def talk() -> None:
        what = service()
        what.expects_proxy = lambda ip: True
        what.is_immediate, what.tls_context = True, listener_context(tls)
        async with served(what) as connect:
            client = await connect()
            client.writer.write(PROXIED)
            await client.begin_tls()
            assert await client.line() == "220 192.0.2.7 4711 TLSv1.3"

    uvloop.run(talk())


def test_the_client_stays_who_it_was_told_to_be_behind_starttls(
    tls: ListenerTls,
) -> None:
    async def talk() -> None:
        what = service()
        what.expects_proxy = lambda ip: True
        what.tls_context = listener_context(tls)
        heard: list[Peer] = []
        what.dialogs = lambda: Remembering(heard)
        async with served(what) as connect:
            client = await connect()
            await client.say(PROXIED)
            await client.say(b"EHLO a.example\r\n")
            await client.say(b"STARTTLS\r\n")
            await client.begin_tls()
            await client.say(b"NOOP\r\n")
            assert [peer.remote_ip for peer in heard] == ["192.0.2.7"]
            assert heard[0].tls_protocol == "TLSv1.3"

    uvloop.run(talk())


class Remembering(Greeter):
    def __init__(self, heard: list[Peer]) -> None:
        super().__init__(300.0, 300.0)
        self._heard = heard

    def answer(self, event: Event) -> Reply:
        return reply(220 if type(event).__name__ == "StartTls" else 250, "go on")

    def secured(self, peer: Peer) -> None:
        self._heard.append(peer)


@pytest.mark.parametrize(
    "first", [b"EHLO a.example\r\n", b"PROXY TCP4 x\r\nEHLO a.example\r\n", b"\0" * 16]
)
def test_a_proxy_that_sends_no_header_is_cut_off(first: bytes) -> None:
    async def talk() -> None:
        what = service()
        what.expects_proxy = lambda ip: True
        async with served(what) as connect:
            client = await connect()
            assert await client.say(first) == ""

    uvloop.run(talk())


def test_who_is_no_proxy_cannot_say_who_he_is() -> None:
    async def talk() -> None:
        what = service()
        what.expects_proxy = lambda ip: ip == "203.0.113.1"
        async with served(what) as connect:
            client = await connect()
            assert (await client.line()).startswith("220 127.0.0.1 ")
            assert (await client.say(PROXIED)).startswith("500 ")

    uvloop.run(talk())


# -- silence and drops of octets


async def _drip(client: Client, octets: bytes) -> str:
    """What comes when octets are sent one at a time, faster than any time-out."""
    said = asyncio.ensure_future(client.line())
    for octet in octets:
        client.writer.write(bytes([octet]))
        done, _ = await asyncio.wait([said], timeout=SHORT_S / 5)
        if done:
            break
    return await said


def test_a_command_that_drips_in_is_cut_at_the_command_timeout() -> None:
    async def talk() -> None:
        async with served(service(SHORT_S, 300.0)) as connect:
            client = await connect()
            await client.line()
            assert (await _drip(client, b"EHLO " + b"a" * 1000)).startswith("421 ")
            assert await client.line() == ""

    uvloop.run(talk())


def test_mail_data_that_drips_in_is_cut_at_the_data_timeout() -> None:
    async def talk() -> None:
        async with served(service(300.0, SHORT_S)) as connect:
            client = await connect()
            await client.line()
            for line in (b"EHLO a", b"MAIL FROM:<a@b>", b"RCPT TO:<a@b>", b"DATA"):
                await client.say(line + b"\r\n")
            assert (await _drip(client, b"Subject: " + b"a" * 1000)).startswith("421 ")
            assert await client.line() == ""

    uvloop.run(talk())


def test_the_command_timeout_holds_again_after_a_message() -> None:
    async def talk() -> None:
        async with served(service(SHORT_S, 300.0)) as connect:
            client = await connect()
            await client.line()
            for line in (b"EHLO a", b"MAIL FROM:<a@b>", b"RCPT TO:<a@b>", b"DATA"):
                await client.say(line + b"\r\n")
            assert await client.say(b"\r\n.\r\n") == "250 2 octets"
            assert (await client.line()).startswith("421 ")

    uvloop.run(talk())


def test_a_tls_handshake_that_drips_in_is_cut(tls: ListenerTls) -> None:
    async def talk() -> None:
        what = service()
        what.handshake_timeout_s = SHORT_S
        what.is_immediate, what.tls_context = True, listener_context(tls)
        async with served(what) as connect:
            client = await connect()
            assert await _drip(client, b"\x16\x03\x01\x02\x00" + b"\1" * 500) == ""

    uvloop.run(talk())


def test_a_proxy_header_that_drips_in_is_cut() -> None:
    async def talk() -> None:
        what = service()
        what.expects_proxy, what.header_timeout_s = (lambda ip: True), SHORT_S
        async with served(what) as connect:
            client = await connect()
            assert await _drip(client, b"PROXY UNKNOWN " + b"a" * 90) == ""

    uvloop.run(talk())


def test_clients_that_never_finish_their_handshake_do_not_keep_others_out(
    tls: ListenerTls,
) -> None:
    async def talk() -> None:
        what = service()
        what.entering = Crowd(20)
        what.is_immediate, what.tls_context = True, listener_context(tls)
        async with served(what) as connect:
            slow = [await connect() for _ in range(60)]
            for one in slow:
                one.writer.write(b"\x16\x03\x01")
            client = await connect()
            await client.begin_tls()
            assert (await client.line()).startswith("220 ")
            assert await slow[0].line() == ""
            assert len(what.entering) <= 20

    uvloop.run(talk())


# -- certificates of clients


@pytest.mark.parametrize("is_immediate", [False, True])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_that_nobody_knows_is_not_asked_for_again(
    tls: ListenerTls, version: ssl.TLSVersion, is_immediate: bool, tmp_path: Path
) -> None:
    (tmp_path / "known.pem").write_bytes(self_made("known.example", 1_790_000_000.0))
    (tmp_path / "other.pem").write_bytes(self_made("other.example", 1_790_000_000.0))
    habit = client_context(verify=False)
    habit.minimum_version = habit.maximum_version = version
    habit.load_cert_chain(tmp_path / "other.pem")

    async def talk() -> None:
        what = service()
        what.dialogs = lambda: Remembering([])
        what.is_immediate = is_immediate
        what.tls_context = listener_context(tls, [str(tmp_path / "known.pem")])
        what.unasking = listener_context(tls)
        async with served(what) as connect:
            assert not await _is_let_in(await connect(), habit, is_immediate)
            assert await _is_let_in(await connect(), habit, is_immediate)

    uvloop.run(talk())


async def _is_let_in(
    client: Client, context: ssl.SSLContext, is_immediate: bool
) -> bool:
    if not is_immediate:
        await client.line()
        await client.say(b"EHLO a.example\r\n")
        await client.say(b"STARTTLS\r\n")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await client.writer.start_tls(context, server_hostname="mx.example")
            return (await client.say(b"NOOP\r\n"))[:1] == "2"
    except OSError:
        return False


# -- sessions


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_tls_session_of_one_listener_opens_nothing_at_another(
    tls: ListenerTls, version: ssl.TLSVersion
) -> None:
    """Each handshake is a full one; RFC 8446 2.2, RFC 5077."""
    client = client_context(verify=False)
    client.minimum_version = client.maximum_version = version
    servers = [listener_context(tls), listener_context(tls)]
    sessions = []
    for server in servers:
        assert server is not None
        session = sessions[-1] if sessions else None
        sessions.append(_handshake(client, server, session))
    assert sessions[0] is not None and sessions[0].has_ticket


def _handshake(
    client: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None
) -> ssl.SSLSession | None:
    """The session after a handshake in memory, which resumed no other one."""
    pipes = [ssl.MemoryBIO(), ssl.MemoryBIO()]
    ours = client.wrap_bio(pipes[0], pipes[1], session=session)
    theirs = server.wrap_bio(pipes[1], pipes[0], server_side=True)
    ends = {ours, theirs}
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
                ends.discard(end)
            except ssl.SSLWantReadError:
                continue
    theirs.write(b"220")  # the ticket comes before it
    assert ours.read(3) == b"220"
    assert not ours.session_reused
    return ours.session
