"""Several processes on the same accounting files: whole lines, each of them once."""

import csv
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.layout import Layout
from sinyal.accounting.ledger import Ledger
from sinyal.events.record import Record

NOON = 1772625600.0  # 2026-03-04 12:00 UTC
HOUR_S = 3600.0
MAX_OCTETS = 40_000

# Arguments: directory, name, batches, largest file in octets (0: no limit), a pause.
WRITER = """
import resource, signal, sys
from pathlib import Path
from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.growing import LedgerFailed
from sinyal.accounting.layout import Layout
from sinyal.accounting.ledger import Ledger
from sinyal.events.record import Record
folder, name, batches, limit = Path(sys.argv[1]), *sys.argv[2:5]
if int(limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
files = [
    CsvFile(CsvSettings(path=folder / f"{letter}.csv", max_octets=40_000, **moves),
            Layout((letter,), fields={letter: ("rcpt", "dsnDiag")}))
    for letter, moves in (("d", {}), ("b", {"move_to": folder / "done"}))
]
ledger = Ledger(files, None, new_event_id=lambda: "1", node_name="mta")
print("ready", flush=True)
sys.stdin.readline()
for batch in range(int(batches)):
    made = [Record(type=letter, time_logged=1.0, rcpt=f"{name}.{batch}.{at}",
                   dsn_diag='"x",' * (batch % 7)) for at in range(7) for letter in "db"]
    try:
        ledger.write(made, 1772625600.0)
        print(batch, flush=True)
    except LedgerFailed:
        pass
ledger.close()
"""


