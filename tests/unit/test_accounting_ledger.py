"""The ledger: one call, every file; all of a batch or none of it."""

import csv
import itertools
import json
import resource
import signal
import threading
from pathlib import Path

import msgspec
import pytest

from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.event_file import EventFile
from sinyal.accounting.growing import LedgerFailed
from sinyal.accounting.layout import Layout
from sinyal.accounting.ledger import Ledger
from sinyal.events.record import Record

NOON = 1772625600.0
RECORD = Record(
    type="d",
    time_logged=NOON,
    time_queued=NOON,
    rcpt="b@contoh.example",
    src_type="smtp",
    signals=True,
    message_id="000028f8a769d2b47e10",
)
RECEIPT = msgspec.structs.replace(RECORD, type="r")
QUIET = msgspec.structs.replace(RECORD, signals=False)


def ledger_in(folder: Path) -> Ledger:
    numbers = itertools.count(1)
    files = [
        CsvFile(CsvSettings(path=folder / "d" / "acct.csv"), Layout(("d",))),
        CsvFile(CsvSettings(path=folder / "all" / "acct.csv"), Layout(("d", "r"))),
    ]
    return Ledger(
        files,
        EventFile(folder / "sparkpost"),
        new_event_id=lambda: str(next(numbers)),
        node_name="mta01",
    )


def rows(folder: Path) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.glob("acct-*.csv")):
        with path.open(newline="") as file:
            found += [row["type"] for row in csv.DictReader(file)]
    return found


def event_types(folder: Path) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.glob("sp1-*")):
        for line in path.read_bytes().splitlines():
            found.append(json.loads(line)["msys"]["message_event"]["type"])
    return found


def test_a_record_is_in_every_file_that_takes_it_before_write_returns(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    ledger.write([RECEIPT, RECORD, QUIET], NOON)
    assert rows(tmp_path / "d") == ["d", "d"]
    assert rows(tmp_path / "all") == ["r", "d", "d"]
    assert event_types(tmp_path / "sparkpost") == ["reception", "delivery"]


def test_every_event_has_an_identity_of_its_own(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    ledger.write([RECORD] * 5, NOON)
    name = ledger.roll()
    assert name is not None
    lines = (tmp_path / "sparkpost" / name).read_bytes().splitlines()
    events = [json.loads(line)["msys"]["message_event"] for line in lines]
    assert len({event["event_id"] for event in events}) == 5
    assert {event["node_name"] for event in events} == {"mta01"}


def test_a_batch_that_one_file_cannot_take_is_in_none(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    ledger.write([RECORD], NOON)
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    action = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # An event line is the longer one: the CSV files are written, the events are not.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, former[1]))
    try:
        with pytest.raises(LedgerFailed):
            ledger.write([RECORD] * 8, NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, action)
    assert rows(tmp_path / "d") == ["d"]
    assert rows(tmp_path / "all") == ["d"]
    assert event_types(tmp_path / "sparkpost") == ["delivery"]
    ledger.write([RECORD], NOON)
    assert rows(tmp_path / "d") == ["d", "d"]
    assert event_types(tmp_path / "sparkpost") == ["delivery"] * 2


def test_a_restart_loses_and_repeats_nothing(tmp_path: Path):
    for _ in range(3):
        ledger = ledger_in(tmp_path)
        ledger.write([RECEIPT, RECORD], NOON)
        ledger.close()
    assert rows(tmp_path / "d") == ["d"] * 3
    assert event_types(tmp_path / "sparkpost") == ["reception", "delivery"] * 3


def test_without_signals_there_are_only_csv_files(tmp_path: Path):
    file = CsvFile(CsvSettings(path=tmp_path / "acct.csv"), Layout(("d",)))
    ledger = Ledger([file], None, new_event_id=lambda: "1", node_name="")
    ledger.write([RECORD], NOON)
    assert ledger.roll() is None
    ledger.rotate(NOON + 86400)
    ledger.sync()
    ledger.close()
    assert rows(tmp_path) == ["d"]


def test_another_thread_may_sync_while_files_are_written_and_rotated(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    is_over = threading.Event()
    errors: list[BaseException] = []

    def sync() -> None:
        try:
            while not is_over.is_set():
                ledger.sync()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=sync)
    thread.start()
    for count in range(300):
        at = NOON + count * 21600
        ledger.write([RECEIPT, RECORD], at)
        if count % 3 == 0:
            ledger.roll()
        if count % 7 == 0:
            ledger.rotate(at)
    is_over.set()
    thread.join()
    ledger.close()
    assert errors == []
    assert event_types(tmp_path / "sparkpost") == ["reception", "delivery"] * 300
