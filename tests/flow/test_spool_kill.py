"""A writer that is killed with -9 loses nothing that it called durable."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import spool_writer

from sinyal.spool import Spool

ROOT = Path(__file__).parents[2]


def run_and_kill(directory: Path, lines: int) -> list[tuple[int, int]]:
    """(spool id, number) of each message that the child printed before it died."""
    child = subprocess.Popen(
        [sys.executable, spool_writer.__file__, str(directory)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert child.stdout is not None
    printed = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    printed += child.stdout.read().splitlines(keepends=True)
    child.wait()
    whole = [line for line in printed if line.endswith("\n")]
    assert len(whole) >= lines
    return [(int(one), int(two)) for one, two in (line.split() for line in whole)]


def test_every_id_that_was_printed_is_recovered_after_kill_9(tmp_path: Path) -> None:
    printed: list[tuple[int, int]] = []
    for lines in (200, 500, 900):
        printed += run_and_kill(tmp_path / "spool", lines)

    async def look() -> None:
        spool = Spool.open(tmp_path / "spool", lambda: None)
        found = list(spool.recover())
        ids = [stored.spool_id for stored in found]
        assert ids == sorted(ids)
        numbers = [int(stored.envelope.received_at) for stored in found]
        assert numbers == sorted(numbers)
        assert {(s.spool_id, int(s.envelope.received_at)) for s in found} >= set(
            printed
        )
        for stored in found:
            number = int(stored.envelope.received_at)
            assert stored.envelope == spool_writer.envelope(number)
            assert spool.content(stored.spool_id) == spool_writer.content(number)
            assert stored.settled <= {0}
            assert stored.attempts in ({}, {1: number % 7 + 1})
        assert any(stored.settled for stored in found)
        await spool.close()

    asyncio.run(look())
