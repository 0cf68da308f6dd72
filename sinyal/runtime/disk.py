"""Durable files: whole-file replacement, appending with sync, free space."""

import contextlib
import os
from pathlib import Path


def sync_directory(path: Path) -> None:
    """Make creations, renames and removals in `path` durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, octets: bytes) -> None:
    """Write `path` as a whole: after a crash it is the old or the new content."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)


def free_octets(path: Path) -> int:
    """Space left for users other than root; guide 10.1.4.2.8."""
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


class AppendFile:
    """A file that only grows: `append` reaches the system, `sync` reaches the disk.

    `append` and `sync` may be called from different threads.
    Errors: `OSError` from the system; a short write is retried until whole.
    """

    def __init__(self, path: Path, mode: int = 0o640) -> None:
        self.path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
        self.octets = os.fstat(self._handle).st_size
        self._is_dirty = False

    def append(self, octets: bytes) -> None:
        """Add `octets` at the end, all or nothing: a failed write is cut off again."""
        before = self.octets
        view = memoryview(octets)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, before)
            raise
        self.octets = before + len(octets)
        self._is_dirty = True

    def sync(self) -> None:
        """Return when all that was appended before the call is on disk."""
        if self._is_dirty:
            self._is_dirty = False
            try:
                os.fdatasync(self._handle)
            except OSError:
                self._is_dirty = True
                raise

    def close(self) -> None:
        self.sync()
        os.close(self._handle)
