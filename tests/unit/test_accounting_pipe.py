"""Programs that read accounting records: real ones, started without a shell."""

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from sinyal.accounting.layout import Layout
from sinyal.accounting.ledger import Ledger
from sinyal.accounting.pipe import Pipe, PipeSettings
from sinyal.accounting.sections import books
from sinyal.config.settings import AcctFile
from sinyal.events.record import Record
from sinyal.runtime.log import LOG

NOW = 1772625600.0
PATIENCE_S = 20.0
FIELDS = {"d": ("rcpt",)}
HEADER = "type,rcpt"
PAUSE = threading.Event()
T = TypeVar("T")

READER = """
import sys
with open(sys.argv[1], "a") as file:
    for line in sys.stdin:
        file.write(line)
        file.flush()
"""
# Takes the header and one record, then ends with the status of its second argument.
SHORT = """
import sys
with open(sys.argv[1], "a") as file:
    file.write(sys.stdin.readline())
    file.write(sys.stdin.readline())
sys.exit(int(sys.argv[2]))
"""
DEAF = """
import sys, time
open(sys.argv[1], "a").write("deaf\\n")
time.sleep(600)
"""


def until(is_so: Callable[[], T]) -> T:
    """What `is_so` gives once it is true; a failure when it is late."""
    deadline = time.monotonic() + PATIENCE_S
    for turn in itertools.count():
        if found := is_so():
            return found
        assert time.monotonic() < deadline, turn
        PAUSE.wait(0.005)
    raise AssertionError


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level("INFO", logger=LOG.name):
        yield caplog


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "a file"


def command(tmp_path: Path, text: str, *arguments: object) -> str:
    path = tmp_path / f"program{len(text)}.py"
    path.write_text(text)
    quoted = " ".join(f'"{one}"' for one in arguments)
    return f"{sys.executable} '{path}' {quoted}"


def pipe(text: str, **settings: object) -> Pipe:
    return Pipe(PipeSettings(command=text, **settings), Layout(("d",), fields=FIELDS))


def read(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def records(*rcpts: str) -> list[Record]:
    return [Record(type="d", time_logged=NOW, rcpt=rcpt) for rcpt in rcpts]


def ended(one: Pipe) -> None:
    one.end()
    one.join()
    assert not one.is_alive


def test_a_program_reads_the_header_and_every_record(tmp_path: Path, out: Path):
    one = pipe(command(tmp_path, READER, out))
    one.append(records("early"))  # before the start they wait
    one.start()
    for number in range(200):
        one.append(records(f"a{number}", f"b{number}"))
    one.append([Record(type="b", time_logged=NOW, rcpt="no")])
    ended(one)
    expected = [f"d,{letter}{number}" for number in range(200) for letter in "ab"]
    assert read(out) == [HEADER, "d,early", *expected]


def test_each_start_begins_with_the_header(tmp_path: Path, out: Path, logged):
    one = pipe(command(tmp_path, SHORT, out, 3), retry_interval_s=0.0)
    one.start()
    for number in range(3):
        one.append(records(f"x{number}"))
        until(lambda number=number: len(read(out)) == 2 * (number + 1))
        until(lambda number=number: logged.text.count("Error") == number + 1)
        until(lambda: one.takes)
    ended(one)
    assert read(out)[:6] == [HEADER, "d,x0", HEADER, "d,x1", HEADER, "d,x2"]
    assert 'Error executing "' in logged.text
    assert "exit status 3" in logged.text


def test_a_program_that_failed_waits_for_its_interval_or_a_reload(
    tmp_path: Path, out: Path, logged
):
    one = pipe(command(tmp_path, SHORT, out, 0), retry_interval_s=3600.0)
    one.start()
    one.append(records("first"))
    until(lambda: "Error" in logged.text)
    one.append(records("lost", "lost too"))
    assert read(out) == [HEADER, "d,first"]
    one.revive()
    until(lambda: "2 records lost to it" in logged.text)
    one.append(records("second"))
    until(lambda: len(read(out)) == 4)
    ended(one)
    assert read(out) == [HEADER, "d,first", HEADER, "d,second"]


def test_a_program_that_cannot_be_started_is_told_and_tried_again(
    tmp_path: Path, out: Path, logged
):
    program = tmp_path / "program"
    one = pipe(f"'{program}' '{out}'", retry_interval_s=0.05)
    one.start()
    until(lambda: f"Error starting \"'{program}'" in logged.text)
    assert "No such file or directory" in logged.text
    program.write_text(f"#!{sys.executable}\n{READER}")
    program.chmod(0o755)
    until(lambda: read(out) == [HEADER])
    ended(one)


def test_a_program_that_takes_nothing_is_given_up(tmp_path: Path, out: Path, logged):
    settings = {"write_timeout_s": 0.3, "retry_interval_s": 3600.0}
    one = pipe(command(tmp_path, DEAF, out), max_octets=400_000, **settings)
    one.start()
    until(lambda: read(out))
    begin = time.monotonic()
    for _ in range(100):
        one.append(records(*["x" * 1000] * 10))
    assert time.monotonic() - begin < 5.0  # the mail line does not wait
    until(lambda: "nothing taken for 0." in logged.text)
    assert 'Error writing to "' in logged.text
    one.revive()
    until(lambda: "records lost to it" in logged.text)
    ended(one)


def test_records_that_find_no_room_are_counted(tmp_path: Path, out: Path, logged):
    one = pipe(command(tmp_path, READER, out), max_octets=100)
    one.append(records(*"abcdefghij"))
    one.append(records(*"abcdefghijklmnopqrstuvw"))
    one.append(records("z"))
    one.start()
    until(lambda: "23 records lost to it" in logged.text)
    ended(one)
    assert read(out) == [HEADER, *[f"d,{name}" for name in "abcdefghijz"]]


def test_the_end_takes_a_bounded_time(tmp_path: Path, out: Path, logged):
    one = pipe(command(tmp_path, DEAF, out), drain_s=0.3)
    one.start()
    until(lambda: read(out))
    one.append(records(*["x" * 1000] * 500))
    begin = time.monotonic()
    ended(one)
    assert time.monotonic() - begin < 8.0
    assert "500 records lost to it" in logged.text


def test_no_shell_reads_the_command(tmp_path: Path, out: Path):
    one = pipe(command(tmp_path, READER, f"{out} $HOME; touch x"))
    one.start()
    one.append(records("a"))
    ended(one)
    assert read(Path(f"{out} $HOME; touch x")) == [HEADER, "d,a"]
    assert not (tmp_path / "x").exists()


def test_the_ledger_hands_records_to_files_and_programs(tmp_path: Path, out: Path):
    sections = (
        AcctFile(command=command(tmp_path, READER, out), records=("d",)),
        AcctFile(path=str(tmp_path / "acct.csv")),
    )
    made = books(sections)
    first, second = made.values()
    ledger = Ledger((first, second), None, new_event_id=lambda: "1", node_name="mta")
    assert ledger.keeps("d")
    ledger.write(records("a"), NOW)
    ledger.rotate(NOW)
    again = books(sections, kept=made)
    ledger.adopt(tuple(again.values()), None, "mta")
    ledger.write(records("b"), NOW)
    ledger.adopt((second,), None, "mta")
    ledger.write(records("c"), NOW)
    ledger.close()
    lines = read(out)
    assert [line.split(",")[4] for line in lines] == ["rcpt", "a", "b"]
    (path,) = tmp_path.glob("acct-*.csv")
    assert path.read_bytes().count(b"\r\n") == 4
