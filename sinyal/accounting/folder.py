"""The directory of accounting files: their names, and whose turn it is to write.

Several processes may write to one file, each whole records at the end of it. What one
of them decides, where to cut off a write that failed and which file comes next, it
decides while the directory is locked.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import msgspec

from sinyal.accounting.growing import LedgerFailed
from sinyal.runtime.log import LOG


class Named(msgspec.Struct, frozen=True):
    """A file of ours in a directory, by the day and the number in its name."""

    path: Path
    day: str
    number: int


class Names:
    """`acct.csv` is written as `acct-YYYY-MM-DD-NNNN.csv`; guide 3.3.11."""

    def __init__(self, path: Path) -> None:
        self._path = path
        stem, suffix = re.escape(path.stem), re.escape(path.suffix)
        self._form = re.compile(rf"{stem}-(\d{{4}}-\d\d-\d\d)-(\d{{4,9}}){suffix}")

    def files(self, folder: Path | None = None) -> list[Named]:
        """Our files in `folder`, or beside the operator's path."""
        here = folder or self._path.parent
        if not here.is_dir():
            return []
        found = ((path, self._form.fullmatch(path.name)) for path in here.iterdir())
        return [Named(path, name[1], int(name[2])) for path, name in found if name]

    def named(self, day: str, number: int) -> Named:
        """The file of that day and number."""
        name = f"{self._path.stem}-{day}-{number:04d}{self._path.suffix}"
        return Named(self._path.parent / name, day, number)


class FolderLocks:
    """`with locks:` keeps other processes from writing in these directories.

    A lock is one of the directory itself: no file of ours is left behind, and it ends
    with its process. They are taken in the order of their paths, so that no two wait
    for each other. A file system that has no locks is used without, and the log says
    so.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = sorted(set(folders))
        self._handles: tuple[int, ...] | None = None  # None until they are opened

    def __enter__(self) -> None:
        """Errors: `LedgerFailed` for a directory that cannot be made or opened."""
        handles = self._handles
        if handles is None:
            handles = self._handles = self._opened()
        try:
            for handle in handles:
                fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            LOG.error("accounting: directories not locked: %s", error.strerror)
            self.close()
            self._handles = ()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._handles or ():
            fcntl.flock(handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the directories; they are opened again when they are locked again."""
        for handle in self._handles or ():
            os.close(handle)
        self._handles = None

    def _opened(self) -> tuple[int, ...]:
        handles: list[int] = []
        for folder in self._folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                handles.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
            except OSError as error:
                for handle in handles:
                    os.close(handle)
                message = f"{folder}: {error.strerror}"
                raise LedgerFailed(error.errno, message) from error
        return tuple(handles)


def day_of(now: float) -> str:
    """The local day as `YYYY-MM-DD`."""
    return time.strftime("%Y-%m-%d", time.localtime(now))


def period_around(now: float, interval_s: float) -> tuple[float, float]:
    """The part of the local day that `now` falls in: its first second, and the next's.

    Parts of `interval_s` are counted from midnight: all processes agree on them,
    whenever they were started. The last one ends with the day.
    """
    at = time.localtime(now)
    start = time.mktime((at.tm_year, at.tm_mon, at.tm_mday, 0, 0, 0, 0, 0, -1))
    end = time.mktime((at.tm_year, at.tm_mon, at.tm_mday + 1, 0, 0, 0, 0, 0, -1))
    if not 0 < interval_s < end - start:
        return start, end
    begin = start + (now - start) // interval_s * interval_s
    return begin, min(begin + interval_s, end)
