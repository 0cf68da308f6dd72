"""A reload of the configuration: as a whole, or not at all (CFG-18, CFG-21)."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from sinyal.config import Configuration, Loaded
from sinyal.control.check import report
from sinyal.control.reload import (
    NOTHING,
    STAYS,
    changes,
    named,
    needing_restart,
    placed,
)
from sinyal.programs.adoption import Prepared
from sinyal.runtime.configuration import load_configuration
from sinyal.runtime.control_socket import Outcome
from sinyal.runtime.disk import reason_of
from sinyal.runtime.log import LOG

KEPT = "the running configuration is kept"
# What only a start can change: the attribute, and what an operator writes.
AT_START_ONLY = {"spools": "<spool>"}


class Reloadable(Protocol):
    """A part that reads the configuration."""

    async def prepare(self, new: Configuration) -> Prepared:
        """All that may fail. Errors: `OSError`; then nothing has changed."""
        ...


class Reloader:
    """Reads the file that the server was started with again, and hands it round.

    One reload runs at a time; the next one waits, and reads the file anew.
    """

    def __init__(self, path: str, loaded: Loaded, parts: Sequence[Reloadable]) -> None:
        self._path = path
        self._absolute = str(Path(path).absolute())
        assert loaded.configuration is not None
        self._loaded = loaded
        self._running = loaded.configuration
        self._parts = tuple(parts)
        self._turn = asyncio.Lock()

    async def command(self, arguments: Mapping[str, str]) -> Outcome:
        """`sinyal reload`, as the control socket asks for it."""
        asked = arguments.get("config", self._absolute)
        if asked != self._absolute:
            said = f"the server runs on {self._absolute}: start it anew with {asked}"
            return Outcome(1, (said,))
        return await self.reload()

    async def reload(self) -> Outcome:
        """Exit codes: 0 reloaded, 1 something could not be opened, 2 a bad file."""
        async with self._turn:
            loaded = await asyncio.to_thread(load_configuration, self._path)
            if loaded.configuration is None:
                errors = [one for one in loaded.problems if one.is_error]
                return _refused(2, report(errors)[0])
            found = await asyncio.to_thread(changes, self._loaded, loaded)
            new, held = self._keeping(loaded.configuration)
            try:
                prepared = await self._prepare(new)
            except OSError as error:
                said = placed(loaded.whole, reason_of(error))
                return _refused(1, [said])
            for one in prepared:
                await one.commit()
            self._loaded, self._running = loaded, new
            lines = (*named(found), *needing_restart(found), *held)
            return _done(lines)

    async def _prepare(self, new: Configuration) -> list[Prepared]:
        prepared: list[Prepared] = []
        try:
            for part in self._parts:
                prepared.append(await part.prepare(new))
        except OSError:
            for one in reversed(prepared):
                one.undo()
            raise
        return prepared

    def _keeping(self, new: Configuration) -> tuple[Configuration, list[str]]:
        """The new configuration, and what is held back until the next start."""
        held = [
            name
            for name in AT_START_ONLY
            if getattr(self._running, name) != getattr(new, name)
        ]
        kept = {name: getattr(self._running, name) for name in held}
        said = [f"{AT_START_ONLY[name]}: needs a restart, {STAYS}" for name in held]
        return msgspec.structs.replace(new, **kept), said


def _refused(exit_code: int, errors: Sequence[str]) -> Outcome:
    for line in errors:
        LOG.error("reload: %s", line)
    LOG.error("reload: %s", KEPT)
    return Outcome(exit_code, (*errors, KEPT))


def _done(lines: Sequence[str]) -> Outcome:
    end = "" if len(lines) == 1 else "s"
    count = f"{len(lines)} change{end}" if lines else NOTHING
    LOG.info("configuration reloaded: %s", count)
    for line in lines:
        LOG.info("reload: %s", line)
    return Outcome(0, (f"configuration reloaded: {count}", *lines))
