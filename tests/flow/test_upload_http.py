"""The connector and a tiny HTTP server over a real socket."""

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sinyal.accounting.event_file import EventFile
from sinyal.accounting.ledger import Ledger
from sinyal.events.codec import decode_line
from sinyal.events.event import Event
from sinyal.events.record import Record
from sinyal.runtime.http import LONGEST_ANSWER_OCTETS, Answer, HttpClient
from sinyal.runtime.log import LOG
from sinyal.upload.attempt import poster
from sinyal.upload.connector import Connector, ConnectorSettings

KEY = "0123456789abcdef0123456789abcdef01234567"
ACCEPTED = b'{"results":{"id":"4f2c7c3e-0000-4000-8000-000000000000"}}'
RECORD = Record(
    type="d",
    time_logged=1772625600.0,
    time_queued=1772625599.0,
    rcpt="b@contoh.example",
    src_type="smtp",
    dlv_type="smtp",
    signals=True,
    message_id="000028f8a769d2b47e10",
)

Request = tuple[str, dict[str, str], bytes]


class Server:
    """Answers each request with the next of its statuses; None closes the line."""

    def __init__(self, *statuses: int | None, body: bytes = ACCEPTED) -> None:
        self.statuses = list(statuses)
        self.body = body
        self.requests: list[Request] = []
        self.url = ""

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api/v1/ingest/events"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.split("\r\n")
        pairs = (line.split(": ", 1) for line in rest if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((first, headers, body))
        status = self.statuses.pop(0)
        if status is not None:
            writer.write(
                b"HTTP/1.1 %d x\r\nLocation: http://192.0.2.1/\r\n" % status
                + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(self.body)
                + self.body
            )
        writer.close()


def run(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scene(), 20))


def test_what_the_ledger_wrote_arrives_as_gzip_ndjson_and_is_deleted(tmp_path: Path):
    ledger = Ledger(
        [], EventFile(tmp_path), new_event_id=lambda: "612", node_name="mta01"
    )

    async def scene() -> None:
        async with Server(503, None, 200) as server, HttpClient() as client:
            connector = Connector(
                tmp_path,
                poster(client, server.url, KEY),
                ledger.roll,
                ConnectorSettings(min_free_octets=0),
            )
            ledger.write([RECORD, RECORD], 0.0)
            scans = [await connector.scan(float(at)) for at in range(3)]
            assert [scan.transferred for scan in scans] == [0, 0, 1]
            first, headers, body = server.requests[-1]
            assert first == "POST /api/v1/ingest/events HTTP/1.1"
            assert headers["authorization"] == KEY
            assert headers["content-type"] == "application/x-ndjson"
            assert headers["content-encoding"] == "gzip"
            assert [request[2] for request in server.requests] == [body] * 3
            lines = gzip.decompress(body).splitlines(keepends=True)
            assert [type(decode_line(line)) for line in lines] == [Event, Event]

    run(scene)
    assert list(tmp_path.glob("sp1-*.json*")) == []


def test_a_service_that_is_not_there_is_a_reason_not_an_exception(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "sp1-0000000000003FBD.json").write_bytes(b"{}\n")

    async def scene() -> None:
        async with Server() as server:
            pass
        async with HttpClient() as client:
            connector = Connector(
                tmp_path,
                poster(client, server.url, KEY),
                lambda: None,
                ConnectorSettings(min_free_octets=0),
            )
            LOG.addHandler(caplog.handler)
            try:
                await connector.scan(0.0)
            finally:
                LOG.removeHandler(caplog.handler)

    with caplog.at_level(logging.INFO, "sinyal"):
        run(scene)
    assert "Failed to transfer sp1-0000000000003FBD.json: cannot connect" in caplog.text
    assert (tmp_path / "sp1-0000000000003FBD.json").exists()


def test_a_redirect_is_an_answer_and_is_not_followed():
    async def scene() -> None:
        async with Server(302) as server, HttpClient() as client:
            answer = await client.get(server.url)
            assert (answer.status, answer.body) == (302, ACCEPTED)
            assert answer.headers["location"] == "http://192.0.2.1/"
            assert len(server.requests) == 1

    run(scene)


def test_a_long_answer_is_read_up_to_a_limit():
    async def scene() -> None:
        body = b"x" * (LONGEST_ANSWER_OCTETS * 3)
        async with Server(200, body=body) as server, HttpClient() as client:
            answer = await client.get(server.url)
            assert len(answer.body) == LONGEST_ANSWER_OCTETS

    run(scene)


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "http://", "http://[::", "x"])
def test_an_address_that_is_none_is_a_failure_by_name(url: str):
    async def scene() -> None:
        async with HttpClient() as client:
            answer = await client.get(url)
            assert answer.status == 0
            assert answer.failure

    run(scene)


def test_a_silent_service_times_out():
    async def scene() -> None:
        async with (
            await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server,
            HttpClient(timeout_s=0.2) as client,
        ):
            port = server.sockets[0].getsockname()[1]
            answer = await client.get(f"http://127.0.0.1:{port}/")
            assert answer == Answer(0, failure="timed out")

    run(scene)


def test_an_answer_that_drips_is_given_up():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.01)

    async def scene() -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with HttpClient(timeout_s=5, longest_s=0.2) as client:
            answer = await client.post(f"http://127.0.0.1:{port}/", b"x", {})
        assert answer == Answer(0, failure="no whole answer in 0.2 s")
        server.close()

    run(scene)
