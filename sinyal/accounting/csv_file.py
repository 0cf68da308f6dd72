"""CSV accounting files: rotation, moving and deletion; guide 3.3.11, 11.2."""

import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sinyal.accounting.folder import Named, Names, day_of, period_around
from sinyal.accounting.growing import (
    GrowingFile,
    LedgerFailed,
    count_records,
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
    counts_moved: bool = False


class CsvFile:
    """One accounting file: `acct.csv` is written as `acct-YYYY-MM-DD-NNNN.csv`.

    A file is opened with its first record. After a restart today's file is continued
    if its header is ours and it is not full; a torn last record is cut off. Other
    processes may write to it as well, while the directory is locked (`FolderLocks`):
    what they have finished is not written to any more, what they have begun is joined.
    Errors: `LedgerFailed` by `append`; files that cannot be moved or deleted are
    logged and stay.
    """

    def __init__(self, settings: CsvSettings, layout: Layout) -> None:
        self.layout = layout
        self.path = settings.path
        self.folder = settings.path.parent
        self._settings = settings
        self._names = Names(settings.path)
        self._file: GrowingFile | None = None
        self._now_open: Named | None = None
        self._finished = ("", -1)  # the day and number of what was last finished here
        self._before: int | None = None
        self._retired: deque[GrowingFile] = deque()
        self._period_s = (0.0, 0.0)
        self._cleared_on = ""

    def append(self, records: Sequence[Record], now: float) -> None:
        """Write the records that belong here; all are with the system, or none is."""
        self.write(b"".join(self.layout.lines(records)), now)

    def write(self, octets: bytes, now: float) -> None:
        """Write whole lines of the layout; all are with the system, or none is."""
        self._before = None
        if not octets:
            return
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
        if self._is_over(now):
            self._finish()
            self._period_s = self._period(now)
            self._clear(now)

    def finish(self, now: float) -> None:
        """Finish the file whatever its size and age; the next record begins another."""
        latest = max(self._today(now), key=lambda file: file.number, default=None)
        if latest is not None:
            self._finished = (latest.day, latest.number)
        self._retire()
        self._clear(now)

    def sync(self) -> None:
        """Return when all that was appended before the call is on disk."""
        sync_files(self._file, self._retired)

    def close(self) -> None:
        """Sync and close; the file is continued when it is opened again."""
        self._retire()
        self.sync()

    def _is_over(self, now: float) -> bool:
        """Whether the day, or the time until the next move, has passed."""
        start, end = self._period_s
        return not start <= now < end

    def _period(self, now: float) -> tuple[float, float]:
        is_moved = self._settings.move_to is not None
        return period_around(now, self._settings.move_interval_s if is_moved else 0.0)

    def _ready(self, octets: int, now: float) -> GrowingFile:
        """The file to write to; a new one at midnight and when the old one is full."""
        file = self._file
        if file is None:
            return self._begin(now)
        size = file.named_octets()
        if size is None:  # another process has moved it
            self._finish()
            return self._begin(now)
        if size != file.octets and not self._is_sound(file, size):
            self._retire()
            return self._begin(now)
        is_full = size + octets > self._settings.max_octets
        has_records = size > len(self.layout.header)
        if self._is_over(now) or (is_full and has_records):
            self._finish()
            return self._begin(now)
        return file

    def _is_sound(self, file: GrowingFile, size: int) -> bool:
        """Whether one goes on with a file that another process has written to.

        One that was killed while it wrote may have left a part of a record.
        """
        file.octets = size
        if size < len(self.layout.header):
            return False
        if not file.ends_whole():
            self._repair(file.path)
            file.octets = file.path.stat().st_size
        return True

    def _begin(self, now: float) -> GrowingFile:
        """Open a file, another's that is not full before one of our own."""
        self._period_s = self._period(now)
        found = self._next(now)
        self._file = self._opened(found.path)
        self._now_open = found
        self._clear(now)
        return self._file

    def _finish(self) -> None:
        """Leave the current file for good."""
        if self._now_open is not None:
            self._finished = (self._now_open.day, self._now_open.number)
        self._retire()

    def _retire(self) -> None:
        if self._file is not None:
            self._retired.append(self._file)
            self._file = None
            self._now_open = None

    def _next(self, now: float) -> Named:
        today = day_of(now)
        self.folder.mkdir(parents=True, exist_ok=True)
        latest = max(self._today(now), key=lambda file: file.number, default=None)
        passed = max(self._last_moved(today), self._last_finished(today))
        if latest and latest.number > passed and self._can_continue(latest):
            return latest
        number = max(latest.number if latest else -1, passed) + 1
        return self._names.named(today, number)

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

    def _can_continue(self, file: Named) -> bool:
        """Whether it has our header, room and time; a torn end is cut on the way."""
        with file.path.open("rb") as opened:
            header = opened.read(len(self.layout.header))
        if not self.layout.header.startswith(header) or self._is_due(file):
            return False
        self._repair(file.path)
        return file.path.stat().st_size < self._settings.max_octets

    def _repair(self, path: Path) -> None:
        torn = cut_torn_end(path, whole_records_octets(path))
        if torn:
            LOG.warning("%s: %d octets of a torn record removed", path, torn)

    def _clear(self, now: float) -> None:
        """Move finished files, or delete those that are old enough."""
        self._cleared_on = day_of(now)
        latest = max((file.number for file in self._today(now)), default=-1)
        for file in self._names.files():
            if self._is_live(file, latest):
                continue
            try:
                self._put_away(file, now)
            except OSError as error:
                LOG.error("%s: file stays here: %s", file.path, error.strerror)

    def _is_live(self, file: Named, latest: int) -> bool:
        """Whether it is, or may still become, the file that is written."""
        if self._now_open is not None and file.path == self._now_open.path:
            return True
        if file.day != self._cleared_on or file.number < latest:
            return False
        if file.number <= self._last_finished(file.day):
            return False
        return not self._is_due(file)

    def _is_due(self, file: Named) -> bool:
        """Whether the time until its move had passed when it was last written."""
        if self._settings.move_to is None:
            return False
        try:
            return file.path.stat().st_mtime < self._period_s[0]
        except FileNotFoundError:
            return False

    def _put_away(self, file: Named, now: float) -> None:
        move_to, keep_s = self._settings.move_to, self._settings.delete_after_s
        if move_to is not None:
            move_to.mkdir(parents=True, exist_ok=True)
            target = move_to / file.path.name
            file.path.rename(target)
            if self._settings.counts_moved:
                # A file of 250 MB is read in half a second: nobody waits for that.
                threading.Thread(target=tell_moved, args=(target,), daemon=True).start()
        elif keep_s is not None and file.day < day_of(now - keep_s):
            file.path.unlink()
            LOG.info("%s deleted: older than delete-after", file.path)

    def _today(self, now: float) -> list[Named]:
        today = day_of(now)
        return [file for file in self._names.files() if file.day == today]

    def _last_finished(self, day: str) -> int:
        finished_on, number = self._finished
        return number if finished_on == day else -1

    def _last_moved(self, day: str) -> int:
        move_to = self._settings.move_to
        files = self._names.files(move_to) if move_to else []
        return max((file.number for file in files if file.day == day), default=-1)


def tell_moved(path: Path) -> None:
    """Log how many records a moved file has; guide 3.3.11.14."""
    try:
        LOG.info("%s: moved with %d records", path, count_records(path))
    except OSError as error:
        LOG.warning("%s: moved, not counted: %s", path, error.strerror)
