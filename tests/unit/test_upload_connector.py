"""The connector in virtual time, its peer a list."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinyal.runtime.http import Answer
from sinyal.runtime.log import LOG
from sinyal.upload.attempt import first_error
from sinyal.upload.connector import Connector, ConnectorSettings

ACCEPTED = Answer(200, b'{"results":{"id":"4f2c7c3e-0000-4000-8000-000000000000"}}')
NETWORK = Answer(0, failure="cannot connect")
BUSY = Answer(429, b'{"errors":[{"message":"Too many requests"}]}')
BROKEN = Answer(503, b"<html>")
UNAUTHORIZED = Answer(401, b'{"errors":[{"message":"Unauthorized","code":"1303"}]}')
FORBIDDEN = Answer(403, b'{"errors":[{"message":"Forbidden."}]}')
TOO_LARGE = Answer(413, b'{"errors":[{"message":"too\\nlarge"}]}')

FIRST, SECOND = "sp1-0000000000003FBD.json", "sp1-0000000000003FBE.json"
LINES = b'{"msys":{}}\n{"msys":{}}\n'


class Lines(logging.Handler):
    """The log as a list."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def take(self) -> list[str]:
        taken, self.lines = self.lines, []
        return taken


@pytest.fixture
def log() -> Iterator[Lines]:
    lines = Lines()
    before = LOG.level
    LOG.addHandler(lines)
    LOG.setLevel(logging.INFO)
    yield lines
    LOG.removeHandler(lines)
    LOG.setLevel(before)


