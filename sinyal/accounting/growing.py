"""A file that grows by whole lines, and what a crash left at its end."""

import os
from collections import deque
from pathlib import Path

from sinyal.runtime.disk import AppendFile, sync_directory

CHUNK_OCTETS = 1 << 20


class LedgerFailed(OSError):
    """Records could not be written; nothing of them is in any file."""


class GrowingFile(AppendFile):
    """An append-only file that can be cut back, and syncs its own directory entry."""

    def __init__(self, path: Path, mode: int = 0o640) -> None:
        self._is_entered = path.exists()
        super().__init__(path, mode)
        self._name = str(path)
        self._inode = os.fstat(self._handle).st_ino
        self._reader: int | None = None

    def named_octets(self) -> int | None:
        """The length that the file has under its name, None where it is another's now.

        Other processes may have written to it, moved it or removed it.
        """
        try:
            found = os.stat(self._name)  # noqa: PTH116 - twice as fast, every write
        except FileNotFoundError:
            return None
        return found.st_size if found.st_ino == self._inode else None

    def ends_whole(self) -> bool:
        """Whether the file ends with a line end."""
        if self._reader is None:
            self._reader = os.open(self.path, os.O_RDONLY)
        return os.pread(self._reader, 1, self.octets - 1) == b"\n"

    def close(self) -> None:
        """As `AppendFile.close`."""
        if self._reader is not None:
            os.close(self._reader)
            self._reader = None
        super().close()

    def cut(self, octets: int) -> None:
        """Shorten the file to `octets`, its length before a write that is undone."""
        os.ftruncate(self._handle, octets)
        self.octets = octets

    def sync(self) -> None:
        """As `AppendFile.sync`; a new file's name reaches the disk as well."""
        super().sync()
        if not self._is_entered:
            sync_directory(self.path.parent)
            self._is_entered = True


def whole_lines_octets(path: Path) -> int:
    """The length of `path` up to the last line feed: event files, one JSON a line."""
    return _last_end(path, is_quoting=False)


def whole_records_octets(path: Path) -> int:
    """The length of `path` up to the last whole CSV record; RFC 4180 2.

    A line feed inside quotes ends no record: it is one after an odd count of quotes.
    """
    return _last_end(path, is_quoting=True)


def count_records(path: Path) -> int:
    """How many CSV records the file has, its header left out; RFC 4180 2."""
    ends, is_quoted = 0, False
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_OCTETS):
            parts = chunk.split(b'"')
            ends += sum(part.count(b"\n") for part in parts[int(is_quoted) :: 2])
            is_quoted ^= len(parts) % 2 == 0
    return max(ends - 1, 0)


def _last_end(path: Path, *, is_quoting: bool) -> int:
    end, start, quotes = 0, 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_OCTETS):
            total = quotes + (chunk.count(b'"') if is_quoting else 0)
            found = _last_even_line_feed(chunk, total, is_quoting=is_quoting)
            if found >= 0:
                end = start + found + 1
            start += len(chunk)
            quotes = total
    return end


def _last_even_line_feed(chunk: bytes, quotes: int, *, is_quoting: bool) -> int:
    """Where the last line feed outside quotes is; `quotes` counts up to the end."""
    stop = len(chunk)
    while (at := chunk.rfind(b"\n", 0, stop)) >= 0:
        if not is_quoting:
            return at
        quotes -= chunk.count(b'"', at, stop)
        if quotes % 2 == 0:
            return at
        # Nothing ends before the quote that opened the text around this line feed.
        stop = chunk.rfind(b'"', 0, at)
        if stop < 0:
            return -1
        quotes -= 1
    return -1


def cut_torn_end(path: Path, whole_octets: int) -> int:
    """Shorten `path` to `whole_octets`; the count of octets that were cut off."""
    torn = path.stat().st_size - whole_octets
    if torn > 0:
        os.truncate(path, whole_octets)
    return max(torn, 0)


def sync_files(current: GrowingFile | None, retired: deque[GrowingFile]) -> None:
    """Return when all of these is on disk; the retired files are closed and forgotten.

    May run beside the thread that writes: that one only adds to `retired`.
    """
    if current is not None:
        current.sync()
    while retired:
        retired[0].sync()
        retired.popleft().close()
