"""Signals event files on disk: names, counter, size, and what a crash leaves."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sinyal.accounting.event_file import (
    EventFile,
    event_file_name,
    event_file_number,
)
from sinyal.accounting.growing import LedgerFailed

LINE = b'{"msys":{"message_event":{"subject":"' + b"x" * 60 + b'"}}}\n'


@contextmanager
def file_size_limit(octets: int) -> Iterator[None]:
    """Writes beyond `octets` of a file fail, as on a full disk."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    action = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, action)


def events(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("sp1-*.json*"))


def test_the_name_is_sixteen_upper_case_hex_digits():
    assert event_file_name(0x3FBD) == "sp1-0000000000003FBD.json"
    assert event_file_number("sp1-0000000000003FBD.json") == 0x3FBD
    assert event_file_number("sp1-0000000000003FBD.json.part") == 0x3FBD


@pytest.mark.parametrize(
    "name",
    ["sp1-3FBD.json", "sp1-0000000000003fbd.json", "sp1-.json", "sp1.next", "x"],
)
def test_other_names_have_no_number(name: str):
    assert event_file_number(name) is None


def test_a_file_is_a_part_until_it_is_rolled(tmp_path: Path):
    file = EventFile(tmp_path)
    assert file.roll() is None
    file.append([])
    assert events(tmp_path) == []
    file.append([LINE, LINE])
    file.append([LINE])
    assert events(tmp_path) == ["sp1-0000000000000001.json.part"]
    assert file.roll() == "sp1-0000000000000001.json"
    assert (tmp_path / "sp1-0000000000000001.json").read_bytes() == LINE * 3
    assert file.roll() is None
    file.append([LINE])
    assert events(tmp_path)[-1] == "sp1-0000000000000002.json.part"


def test_a_torn_last_line_is_cut_off_at_the_start(tmp_path: Path):
    (tmp_path / "sp1-0000000000000007.json.part").write_bytes(LINE * 2 + LINE[:30])
    EventFile(tmp_path)
    assert events(tmp_path) == ["sp1-0000000000000007.json"]
    assert (tmp_path / "sp1-0000000000000007.json").read_bytes() == LINE * 2


@pytest.mark.parametrize("left", [b"", LINE[:-1]])
def test_a_part_without_a_whole_line_is_removed(tmp_path: Path, left: bytes):
    (tmp_path / "sp1-0000000000000007.json.part").write_bytes(left)
    file = EventFile(tmp_path)
    assert events(tmp_path) == []
    file.append([LINE])
    assert events(tmp_path) == ["sp1-0000000000000008.json.part"]


def test_a_number_is_never_given_again_even_when_the_directory_was_emptied(
    tmp_path: Path,
):
    given: list[int] = []
    for count, is_clean in ((300, False), (2, True), (2, False), (2, False)):
        file = EventFile(tmp_path)
        for _ in range(count):
            file.append([LINE])
            name = file.roll()
            assert name is not None
            (tmp_path / name).unlink()
            number = event_file_number(name)
            assert number is not None
            given.append(number)
        if is_clean:
            file.close()
    assert given == sorted(set(given))


def test_a_clean_restart_goes_on_with_the_next_number(tmp_path: Path):
    for number in range(1, 4):
        file = EventFile(tmp_path)
        file.append([LINE])
        file.close()
        assert (tmp_path / event_file_name(number)).exists()


def test_a_lost_counter_is_found_again_from_the_files(tmp_path: Path):
    (tmp_path / "sp1-0000000000003FBD.json").write_bytes(LINE)
    (tmp_path / "sp1.next").write_bytes(b"nonsense")
    file = EventFile(tmp_path)
    file.append([LINE])
    assert events(tmp_path)[-1] == "sp1-0000000000003FBE.json.part"


def test_no_file_grows_beyond_the_largest_size(tmp_path: Path):
    file = EventFile(tmp_path, largest_octets=10 * len(LINE))
    for _ in range(5):
        file.append([LINE] * 7)
    file.append([LINE] * 45)
    file.close()
    sizes = [(tmp_path / name).stat().st_size for name in events(tmp_path)]
    assert max(sizes) <= 10 * len(LINE)
    assert sum(sizes) == 80 * len(LINE)


def test_a_full_disk_leaves_nothing_half_written_and_says_so(tmp_path: Path):
    file = EventFile(tmp_path)
    file.append([LINE])
    failure = pytest.raises(LedgerFailed, match="events not written")
    with file_size_limit(len(LINE) * 3 + 10), failure:
        file.append([LINE] * 4)
    file.append([LINE])
    file.roll()
    assert (tmp_path / "sp1-0000000000000001.json").read_bytes() == LINE * 2


def test_a_batch_over_several_files_is_undone_as_a_whole(tmp_path: Path):
    file = EventFile(tmp_path, largest_octets=4 * len(LINE))
    file.append([LINE])
    long = LINE[:-1] * 5 + b"\n"
    with file_size_limit(4 * len(LINE) + 10), pytest.raises(LedgerFailed):
        file.append([LINE, LINE, LINE, LINE, long])
    assert events(tmp_path) == ["sp1-0000000000000001.json.part"]
    file.append([LINE])
    assert (tmp_path / "sp1-0000000000000001.json.part").read_bytes() == LINE * 2


def test_a_rolled_file_may_be_gone_before_it_is_synced(tmp_path: Path):
    file = EventFile(tmp_path)
    file.append([LINE])
    name = file.roll()
    assert name is not None
    (tmp_path / name).unlink()
    file.sync()
    file.append([LINE])
    file.sync()
    file.close()


def test_a_full_file_that_cannot_be_renamed_keeps_its_lines(tmp_path: Path):
    file = EventFile(tmp_path, largest_octets=2 * len(LINE))
    file.append([LINE, LINE])
    # A directory in the way of the name.
    (tmp_path / "sp1-0000000000000001.json").mkdir()
    file.append([LINE])
    file.sync()
    part = tmp_path / "sp1-0000000000000001.json.part"
    assert part.read_bytes() == LINE * 2
    assert file.roll() == "sp1-0000000000000002.json"


def test_a_part_that_was_taken_away_does_not_stop_the_files_after_it(tmp_path: Path):
    file = EventFile(tmp_path)
    file.append([LINE])
    (tmp_path / "sp1-0000000000000001.json.part").unlink()
    assert file.roll() is None
    file.append([LINE])
    assert file.roll() == "sp1-0000000000000002.json"
    file.close()
    assert (tmp_path / "sp1-0000000000000002.json").read_bytes() == LINE
