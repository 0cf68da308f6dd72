"""Whose turn it is in each pool, kept over a restart (VM-3)."""

from pathlib import Path

from sinyal.programs.state_keeper import StateKeeper
from sinyal.reception.turns import Turns

FILE_NAME = "turns.json"


class TurnKeeper(StateKeeper[dict[str, int]]):
    """Reads the turns of `directory` once, and writes them when they have changed."""

    def __init__(self, turns: Turns, directory: Path) -> None:
        path = directory / FILE_NAME
        super().__init__(path, dict[str, int], turns.state, turns.restore)
