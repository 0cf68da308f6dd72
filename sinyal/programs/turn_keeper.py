"""Whose turn it is in each pool, kept over a restart (VM-3).

The file may lag behind by some seconds: after a crash a few members are used again.
"""

import asyncio
from pathlib import Path

import msgspec

from sinyal.reception.turns import Turns
from sinyal.runtime.disk import reason_of, replace_file
from sinyal.runtime.log import LOG

FILE_NAME = "turns.json"
INTERVAL_S = 5.0
LARGEST_OCTETS = 16 << 20


class TurnKeeper:
    """Reads the turns of `directory` once, and writes them when they have changed."""

    def __init__(self, turns: Turns, directory: Path) -> None:
        self._turns = turns
        self._path = directory / FILE_NAME
        self._written: dict[str, int] = {}

    def load(self) -> None:
        """Go on where the last run stopped; a file that is unfit is left out."""
        try:
            if self._path.stat().st_size > LARGEST_OCTETS:
                return
            found = msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:  # DecodeError and ValidationError too
            LOG.warning("%s: not read, pools begin anew: %s", self._path, error)
            return
        self._turns.restore(found)
        self._written = self._turns.state()

    def save(self) -> None:
        """Write what has changed; a failure is logged, and tried again later."""
        state = self._turns.state()
        if state == self._written:
            return
        try:
            replace_file(self._path, msgspec.json.encode(state))
        except OSError as error:
            LOG.error("%s: not written: %s", self._path, reason_of(error))
            return
        self._written = state

    async def run(self, stop: asyncio.Event) -> None:
        """Save now and then until `stop` is set, and at the end."""
        while not stop.is_set():
            await asyncio.to_thread(self.save)
            try:
                await asyncio.wait_for(stop.wait(), INTERVAL_S)
            except TimeoutError:
                continue
