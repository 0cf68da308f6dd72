"""RocksDB as the spool uses it: two column families, raw octets, one batch a write.

Measured on the relay: a synced write holds the interpreter for the whole disk sync,
`flush_wal(True)` does not; so writes are unsynced and only the flush waits.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from rocksdict import (
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

MEBI = 1 << 20
META_BUFFER_OCTETS = 32 * MEBI
CONTENT_BUFFER_OCTETS = 64 * MEBI  # 256 MB bought nothing but memory
# Else the slow-filling meta family pins the content's log: 2.1 GB were seen.
WAL_LIMIT_OCTETS = 256 * MEBI
BLOB_MIN_OCTETS = 1024
BLOB_FILE_OCTETS = 256 * MEBI
STALLED = "stall"
MEND_WAIT_S = 1.0  # opening anew reads the log again: 256 MB at the most

# A change of one key: (is it content, key, new octets or None to delete it).
Change = tuple[bool, bytes, bytes | None]


class SpoolFull(OSError):
    """The storage takes nothing now: what was to be written is not on disk."""


class Database:
    """The two families `meta` and `content` of one spool directory.

    Errors: `OSError` from every method; `SpoolFull` when a write would have to wait.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._is_broken = False
        self._mend_at = 0.0
        self._opening = threading.Lock()
        self._unsynced = WriteOptions()
        self._unsynced.no_slowdown = True
        self._open()

    def _open(self) -> None:
        families = {"default": _meta_options(), "content": _content_options()}
        try:
            self._rows = Rdict(
                str(self._path), _meta_options(), column_families=families
            )
            self._contents = self._rows.get_column_family("content")
            self._family = self._rows.get_column_family_handle("content")
        except Exception as error:
            raise _as_os_error(error) from error

    def _mend(self) -> None:
        """Open anew what a full disk has broken: its log takes nothing any more."""
        with self._opening:
            if not self._is_broken:
                return
            if time.monotonic() < self._mend_at:
                raise OSError(0, "waits for space on its disk", str(self._path))
            self._mend_at = time.monotonic() + MEND_WAIT_S
            self._drop()
            self._open()
            self._is_broken = False

    def _drop(self) -> None:
        """Let go of every handle; a broken log cannot be closed in good order."""
        with contextlib.suppress(AttributeError):  # dropped before, not yet opened
            for one in (self._contents, self._rows):
                with contextlib.suppress(Exception):
                    one.close()
            del self._contents, self._family, self._rows

    def write(self, changes: Sequence[Change]) -> None:
        """Apply all of `changes` or none of them; they are on disk after `flush`."""
        self._mend()
        batch = WriteBatch(raw_mode=True)
        for is_content, key, octets in changes:
            family = self._family if is_content else None
            if octets is None:
                batch.delete(key, family)
            else:
                batch.put(key, octets, family)
        try:
            self._rows.write(batch, self._unsynced)
        except Exception as error:
            raise self._failed(error) from error

    def flush(self) -> None:
        """Return when everything written before is on disk; releases the GIL."""
        self._mend()
        try:
            self._rows.flush_wal(True)
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> OSError:
        """What the caller raises; after anything but a stall it is opened anew."""
        failure = _as_os_error(error)
        self._is_broken = self._is_broken or not isinstance(failure, SpoolFull)
        return failure

    def content(self, key: bytes) -> bytes:
        """The content kept under `key`. Errors: `KeyError` when there is none."""
        self._mend()
        try:
            found = self._contents.get(key)
        except Exception as error:
            raise _as_os_error(error) from error
        if found is None:
            raise KeyError(key)
        return cast(bytes, found)

    def last_key(self) -> bytes | None:
        """The greatest key of `meta`."""
        for key in self._rows.keys(backwards=True):
            return cast(bytes, key)
        return None

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """All of `meta` in the order of its keys."""
        yield from cast(Iterator[tuple[bytes, bytes]], self._rows.items())

    def close(self) -> None:
        """Release the directory's lock: every handle has to go before."""
        if self._is_broken:
            self._drop()
            return
        self._contents.close()
        del self._contents, self._family
        try:
            self._rows.close()
        except Exception as error:
            raise _as_os_error(error) from error
        del self._rows


def _as_os_error(error: Exception) -> OSError:
    # The binding raises bare `Exception`; only the text tells a stall.
    text = str(error)
    return SpoolFull(text) if STALLED in text.lower() else OSError(text)


def _meta_options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.create_missing_column_families(True)
    options.set_write_buffer_size(META_BUFFER_OCTETS)
    options.set_max_total_wal_size(WAL_LIMIT_OCTETS)
    options.set_max_background_jobs(2)
    options.set_compression_type(DBCompressionType.none())
    options.set_recycle_log_file_num(0)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    options.set_keep_log_file_num(3)
    return options


def _content_options() -> Options:
    options = _meta_options()
    options.set_write_buffer_size(CONTENT_BUFFER_OCTETS)
    options.set_enable_blob_files(True)
    options.set_min_blob_size(BLOB_MIN_OCTETS)
    options.set_blob_file_size(BLOB_FILE_OCTETS)
    options.set_blob_compression_type(DBCompressionType.none())
    options.set_enable_blob_gc(True)
    options.set_blob_gc_age_cutoff(0.25)
    return options
