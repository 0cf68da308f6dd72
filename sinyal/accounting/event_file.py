"""Signals event files: `sp1-%016X.json`, written as `.part` until they are whole.

Source: guide 10.1 (event files), seed (names); API events-ingest (5 MB a request).
"""

import contextlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from sinyal.accounting.growing import (
    GrowingFile,
    LedgerFailed,
    cut_torn_end,
    sync_files,
    whole_lines_octets,
)
from sinyal.runtime.disk import replace_file
from sinyal.runtime.log import LOG

LARGEST_OCTETS = 4 * 1024 * 1024
PART = ".part"
COUNTER_NAME = "sp1.next"
# Numbers are reserved in blocks: one durable write per block, a gap after a crash.
BLOCK = 256


def event_file_name(number: int) -> str:
    """The name of an event file: `sp1-0000000000003FBD.json`."""
    return f"sp1-{number:016X}.json"


def event_file_number(name: str) -> int | None:
    """The number in the name of an event file, whole or part; None for other files."""
    stem = name.removesuffix(PART)
    digits = stem.removeprefix("sp1-").removesuffix(".json")
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return number if event_file_name(number) == stem else None


class EventFile:
    """The event file that is being written.

    Opening it repairs what a crash left: a torn last line is cut off and the rest
    made whole. No number is given twice, even when the directory was emptied.
    Errors: `OSError` when the directory cannot be used; `LedgerFailed` by `append`.
    """

    def __init__(self, directory: Path, largest_octets: int = LARGEST_OCTETS) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        self.directory = directory
        self._largest_octets = largest_octets
        self._file: GrowingFile | None = None
        self._retired: deque[GrowingFile] = deque()
        self._next = _first_number(directory)
        self._reserved = self._next
        _repair(directory)

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines; all of them are with the system when it returns, or none is.

        A file that would grow beyond the largest size is made whole first.
        """
        if not lines:
            return
        before = self._file.octets if self._file else 0
        fresh: list[GrowingFile] = []
        try:
            for at, batch in enumerate(self._batches(lines, before)):
                if batch:
                    self._target(fresh, is_first=at == 0).append(b"".join(batch))
        except OSError as error:
            self._undo(before, fresh)
            message = f"{self.directory}: events not written: {error.strerror}"
            raise LedgerFailed(error.errno, message) from error
        for file in fresh:
            self._make_way()
            self._file = file

    def roll(self) -> str | None:
        """Make the current file whole; its name, or None when there is nothing in it.

        The next `sync` makes its lines durable, like those of the current file. One
        that somebody has taken away is given up, or no later file would come.
        """
        if self._file is None:
            return None
        whole = self._file.path.with_suffix("")
        try:
            self._file.path.rename(whole)
        except FileNotFoundError:
            LOG.error("Signals: %s is gone, with its events", self._file.path)
            self._forget()
            return None
        self._retired.append(self._file)
        self._file = None
        return whole.name

    def sync(self) -> None:
        """Return when all that was appended before the call is on disk."""
        sync_files(self._file, self._retired)

    def close(self) -> None:
        """Make the current file whole and give back the numbers that are left."""
        self.roll()
        self.sync()
        replace_file(self.directory / COUNTER_NAME, b"%d\n" % self._next)

    def _forget(self) -> None:
        """Drop the current file, whose name is no more."""
        gone, self._file = self._file, None
        if gone is not None:
            self._retired.append(gone)

    def _make_way(self) -> None:
        """Roll; a file that cannot be renamed stays a part until the next start."""
        full = self._file
        try:
            self.roll()
        except OSError as error:
            LOG.error("Signals: %s stays a part: %s", full and full.path, error)
            if full is not None:
                self._retired.append(full)

    def _batches(self, lines: Sequence[bytes], before: int) -> list[list[bytes]]:
        """The lines by file: the first batch goes to the current one."""
        batches: list[list[bytes]] = [[]]
        octets = before
        for line in lines:
            if octets and octets + len(line) > self._largest_octets:
                batches.append([])
                octets = 0
            batches[-1].append(line)
            octets += len(line)
        return batches

    def _target(self, fresh: list[GrowingFile], *, is_first: bool) -> GrowingFile:
        if is_first and self._file is not None:
            return self._file
        file = GrowingFile(self.directory / (event_file_name(self._number()) + PART))
        fresh.append(file)
        return file

    def _undo(self, before: int, fresh: list[GrowingFile]) -> None:
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.cut(before)
        for file in fresh:
            with contextlib.suppress(OSError):
                file.path.unlink()
            with contextlib.suppress(OSError):
                file.close()

    def _number(self) -> int:
        number = self._next
        if number >= self._reserved:
            replace_file(self.directory / COUNTER_NAME, b"%d\n" % (number + BLOCK))
            self._reserved = number + BLOCK
        self._next = number + 1
        return number


def _first_number(directory: Path) -> int:
    """A number above all that were ever given: the counter's and those in use."""
    used = [event_file_number(path.name) for path in directory.iterdir()]
    after_used = max((number for number in used if number is not None), default=0) + 1
    try:
        stored = int((directory / COUNTER_NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        return after_used
    return max(after_used, stored)


def _repair(directory: Path) -> None:
    for part in directory.glob(f"sp1-*.json{PART}"):
        torn = cut_torn_end(part, whole_lines_octets(part))
        if torn:
            LOG.warning(
                "Signals: %s: %d octets of a torn line removed", part.name, torn
            )
        if part.stat().st_size:
            part.rename(part.with_suffix(""))
        else:
            part.unlink()
