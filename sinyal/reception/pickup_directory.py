"""The pickup directory on disk: which files are ready, read whole, taken away.

All functions block; they are called in a thread. Files are reached by their names in
the directory alone, never through a link. Source: guide 7.2, rule PICK-1.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from sinyal.runtime.disk import sync_directory

SETTLED_S = 2.0  # a file that has been as it is for so long is whole
BATCH_FILES = 100
BATCH_OCTETS = 16 << 20  # read at once, one file may have more
MAX_NAMESAKES = 1000  # files of one name among the bad ones
ENVELOPE_OCTETS = 64 << 20  # of a file, on top of the message's limit


class State(NamedTuple):
    """What changes when a file is written to; `inode` when it is replaced."""

    inode: int
    octets: int
    written_ns: int


class Ready(NamedTuple):
    """A file to be read; its name may hold surrogates of octets that are no UTF-8."""

    name: str
    state: State


class Taken(msgspec.Struct, frozen=True):
    """A file that is locked and read; `close` gives up the lock.

    `octets` is None for a file that is over the limit.
    """

    ready: Ready
    octets: bytes | None
    handle: int

    def close(self) -> None:
        os.close(self.handle)


class Scan(NamedTuple):
    """A look at the directory: all files there, and those that are ready, oldest first.

    A file is ready when it was the same at the look before, or long ago.
    """

    seen: dict[str, State]
    ready: list[Ready]


def scan(directory: str, before: dict[str, State], now: float) -> Scan:
    """Look at the directory. Errors: `OSError` when it cannot be read.

    Left out are names that begin with a dot or end in `.tmp`, and what is no plain
    file: directories, links, pipes.
    """
    settled_ns = int((now - SETTLED_S) * 1e9)
    with os.scandir(directory) as entries:
        seen = dict(_plain_files(entries))
    ready = [
        Ready(name, state)
        for name, state in seen.items()
        if before.get(name) == state or state.written_ns < settled_ns
    ]
    ready.sort(key=lambda one: (one.state.written_ns, one.name))
    return Scan(seen, ready)


def _plain_files(
    entries: Iterable[os.DirEntry[str]],
) -> Iterator[tuple[str, State]]:
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(".tmp"):
            continue
        with contextlib.suppress(FileNotFoundError):  # it has just vanished
            facts = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(facts.st_mode):
                yield entry.name, _state(facts)


def _state(facts: os.stat_result) -> State:
    return State(facts.st_ino, facts.st_size, facts.st_mtime_ns)


def batches(ready: list[Ready]) -> Iterator[list[Ready]]:
    """The files in portions of bounded count and size."""
    portion: list[Ready] = []
    octets = 0
    for one in ready:
        octets += one.state.octets
        if portion and (len(portion) >= BATCH_FILES or octets > BATCH_OCTETS):
            yield portion
            portion, octets = [], one.state.octets
        portion.append(one)
    if portion:
        yield portion


def take(directory: str, ready: Ready, limit_octets: int) -> Taken | None:
    """The file, locked and read; None when it is locked, changed or gone by now.

    A writer's lock of either kind (fcntl, flock) is respected. Errors: `OSError` when
    the file cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(Path(directory, ready.name), flags)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP}:
            return None
        raise
    try:
        octets = _read(handle, ready, limit_octets)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return Taken(ready, octets, handle)


def _read(handle: int, ready: Ready, limit_octets: int) -> bytes | None:
    """All of the file; None over the limit. Errors: `BlockingIOError` if in use."""
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except PermissionError as error:  # POSIX: EACCES or EAGAIN
        raise BlockingIOError(errno.EAGAIN, "locked") from error
    facts = os.fstat(handle)
    if not facts.st_nlink or _state(facts) != ready.state:
        raise BlockingIOError(errno.EAGAIN, "changed")
    if facts.st_size > limit_octets:
        return None
    with os.fdopen(handle, "rb", closefd=False) as file:
        octets = file.read(facts.st_size + 1)
    if len(octets) != facts.st_size:
        raise BlockingIOError(errno.EAGAIN, "changed")
    return octets


def remove(directory: str, files: list[Ready]) -> dict[str, OSError]:
    """Take accepted files away, on disk before the return; those that would not go.

    A file that has come in the place of one stays: it is another message.
    """
    failed = {}
    for one in files:
        path = Path(directory, one.name)
        try:
            if path.lstat().st_ino == one.state.inode:
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            failed[one.name] = error
    with contextlib.suppress(OSError):
        sync_directory(Path(directory))
    return failed


def set_aside(directory: str, file: Ready, bad: str) -> str:
    """Move a file to the directory of bad ones; its name there. Errors: `OSError`.

    A name that is taken there gets a number. The two may be on different disks. "" for
    one that is gone, or that another file has come in the place of: that one stays.
    """
    name = file.name
    source, target = Path(directory, name), Path(bad, name)
    try:
        if source.lstat().st_ino != file.state.inode:
            return ""
    except FileNotFoundError:
        return ""
    for number in range(1, MAX_NAMESAKES):
        if not os.path.lexists(target):
            shutil.move(source, target)
            return target.name
        target = Path(bad, f"{name}.{number}")
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