class Writer:
    """A process that writes `batches` of seven records of each of two types."""

    def __init__(self, folder: Path, name: str, batches: int, limit: int = 0) -> None:
        self.name = name
        self.child = subprocess.Popen(
            [sys.executable, "-c", WRITER, folder, name, str(batches), str(limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.stdin, self.stdout = self.child.stdin, self.child.stdout
        assert self.stdout.readline() == "ready\n"

    def go(self) -> None:
        self.stdin.write("\n")
        self.stdin.flush()

    def acknowledged(self) -> set[str]:
        """The records that were written for certain, once it has ended."""
        batches = [line for line in self.stdout.read().split("\n")[:-1] if line]
        self.child.wait()
        self.stdin.close()
        self.stdout.close()
        return {f"{self.name}.{batch}.{at}" for batch in batches for at in range(7)}


def records(*folders: Path, letter: str) -> Counter[str]:
    """How often each recipient is in the files; each of them is whole."""
    found: Counter[str] = Counter()
    for folder in folders:
        for path in folder.glob(f"{letter}-*.csv"):
            with path.open(newline="") as file:
                rows = list(csv.reader(file, strict=True))
            assert rows[0] == ["type", "rcpt", "dsnDiag"], path
            assert all(len(row) == 3 and row[0] == letter for row in rows[1:]), path
            assert path.stat().st_size <= MAX_OCTETS
            found.update(row[1] for row in rows[1:])
    return found


def test_four_processes_write_whole_lines_to_one_file(tmp_path: Path):
    writers = [Writer(tmp_path, f"w{at}", 400) for at in range(4)]
    for writer in writers:
        writer.go()
    expected = set().union(*(writer.acknowledged() for writer in writers))
    assert len(expected) == 4 * 400 * 7
    done = tmp_path / "done"
    for letter, folders in (("d", (tmp_path,)), ("b", (tmp_path, done))):
        assert records(*folders, letter=letter) == Counter(expected)
        numbers = sorted(
            int(path.stem[-4:])
            for folder in folders
            for path in folder.glob(f"{letter}-*.csv")
        )
        # No number is left out, and no process has a file of its own.
        assert numbers == list(range(len(numbers)))
    assert len(list(tmp_path.glob("b-*.csv"))) == 1


def test_a_process_whose_writes_fail_harms_no_other(tmp_path: Path):
    writers = [Writer(tmp_path, f"w{at}", 300) for at in range(3)]
    narrow = Writer(tmp_path, "narrow", 300, limit=20_000)
    for writer in (*writers, narrow):
        writer.go()
    expected = set().union(*(one.acknowledged() for one in (*writers, narrow)))
    assert {name for name in expected if name.startswith("w")} == {
        f"w{writer}.{batch}.{at}"
        for writer in range(3)
        for batch in range(300)
        for at in range(7)
    }
    for letter in "db":
        found = records(tmp_path, tmp_path / "done", letter=letter)
        assert found == Counter(expected)


def test_processes_that_are_killed_leave_no_part_of_a_record(tmp_path: Path):
    steady = Writer(tmp_path, "steady", 1500)
    steady.go()
    expected: set[str] = set()
    for turn in range(6):
        victim = Writer(tmp_path, f"victim{turn}", 100_000)
        victim.go()
        for _ in range(40):
            batch = victim.stdout.readline().strip()
            expected |= {f"victim{turn}.{batch}.{at}" for at in range(7)}
        victim.child.kill()
        expected |= victim.acknowledged()
    expected |= steady.acknowledged()
    for letter in "db":
        found = records(tmp_path, tmp_path / "done", letter=letter)
        assert expected <= set(found)
        assert set(found.values()) == {1}


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ledger(folder: Path, **settings: object) -> Ledger:
    file = CsvFile(
        CsvSettings(path=folder / "d.csv", **settings),
        Layout(("d",), fields={"d": ("rcpt",)}),
    )
    return Ledger([file], None, new_event_id=lambda: "1", node_name="mta")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.csv"))


RECORD = Record(type="d", time_logged=NOON, rcpt="b@contoh.example")


def test_a_part_of_a_record_that_another_left_is_cut_off(tmp_path: Path, in_utc):
    one, other = ledger(tmp_path), ledger(tmp_path)
    one.write([RECORD], NOON)
    other.write([RECORD], NOON)
    path = tmp_path / "d-2026-03-04-0000.csv"
    with path.open("ab") as file:
        file.write(b'd,"a part\r\n of a record')
    one.write([RECORD], NOON)
    assert path.read_bytes() == b"type,rcpt\r\n" + b"d,b@contoh.example\r\n" * 3


def test_what_one_process_moves_the_others_leave(tmp_path: Path, in_utc):
    done = tmp_path / "done"
    hourly = {"move_to": done, "move_interval_s": HOUR_S}
    one, other = ledger(tmp_path, **hourly), ledger(tmp_path, **hourly)
    one.write([RECORD], NOON)
    other.write([RECORD], NOON)
    one.rotate(NOON + HOUR_S)
    assert names(done) == ["d-2026-03-04-0000.csv"]
    other.write([RECORD], NOON + HOUR_S)
    one.write([RECORD], NOON + HOUR_S + 1)
    for ledger_ in (one, other):
        ledger_.rotate(NOON + HOUR_S + 2)
    assert names(tmp_path) == ["d-2026-03-04-0001.csv"]
    assert (done / "d-2026-03-04-0000.csv").read_bytes().count(b"\r\n") == 3
    assert (tmp_path / "d-2026-03-04-0001.csv").read_bytes().count(b"\r\n") == 3


def test_a_file_that_was_taken_away_is_followed_by_the_next(tmp_path: Path, in_utc):
    one = ledger(tmp_path)
    one.write([RECORD], NOON)
    (tmp_path / "d-2026-03-04-0000.csv").unlink()
    one.write([RECORD], NOON)
    assert names(tmp_path) == ["d-2026-03-04-0001.csv"]


def test_a_file_that_was_emptied_gets_its_header_again(tmp_path: Path, in_utc):
    one = ledger(tmp_path)
    one.write([RECORD], NOON)
    path = tmp_path / "d-2026-03-04-0000.csv"
    os.truncate(path, 0)
    one.write([RECORD], NOON)
    assert path.read_bytes() == b"type,rcpt\r\nd,b@contoh.example\r\n"


def test_an_operator_may_finish_files_at_any_time(tmp_path: Path, in_utc):
    done = tmp_path / "done"
    one, other = (ledger(tmp_path, move_to=done) for _ in range(2))
    one.write([RECORD], NOON)
    assert one.finish(NOON, tmp_path / "nobodys.csv") == 0
    assert one.finish(NOON) == 1
    other.write([RECORD], NOON)
    assert names(done) == ["d-2026-03-04-0000.csv"]
    assert names(tmp_path) == ["d-2026-03-04-0001.csv"]
    # One that has no file open finishes what the others write.
    idle = ledger(tmp_path, move_to=done)
    assert idle.finish(NOON, tmp_path / "d.csv") == 1
    assert names(tmp_path) == []
