"""What a part knows, kept in a file of STATE over a restart.

The file may lag behind by some seconds: after a crash that much is done again.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from sinyal.runtime.disk import reason_of, replace_file
from sinyal.runtime.log import LOG

INTERVAL_S = 5.0
LARGEST_OCTETS = 64 << 20

State = TypeVar("State")


class StateKeeper(Generic[State]):
    """Reads a file once, and writes it when what it holds has changed.

    Shape: `kind` is the type of what `state` answers and `restore` takes, as JSON.
    """

    def __init__(
        self,
        path: Path,
        kind: Any,
        state: Callable[[], State],
        restore: Callable[[State], None],
    ) -> None:
        self._path = path
        self._kind = kind
        self._state = state
        self._restore = restore
        self._written: State | None = None

    def load(self) -> None:
        """Go on where the last run stopped; a file that is unfit is left out."""
        try:
            if self._path.stat().st_size > LARGEST_OCTETS:
                return
            found = msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:  # DecodeError and ValidationError too
            LOG.warning("%s: not read, it begins anew: %s", self._path, error)
            return
        self._restore(found)
        self._written = self._state()

    def save(self) -> None:
        """Write what has changed; a failure is logged, and tried again later."""
        self._write(self._state())

    def _write(self, state: State) -> None:
        if state == self._written or (not state and self._written is None):
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
            await asyncio.to_thread(self._write, self._state())
            try:
                await asyncio.wait_for(stop.wait(), INTERVAL_S)
            except TimeoutError:
                continue
