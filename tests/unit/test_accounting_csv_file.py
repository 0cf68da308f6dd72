"""CSV files on disk: names, rotation, moving, deletion, and what a crash leaves."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.accounting.csv_file import CsvFile, CsvSettings, tell_moved
from sinyal.accounting.growing import (
    LedgerFailed,
    count_records,
    whole_lines_octets,
    whole_records_octets,
)
from sinyal.accounting.layout import Layout
from sinyal.accounting.sections import books
from sinyal.config.settings import AcctFile
from sinyal.events.record import Record
from sinyal.runtime.log import LOG

NOON = 1772625600.0  # 2026-03-04 12:00 UTC
HOUR_S, DAY_S = 3600, 86400
HEADER = Layout(("d",)).header


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def delivered(rcpt: str = "b@contoh.example", diagnostic: str = "") -> Record:
    return Record(type="d", time_logged=NOON, rcpt=rcpt, dsn_diag=diagnostic)


def opened(folder: Path, **settings_: object) -> CsvFile:
    return CsvFile(CsvSettings(path=folder / "acct.csv", **settings_), Layout(("d",)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\r\n")


def test_a_file_is_named_by_day_and_number_and_begins_with_a_header(tmp_path: Path):
    file = opened(tmp_path)
    assert names(tmp_path) == []
    file.append([delivered()], NOON)
    assert names(tmp_path) == ["acct-2026-03-04-0000.csv"]
    written = (tmp_path / "acct-2026-03-04-0000.csv").read_bytes()
    assert written.startswith(HEADER)
    assert lines(tmp_path / "acct-2026-03-04-0000.csv") == 2


def test_records_of_other_types_open_no_file(tmp_path: Path):
    opened(tmp_path).append([Record(type="r", time_logged=NOON)], NOON)
    assert names(tmp_path) == []


def test_a_new_file_begins_at_local_midnight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "WIB-7")
    time.tzset()
    file = opened(tmp_path)
    midnight = NOON + 5 * HOUR_S
    file.append([delivered()], midnight - 1)
    file.append([delivered()], midnight)
    assert names(tmp_path) == [
        "acct-2026-03-04-0000.csv",
        "acct-2026-03-05-0000.csv",
    ]


def test_a_full_file_gives_way_to_the_next_number(tmp_path: Path):
    file = opened(tmp_path, max_octets=1000)
    for _ in range(25):
        file.append([delivered()], NOON)
    found = names(tmp_path)
    assert found[:2] == ["acct-2026-03-04-0000.csv", "acct-2026-03-04-0001.csv"]
    assert all((tmp_path / name).stat().st_size <= 1000 for name in found)
    assert sum(lines(tmp_path / name) - 1 for name in found) == 25


def test_one_batch_larger_than_a_file_is_written_whole(tmp_path: Path):
    file = opened(tmp_path, max_octets=1000)
    file.append([delivered()] * 100, NOON)
    file.append([delivered()], NOON)
    assert names(tmp_path) == ["acct-2026-03-04-0000.csv", "acct-2026-03-04-0001.csv"]
    assert lines(tmp_path / "acct-2026-03-04-0000.csv") == 101


def test_a_restart_continues_todays_file_without_a_second_header(tmp_path: Path):
    for _ in range(3):
        file = opened(tmp_path)
        file.append([delivered()], NOON)
        file.close()
    (name,) = names(tmp_path)
    written = (tmp_path / name).read_bytes()
    assert written.count(HEADER) == 1
    assert lines(tmp_path / name) == 4


def test_a_restart_with_other_columns_begins_a_new_file(tmp_path: Path):
    opened(tmp_path).append([delivered()], NOON)
    other = CsvFile(CsvSettings(path=tmp_path / "acct.csv"), Layout(("d", "r")))
    other.append([delivered()], NOON)
    assert names(tmp_path) == ["acct-2026-03-04-0000.csv", "acct-2026-03-04-0001.csv"]


def test_a_restart_does_not_continue_a_full_file(tmp_path: Path):
    opened(tmp_path, max_octets=1000).append([delivered()] * 30, NOON)
    opened(tmp_path, max_octets=1000).append([delivered()], NOON)
    assert names(tmp_path) == ["acct-2026-03-04-0000.csv", "acct-2026-03-04-0001.csv"]


@pytest.mark.parametrize("torn_octets", range(1, 60, 7))
def test_a_torn_last_record_is_cut_off(tmp_path: Path, torn_octets: int):
    opened(tmp_path).append([delivered("a@b.example", 'x "y"\r\nz, ')] * 2, NOON)
    path = tmp_path / "acct-2026-03-04-0000.csv"
    whole = path.read_bytes()
    one = (len(whole) - len(HEADER)) // 2
    path.write_bytes(whole[:-torn_octets])
    opened(tmp_path).append([delivered("c@d.example")], NOON)
    again = path.read_bytes()
    assert again[: len(HEADER) + one] == whole[: len(HEADER) + one]
    assert again[len(HEADER) + one :].startswith(b"d,2026-03-04 12:00:00+0000,,,c@d")
    assert again.count(HEADER) == 1


def test_a_torn_header_is_written_anew(tmp_path: Path):
    path = tmp_path / "acct-2026-03-04-0000.csv"
    path.write_bytes(HEADER[:20])
    opened(tmp_path).append([delivered()], NOON)
    assert path.read_bytes().startswith(HEADER)
    assert lines(path) == 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.sampled_from('ab",\r\n'), max_size=8), max_size=6),
    st.integers(0, 200),
)
def test_whatever_is_torn_off_whole_records_stay(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], torn: int
):
    path = tmp_path_factory.mktemp("torn") / "x.csv"
    written = [Layout(("d",)).line(delivered(text, text)) for text in texts]
    octets = b"".join(written)
    left = octets[: max(0, len(octets) - torn)]
    path.write_bytes(left)
    expected = 0
    for record in written:
        if expected + len(record) > len(left):
            break
        expected += len(record)
    assert whole_records_octets(path) == expected


def test_whole_lines_are_found_in_large_files(tmp_path: Path):
    path = tmp_path / "x"
    path.write_bytes(b"a\n" + b"x" * 3_000_000)
    assert whole_lines_octets(path) == 2
    path.write_bytes(b'"' + b"\n" * 3_000_000)
    assert whole_records_octets(path) == 0


def test_finished_files_are_moved_and_their_numbers_not_given_again(tmp_path: Path):
    done = tmp_path / "done"
    for _ in range(3):
        file = opened(tmp_path, max_octets=1000, move_to=done)
        file.append([delivered()] * 30, NOON)
        file.append([delivered()] * 30, NOON)
        file.close()
    assert names(tmp_path) == ["acct-2026-03-04-0005.csv"]
    assert names(done) == [f"acct-2026-03-04-000{number}.csv" for number in range(5)]


def test_an_idle_file_is_moved_after_midnight(tmp_path: Path):
    done = tmp_path / "done"
    file = opened(tmp_path, move_to=done)
    file.append([delivered()], NOON)
    file.rotate(NOON + HOUR_S)
    assert names(tmp_path) == ["acct-2026-03-04-0000.csv"]
    file.rotate(NOON + DAY_S)
    assert names(tmp_path) == []
    assert names(done) == ["acct-2026-03-04-0000.csv"]


def test_a_file_is_moved_after_its_interval(tmp_path: Path):
    done = tmp_path / "done"
    file = opened(tmp_path, move_to=done, move_interval_s=HOUR_S)
    file.append([delivered()], NOON)
    file.rotate(NOON + HOUR_S - 1)
    assert not done.exists()
    file.rotate(NOON + HOUR_S)
    file.append([delivered()], NOON + HOUR_S)
    assert names(done) == ["acct-2026-03-04-0000.csv"]
    assert names(tmp_path) == ["acct-2026-03-04-0001.csv"]


def aged(path: Path, at: float) -> None:
    path.write_bytes(HEADER)
    os.utime(path, (at, at))


def test_the_time_until_a_move_is_the_same_after_a_restart(tmp_path: Path):
    done = tmp_path / "done"
    aged(tmp_path / "acct-2026-03-04-0000.csv", NOON - 1)
    opened(tmp_path, move_to=done, move_interval_s=HOUR_S).rotate(NOON)
    assert names(done) == ["acct-2026-03-04-0000.csv"]
    aged(tmp_path / "acct-2026-03-04-0001.csv", NOON + 1)
    file = opened(tmp_path, move_to=done, move_interval_s=HOUR_S)
    file.rotate(NOON + 2)
    file.append([delivered()], NOON + 2)
    assert names(tmp_path) == ["acct-2026-03-04-0001.csv"]


def test_a_restart_does_not_continue_a_file_that_is_due(tmp_path: Path):
    aged(tmp_path / "acct-2026-03-04-0000.csv", NOON - 1)
    file = opened(tmp_path, move_to=tmp_path / "done", move_interval_s=HOUR_S)
    file.append([delivered()], NOON)
    assert names(tmp_path) == ["acct-2026-03-04-0001.csv"]
    assert names(tmp_path / "done") == ["acct-2026-03-04-0000.csv"]


def test_a_number_is_not_given_again_when_the_moved_file_is_gone(tmp_path: Path):
    done = tmp_path / "done"
    file = opened(tmp_path, move_to=done, move_interval_s=HOUR_S)
    for hour in range(3):
        file.append([delivered()], NOON + hour * HOUR_S)
        file.rotate(NOON + (hour + 1) * HOUR_S)
        (done / f"acct-2026-03-04-{hour:04d}.csv").unlink()


def test_the_records_of_a_moved_file_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "acct.csv"
    records = [Record(type="d", time_logged=NOON, dsn_diag=t) for t in TEXTS]
    path.write_bytes(HEADER + b"".join(map(Layout(("d",)).line, records)))
    assert count_records(path) == len(TEXTS)
    with caplog.at_level("INFO", logger=LOG.name):
        tell_moved(path)
        tell_moved(tmp_path / "gone.csv")
    assert f"acct.csv: moved with {len(TEXTS)} records" in caplog.text
    assert "gone.csv: moved, not counted" in caplog.text


TEXTS = ["", 'a "b"\r\n c', "x,y", '"', "\n\n", 'long "' * 300_000]


def test_moving_with_a_count_tells_it(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    done = tmp_path / "done"
    file = opened(tmp_path, move_to=done, counts_moved=True)
    file.append([delivered()] * 3, NOON)
    with caplog.at_level("INFO", logger=LOG.name):
        file.rotate(NOON + DAY_S)
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(5)
    assert "acct-2026-03-04-0000.csv: moved with 3 records" in caplog.text


def test_files_left_by_an_earlier_run_are_moved(tmp_path: Path):
    (tmp_path / "acct-2026-03-01-0003.csv").write_bytes(HEADER)
    (tmp_path / "acct-2026-03-04-0000.csv").write_bytes(HEADER)
    (tmp_path / "other-2026-03-01-0003.csv").write_bytes(HEADER)
    done = tmp_path / "done"
    opened(tmp_path, move_to=done).rotate(NOON)
    assert names(done) == ["acct-2026-03-01-0003.csv"]


def test_old_files_are_deleted_and_only_ours(tmp_path: Path):
    for day in ("2026-02-23", "2026-02-24", "2026-03-03"):
        (tmp_path / f"acct-{day}-0000.csv").write_bytes(HEADER)
    (tmp_path / "acct-2020-01-01-0000.csv.gz").write_bytes(b"")
    (tmp_path / "akun-2020-01-01-0000.csv").write_bytes(b"")
    file = opened(tmp_path)
    file.append([delivered()], NOON)
    assert names(tmp_path) == [
        "acct-2020-01-01-0000.csv.gz",
        "acct-2026-02-24-0000.csv",
        "acct-2026-03-03-0000.csv",
        "acct-2026-03-04-0000.csv",
        "akun-2020-01-01-0000.csv",
    ]


def test_never_deletes_nothing(tmp_path: Path):
    (tmp_path / "acct-2019-01-01-0000.csv").write_bytes(HEADER)
    opened(tmp_path, delete_after_s=None).rotate(NOON)
    assert names(tmp_path) == ["acct-2019-01-01-0000.csv"]


def test_a_file_that_cannot_be_moved_stays_and_writing_goes_on(tmp_path: Path):
    (tmp_path / "blocked").write_bytes(b"a file, no directory")
    file = opened(tmp_path, move_to=tmp_path / "blocked" / "done")
    file.append([delivered()], NOON)
    file.append([delivered()], NOON + DAY_S)
    assert "acct-2026-03-05-0000.csv" in names(tmp_path)


@pytest.mark.parametrize(("is_open", "mode"), [(True, 0o644), (False, 0o640)])
def test_world_readable_decides_who_may_read(tmp_path: Path, is_open: bool, mode: int):
    before = os.umask(0)
    try:
        opened(tmp_path, is_world_readable=is_open).append([delivered()], NOON)
    finally:
        os.umask(before)
    (name,) = names(tmp_path)
    assert (tmp_path / name).stat().st_mode & 0o777 == mode


def test_a_full_disk_leaves_nothing_half_written_and_says_so(tmp_path: Path):
    file = opened(tmp_path)
    file.append([delivered()], NOON)
    path = tmp_path / "acct-2026-03-04-0000.csv"
    before = path.read_bytes()
    with file_size_limit(len(before) + 100):
        with pytest.raises(LedgerFailed, match="records not written"):
            file.append([delivered()] * 50, NOON)
        assert path.read_bytes() == before
    file.append([delivered()], NOON)
    assert lines(path) == 3


def test_a_disk_too_full_for_a_header_leaves_no_file(tmp_path: Path):
    file = opened(tmp_path)
    with file_size_limit(10), pytest.raises(LedgerFailed):
        file.append([delivered()], NOON)
    assert names(tmp_path) == []
    file.append([delivered()], NOON)
    assert names(tmp_path) == ["acct-2026-03-04-0000.csv"]


class file_size_limit:  # noqa: N801
    """Writes beyond `octets` of a file fail, as on a full disk."""

    def __init__(self, octets: int) -> None:
        self.octets = octets

    def __enter__(self) -> None:
        self.former = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.action = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.octets, self.former[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.former)
        signal.signal(signal.SIGXFSZ, self.action)


WRITER = """
import sys
from pathlib import Path
from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.layout import Layout
from sinyal.events.record import Record
file = CsvFile(CsvSettings(path=Path(sys.argv[1]) / "acct.csv"), Layout(("d",)))
for count in range(1_000_000):
    record = Record(type="d", time_logged=1.0, rcpt=str(count), dsn_diag='"x"' * 50)
    file.append([record] * 20, float(sys.argv[2]))
    sys.stdout.write(f"{count}\\n")
    sys.stdout.flush()
"""


def test_what_a_killed_writer_acknowledged_is_there_after_a_restart(tmp_path: Path):
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), str(NOON)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    for _ in range(200):
        last = int(child.stdout.readline())
    child.kill()
    child.wait()
    last = max([last, *map(int, child.stdout.read().split("\n")[:-1])])
    child.stdout.close()
    file = opened(tmp_path)
    file.append([delivered("after")], NOON)
    (name,) = names(tmp_path)
    rows = (tmp_path / name).read_bytes().decode().split("\r\n")
    assert rows.count(HEADER.decode().strip()) == 1
    assert sum(f",,{last},," in row for row in rows) == 20
    assert all(row.count('"') % 2 == 0 for row in rows)


def test_sections_of_the_configuration_become_files(tmp_path: Path):
    section = AcctFile(path=str(tmp_path / "log" / "acct.csv"))
    (file,) = books((section, section)).values()
    assert isinstance(file, CsvFile)
    file.append([delivered()], NOON)
    assert names(tmp_path / "log") == ["acct-2026-03-04-0000.csv"]
