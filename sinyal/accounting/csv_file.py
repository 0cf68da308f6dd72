"""CSV accounting files: names, rotation, moving and deletion; guide 3.3.11, 11.2."""

import re
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sinyal.accounting.growing import (
    GrowingFile,
    LedgerFailed,
    cut_torn_end,
    sync_files,
    whole_records_octets,
)
from sinyal.accounting.layout import Layout
from sinyal.events.record import Record
from sinyal.runtime.log import LOG

DAY_S = 86400


class CsvSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where one accounting file lives and when it gives way to the next.

    `path` is the operator's, without date and number. `delete_after_s` is None for
    `never`; it does not apply with `move_to`, `move_interval_s` only with it.
    Units: octets, seconds. Source: guide 3.3.11.
    """

    path: Path
    max_octets: int = 250 * 1024 * 1024
    move_to: Path | None = None
    move_interval_s: float = DAY_S
    delete_after_s: float | None = 8 * DAY_S
    is_world_readable: bool = False


class Named(msgspec.Struct, frozen=True):
    """A file of ours in a directory, by the day and the number in its name."""

    path: Path
    day: str
    number: int


class CsvFile:
    """One accounting file: `acct.csv` is written as `acct-YYYY-MM-DD-NNNN.csv`.

    A file is opened with its first record. After a restart today's file is continued
    if its header is ours and it is not full; a torn last record is cut off.
    Errors: `LedgerFailed` by `append`; files that cannot be moved or deleted are
    logged and stay.
    """

    def __init__(self, settings: CsvSettings, layout: Layout) -> None:
        self.layout = layout
        self._settings = settings
        self._file: GrowingFile | None = None
        self._before: int | None = None
        self._retired: deque[GrowingFile] = deque()
        self._day_s = (0.0, 0.0)
        self._move_at = float("inf")
        self._is_begun = False
        self._cleared_on = ""
        path = settings.path
        stem, suffix = re.escape(path.stem), re.escape(path.suffix)
        self._name = re.compile(rf"{stem}-(\d{{4}}-\d\d-\d\d)-(\d{{4,9}}){suffix}")

    def append(self, records: Sequence[Record], now: float) -> None:
        """Write the records that belong here; all are with the system, or none is."""
        self._before = None
        lines = self.layout.lines(records)
        if not lines:
            return
        octets = b"".join(lines)
        try:
            file = self._ready(len(octets), now)
            before = file.octets
            file.append(octets)
        except OSError as error:
            message = f"{self._settings.path}: records not written: {error.strerror}"
            raise LedgerFailed(error.errno, message) from error
        self._before = before

    def undo(self) -> None:
        """Take back what the last `append` wrote."""
        if self._file is not None and self._before is not None:
            self._file.cut(self._before)
            self._before = None

    def rotate(self, now: float) -> None:
        """Finish the file of a day that is over; move or delete what is due."""
        is_over = self._file is not None and self._is_over(now)
        if is_over:
            self._retire()
        if is_over or self._cleared_on != day_of(now):
            self._clear(now)

    def sync(self) -> None:
        """Return when all that was appended before the call is on disk."""
        sync_files(self._file, self._retired)

    def close(self) -> None:
        """Sync and close; the file is continued when it is opened again."""
        self._retire()
        self.sync()

    def _is_over(self, now: float) -> bool:
        """Whether the current file's day, or its time until the move, has passed."""
        start, end = self._day_s
        return not start <= now < end or now >= self._move_at

    def _ready(self, octets: int, now: float) -> GrowingFile:
        """The file to write to; a new one at midnight and when the old one is full."""
        file = self._file
        if file is None:
            return self._begin(now, is_next=self._is_begun)
        is_full = file.octets + octets > self._settings.max_octets
        has_records = file.octets > len(self.layout.header)
        if self._is_over(now) or (is_full and has_records):
            self._retire()
            return self._begin(now, is_next=True)
        return file

    def _begin(self, now: float, *, is_next: bool) -> GrowingFile:
        self._file = self._open(day_of(now), is_next=is_next)
        self._is_begun = True
        self._day_s = day_around(now)
        if self._settings.move_to is not None:
            self._move_at = now + self._settings.move_interval_s
        self._clear(now)
        return self._file

    def _retire(self) -> None:
        if self._file is not None:
            self._retired.append(self._file)
            self._file = None

    def _open(self, today: str, *, is_next: bool) -> GrowingFile:
        path = self._settings.path
        path.parent.mkdir(parents=True, exist_ok=True)
        here = [file for file in self._files(path.parent) if file.day == today]
        latest = max(here, key=lambda file: file.number, default=None)
        moved = self._last_moved(today)
        is_ours = latest is not None and latest.number > moved and not is_next
        if latest and is_ours and self._can_continue(latest.path):
            return self._opened(latest.path)
        number = max(latest.number if latest else -1, moved) + 1
        name = f"{path.stem}-{today}-{number:04d}{path.suffix}"
        return self._opened(path.parent / name)

    def _opened(self, path: Path) -> GrowingFile:
        mode = 0o644 if self._settings.is_world_readable else 0o640
        file = GrowingFile(path, mode)
        try:
            if file.octets == 0:
                file.append(self.layout.header)
        except OSError:
            path.unlink(missing_ok=True)
            file.close()
            raise
        return file

    def _can_continue(self, path: Path) -> bool:
        """Whether `path` has our header and room; a torn end is cut off on the way."""
        with path.open("rb") as file:
            header = file.read(len(self.layout.header))
        if not self.layout.header.startswith(header):
            return False
        torn = cut_torn_end(path, whole_records_octets(path))
        if torn:
            LOG.warning("%s: %d octets of a torn record removed", path, torn)
        return path.stat().st_size < self._settings.max_octets

    def _clear(self, now: float) -> None:
        """Move finished files, or delete those that are old enough."""
        today = day_of(now)
        self._cleared_on = today
        for file in self._files(self._settings.path.parent):
            if self._is_open(file, today):
                continue
            try:
                self._put_away(file, now)
            except OSError as error:
                LOG.error("%s: file stays here: %s", file.path, error.strerror)

    def _is_open(self, file: Named, today: str) -> bool:
        """Whether a file is, or may still become, the one that is written."""
        if self._file is not None:
            return file.path == self._file.path
        return file.day == today and not self._is_begun

    def _put_away(self, file: Named, now: float) -> None:
        move_to, keep_s = self._settings.move_to, self._settings.delete_after_s
        if move_to is not None:
            move_to.mkdir(parents=True, exist_ok=True)
            file.path.rename(move_to / file.path.name)
        elif keep_s is not None and file.day < day_of(now - keep_s):
            file.path.unlink()
            LOG.info("%s deleted: older than delete-after", file.path)

    def _files(self, folder: Path) -> list[Named]:
        if not folder.is_dir():
            return []
        found = ((path, self._name.fullmatch(path.name)) for path in folder.iterdir())
        return [Named(path, name[1], int(name[2])) for path, name in found if name]

    def _last_moved(self, day: str) -> int:
        move_to = self._settings.move_to
        files = self._files(move_to) if move_to else []
        return max((file.number for file in files if file.day == day), default=-1)


def day_of(now: float) -> str:
    """The local day as `YYYY-MM-DD`."""
    return time.strftime("%Y-%m-%d", time.localtime(now))


def day_around(now: float) -> tuple[float, float]:
    """The local day that `now` falls in: its first second, and that of the next."""
    at = time.localtime(now)
    midnight = (at.tm_year, at.tm_mon, at.tm_mday, 0, 0, 0, 0, 0, -1)
    tomorrow = (at.tm_year, at.tm_mon, at.tm_mday + 1, 0, 0, 0, 0, 0, -1)
    return time.mktime(midnight), time.mktime(tomorrow)
