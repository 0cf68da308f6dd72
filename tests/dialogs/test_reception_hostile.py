"""Peers that are slow, that leave, that come in numbers: over sockets."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from door_world import RECEIVED, World

from sinyal.mail.envelope import Submission
from sinyal.reception.dialog import dialogs
from sinyal.reception.door import Door
from sinyal.runtime.smtp_server import serve
from sinyal.smtp.reply import Reply

PATIENCE_S = 20.0
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
ENVELOPE = b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n"

Talk = Callable[[int], Awaitable[None]]


def beside(door: Door, talk: Talk) -> None:
    """`talk` to the port of a door."""

    async def run() -> None:
        server = await serve("127.0.0.1", 0, dialogs(door))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await talk(server.sockets[0].getsockname()[1])
        finally:
            server.close()

    asyncio.run(run())


async def said(reader: asyncio.StreamReader, code: bytes) -> bytes:
    """The first reply line that begins with `code`; what comes before is read over."""
    while not (line := await reader.readline()).startswith(code):
        assert line, f"closed before {code!r}"
    return line


@pytest.mark.parametrize("begin", [b"", b"EHL", ENVELOPE + b"Subject: drip"])
@pytest.mark.usefixtures("loop_kind")
def test_a_peer_that_falls_silent_is_cut_off_and_does_not_stop_others(
    begin: bytes, tmp_path: Path, pem: Path
):
    world = World()
    lines = "smtp-command-timeout 1s\nsmtp-data-timeout 1s"
    door = world.door(tmp_path, pem, source_lines=lines)

    async def talk(port: int) -> None:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
        for _, writer in slow:
            writer.write(begin)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ENVELOPE + b"\r\n.\r\nQUIT\r\n")
        await said(reader, b"250 2.6.0")
        for reader, writer in slow:
            assert await said(reader, b"421") == (
                b"421 4.4.2 idle for too long, closing connection\r\n"
            )
            assert await reader.read() == b""
            writer.close()

    beside(door, talk)
    assert len(world.submitted) == 1


@pytest.mark.usefixtures("loop_kind")
def test_a_peer_that_resets_behind_the_final_dot_has_its_message_stored_once(
    tmp_path: Path, pem: Path
):
    world = World()
    door = world.door(tmp_path, pem, source_lines="log-connections yes")
    on_its_way, gone, stored = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def submit(submission: Submission) -> Reply:
        on_its_way.set()
        await gone.wait()
        world.submitted.append(submission)
        stored.set()
        return RECEIVED

    door.submit = submit

    def log(line: str) -> None:
        world.lines.append(line)
        if "connection closed" in line:
            gone.set()

    door.log = log

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ENVELOPE)
        await said(reader, b"354")
        writer.write(b"\r\n.\r\n")
        await on_its_way.wait()
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        writer.transport.abort()
        await stored.wait()

    beside(door, talk)
    assert len(world.submitted) == 1
    assert any(
        "reply not delivered, the client left: 250" in one for one in world.lines
    )