class Peer:
    """A service that gives the answers of a list, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [ACCEPTED]
        self.bodies: list[bytes] = []

    async def post(self, body: bytes) -> Answer:
        self.bodies.append(body)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def connector(folder: Path, peer: Peer, **settings: object) -> Connector:
    return Connector(
        folder,
        peer.post,
        lambda: None,
        ConnectorSettings(**{"is_verbose": True, "min_free_octets": 0, **settings}),
    )


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(LINES)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_idle_scan_says_that_there_was_nothing(tmp_path: Path, log: Lines):
    asyncio.run(connector(tmp_path, Peer()).scan(0.0))
    assert log.take() == ["Signals: Discovered 0 files"]


def test_one_file_is_discovered_transferred_and_deleted(tmp_path: Path, log: Lines):
    put(tmp_path, FIRST)
    peer = Peer()
    asyncio.run(connector(tmp_path, peer).scan(0.0))
    assert log.take() == [
        "Signals: Discovered sp1-0000000000003FBD.json",
        "Signals: Transferred sp1-0000000000003FBD.json successfully.",
        "Signals: Discovered 1 file, transferred 1 file successfully",
    ]
    assert left(tmp_path) == []
    assert [gzip.decompress(body) for body in peer.bodies] == [LINES]


def test_two_files_are_two_files_and_go_oldest_first(tmp_path: Path, log: Lines):
    put(tmp_path, SECOND, FIRST)
    asyncio.run(connector(tmp_path, Peer()).scan(0.0))
    lines = log.take()
    assert lines[:2] == [
        f"Signals: Discovered {FIRST}",
        f"Signals: Discovered {SECOND}",
    ]
    assert lines[2] == f"Signals: Transferred {FIRST} successfully."
    assert lines[-1] == (
        "Signals: Discovered 2 files, transferred 2 files successfully"
    )


def test_the_current_file_is_rolled_before_the_scan(tmp_path: Path, log: Lines):
    peer = Peer()
    part = tmp_path / (FIRST + ".part")
    part.write_bytes(LINES)
    connected = Connector(
        tmp_path,
        peer.post,
        lambda: part.rename(tmp_path / FIRST),
        ConnectorSettings(is_verbose=True, min_free_octets=0),
    )
    asyncio.run(connected.scan(0.0))
    assert len(peer.bodies) == 1


def test_files_still_written_and_foreign_files_are_left_alone(
    tmp_path: Path, log: Lines
):
    put(tmp_path, FIRST + ".part", "sp1.next", "sp1-xyz.json", "notes.json")
    asyncio.run(connector(tmp_path, Peer()).scan(0.0))
    assert log.take() == ["Signals: Discovered 0 files"]
    assert len(left(tmp_path)) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NETWORK, "cannot connect"),
        (BUSY, "HTTP 429: Too many requests"),
        (BROKEN, "HTTP 503"),
    ],
)
def test_a_failed_upload_keeps_the_file_and_is_retried_at_the_next_scan(
    tmp_path: Path, log: Lines, answer: Answer, reason: str
):
    put(tmp_path, FIRST, SECOND)
    peer = Peer(answer, answer, ACCEPTED)
    connected = connector(tmp_path, peer)
    for at in (0.0, 60.0):
        asyncio.run(connected.scan(at))
        assert log.take()[2:] == [
            f"Signals: Failed to transfer {FIRST}: {reason}",
            "Signals: Discovered 2 files, transferred 0 files successfully",
        ]
    assert left(tmp_path) == [FIRST, SECOND]
    asyncio.run(connected.scan(120.0))
    assert left(tmp_path) == []
    assert (connected.transferred, connected.failed) == (2, 2)


def test_a_retry_sends_the_same_octets(tmp_path: Path, log: Lines):
    put(tmp_path, FIRST)
    peer = Peer(NETWORK, BUSY, BROKEN, ACCEPTED)
    for at in range(4):
        # A new connector each time, as after a restart.
        asyncio.run(connector(tmp_path, peer).scan(float(at)))
    assert len(peer.bodies) == 4
    assert len(set(peer.bodies)) == 1


@pytest.mark.parametrize("answer", [UNAUTHORIZED, FORBIDDEN])
def test_a_refused_key_is_one_loud_line_and_not_one_per_scan(
    tmp_path: Path, log: Lines, answer: Answer
):
    put(tmp_path, FIRST, SECOND)
    peer = Peer(*[answer] * 5, ACCEPTED)
    connected = connector(tmp_path, peer, is_verbose=False)
    for at in range(5):
        asyncio.run(connected.scan(float(at)))
    (line,) = log.take()
    assert line.startswith(f"Signals: Failed to transfer {FIRST}: HTTP {answer.status}")
    assert "api-key" in line
    assert left(tmp_path) == [FIRST, SECOND]
    assert len(peer.bodies) == 5
    asyncio.run(connected.scan(6.0))
    assert left(tmp_path) == []


def test_a_key_refused_again_after_a_success_is_told_again(tmp_path: Path, log: Lines):
    peer = Peer(UNAUTHORIZED, ACCEPTED, UNAUTHORIZED)
    connected = connector(tmp_path, peer, is_verbose=False)
    for at in range(3):
        put(tmp_path, FIRST)
        asyncio.run(connected.scan(float(at)))
    assert len(log.take()) == 2


def test_a_file_that_is_refused_does_not_stop_the_others(tmp_path: Path, log: Lines):
    put(tmp_path, FIRST, SECOND)
    connected = connector(tmp_path, Peer(TOO_LARGE, ACCEPTED, TOO_LARGE))
    asyncio.run(connected.scan(0.0))
    assert log.take()[2:] == [
        f"Signals: Failed to transfer {FIRST}: HTTP 413: too large",
        f"Signals: Transferred {SECOND} successfully.",
        "Signals: Discovered 2 files, transferred 1 file successfully",
    ]
    asyncio.run(connected.scan(60.0))
    # Still tried, but not told again.
    assert log.take() == [
        f"Signals: Discovered {FIRST}",
        "Signals: Discovered 1 file, transferred 0 files successfully",
    ]
    assert left(tmp_path) == [FIRST]
    assert connected.failed == 2


def test_without_verbose_there_is_one_summary_an_hour(tmp_path: Path, log: Lines):
    connected = connector(tmp_path, Peer(), is_verbose=False)
    for minute in range(59):
        put(tmp_path, f"sp1-{minute:016X}.json")
        asyncio.run(connected.scan(minute * 60.0))
    assert log.take() == []
    put(tmp_path, FIRST)
    asyncio.run(connected.scan(3600.0))
    assert log.take() == [
        "Signals: Discovered 60 files, transferred 60 files successfully"
    ]


def test_too_little_space_deletes_the_oldest_files_counts_and_tells(
    tmp_path: Path, log: Lines
):
    numbers = [f"sp1-{number:016X}.json" for number in range(5)]
    put(tmp_path, *numbers, FIRST + ".part")

    def free(folder: Path) -> int:
        return 1000 - 100 * len(left(folder))

    peer = Peer(NETWORK)
    connected = Connector(
        tmp_path,
        peer.post,
        lambda: None,
        ConnectorSettings(min_free_octets=700),
        free,
    )
    asyncio.run(connected.scan(0.0))
    assert left(tmp_path) == [*numbers[3:], FIRST + ".part"]
    assert (connected.deleted_files, connected.deleted_events) == (3, 6)
    assert log.take()[:3] == [
        f"Signals: Deleted {name}, 2 events lost: free space below min-free-space"
        for name in numbers[:3]
    ]


def test_space_enough_deletes_nothing(tmp_path: Path, log: Lines):
    put(tmp_path, FIRST)
    connected = Connector(
        tmp_path,
        Peer(NETWORK).post,
        lambda: None,
        ConnectorSettings(min_free_octets=700),
        lambda _: 700,
    )
    asyncio.run(connected.scan(0.0))
    assert left(tmp_path) == [FIRST]


def test_a_directory_that_cannot_be_read_is_told_and_survived(
    tmp_path: Path, log: Lines
):
    connected = connector(tmp_path / "gone", Peer())
    asyncio.run(connected.scan(0.0))
    (line,) = log.take()
    assert "gone: No such file or directory" in line


def test_the_connector_stops_when_it_is_told_to(tmp_path: Path, log: Lines):
    async def scene() -> None:
        stop = asyncio.Event()
        connected = connector(tmp_path, Peer(), interval_s=3600.0)
        running = asyncio.create_task(connected.run(lambda: 0.0, stop))
        await asyncio.sleep(0)
        stop.set()
        await running

    asyncio.run(scene())
    assert log.take() == ["Signals: Discovered 0 files"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b"null", ""),
        (b'{"errors":[]}', ""),
        (b'{"errors":"x"}', ""),
        (b'{"errors":[{"description":"why"}]}', "why"),
        (b'{"errors":[{"message":"a\\n b","code":1}]}', "a b"),
        (json.dumps({"errors": [{"message": "x" * 9999}]}).encode(), "x" * 300),
        (b"\xff\xfe", ""),
    ],
)
def test_the_first_error_of_an_answer_is_one_short_line(body: bytes, message: str):
    assert first_error(body) == message
