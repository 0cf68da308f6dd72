"""Turns of pools over a restart."""

from pathlib import Path

import pytest

from sinyal.config.settings import Pool
from sinyal.programs.turn_keeper import FILE_NAME, TurnKeeper
from sinyal.reception.turns import Turns

POOL = Pool(name="pool", virtual_mta=("one", "two", "three"))


def kept(directory: Path) -> tuple[Turns, TurnKeeper]:
    turns = Turns()
    keeper = TurnKeeper(turns, directory)
    keeper.load()
    return turns, keeper


def test_a_pool_goes_on_after_a_restart_where_it_stopped(tmp_path: Path) -> None:
    turns, keeper = kept(tmp_path)
    assert [turns.take(POOL) for _ in range(2)] == ["one", "two"]
    keeper.save()
    turns, _ = kept(tmp_path)
    assert turns.take(POOL) == "three"


def test_turns_that_have_not_changed_are_not_written(tmp_path: Path) -> None:
    _, keeper = kept(tmp_path)
    keeper.save()
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(
    "octets", [b"", b"[1]", b'{"pool": "x"}', b"\xff\xfe", b'{"pool": -1}']
)
def test_a_file_that_is_unfit_lets_pools_begin_anew(
    tmp_path: Path, octets: bytes
) -> None:
    (tmp_path / FILE_NAME).write_bytes(octets)
    turns, keeper = kept(tmp_path)
    assert turns.take(POOL) == "one"
    keeper.save()
    assert kept(tmp_path)[0].take(POOL) == "two"
