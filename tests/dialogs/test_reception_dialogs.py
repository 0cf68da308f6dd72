"""Every transcript of this directory, in memory and over a socket."""

import asyncio
from pathlib import Path

import pytest
import transcript
from door_world import World
from lines import MemoryLine, SocketLine

from sinyal.reception.dialog import dialogs
from sinyal.reception.door import tls_context
from sinyal.runtime.smtp_server import serve

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_dialog_in_memory_goes_as_written(
    path: Path, step: int, tmp_path: Path, pem: Path
) -> None:
    told, world = transcript.read(path), World()
    door = world.door(tmp_path, pem, told.global_lines, told.source_lines)
    line = MemoryLine(dialogs(door)(), step)
    asyncio.run(transcript.play(told, line, world))
    assert transcript.accepted(world) == told.accepted
    assert not transcript.missing(told, world)


@pytest.mark.usefixtures("loop_kind")
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_dialog_over_a_socket_goes_as_written(
    path: Path, tmp_path: Path, pem: Path
) -> None:
    told, world = transcript.read(path), World()
    door = world.door(tmp_path, pem, told.global_lines, told.source_lines)

    async def talk() -> None:
        context = tls_context(door.configuration.settings)
        server = await serve("127.0.0.1", 0, dialogs(door), context)
        port = server.sockets[0].getsockname()[1]
        line = SocketLine(*await asyncio.open_connection("127.0.0.1", port))
        await transcript.play(told, line, world)
        line.close()
        server.close()

    asyncio.run(talk())
    assert transcript.accepted(world) == told.accepted
    assert not transcript.missing(told, world)
