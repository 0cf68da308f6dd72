"""Durable files: whole-file replacement, appending with sync, free space."""

import contextlib
import errno
import fcntl
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
    """Write `path` as a whole: after a crash it is the old or the new content.

    Errors: `OSError` from the system; what was written by then is removed again.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    sync_directory(path.parent)


def lock_directory(path: Path) -> int:
    """Take `path` for this process alone, until its end; the handle of the lock.

    Errors: `OSError`, which names the directory when another process has it.
    """
    handle = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise OSError(f"{path} is in use by another process") from error
    return handle


def free_octets(path: Path) -> int:
    """Space left for users other than root; guide 10.1.4.2.8."""
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


def usable_directory(path: Path) -> None:
    """Make `path` when missing. Errors: `OSError` when files cannot be made in it."""
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def reason_of(error: OSError) -> str:
    """The error in words for an operator: what it is about, then what is wrong."""
    reason = error.strerror or " ".join(str(error).split())
    return f"{error.filename}: {reason}" if error.filename else reason


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
