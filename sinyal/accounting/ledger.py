"""The ledger: every record into its files and, as an event, up to Signals."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sinyal.accounting.csv_file import CsvFile
from sinyal.accounting.event_file import EventFile
from sinyal.accounting.folder import FolderLocks
from sinyal.accounting.growing import LedgerFailed
from sinyal.accounting.pipe import Pipe
from sinyal.accounting.selection import Takes
from sinyal.events.codec import encode_line
from sinyal.events.convert import event_of
from sinyal.events.record import Record
from sinyal.runtime.log import LOG


class Ledger:
    """All files and programs that records go to.

    `write`, `rotate`, `roll` and `close` belong to one thread; `sync` may be called
    from another one at the same time. Several processes may have the same files.
    `event_file` is None without Signals; `left_out` says which records no accounting
    file gets, None where all go on.
    """

    def __init__(
        self,
        files: Sequence[CsvFile | Pipe],
        event_file: EventFile | None,
        *,
        new_event_id: Callable[[], str],
        node_name: str,
        left_out: Takes | None = None,
    ) -> None:
        self._event_file = event_file
        self._new_event_id = new_event_id
        self._node_name = node_name
        self._syncing = threading.Lock()
        self._leaving: list[Pipe] = []
        self._use(files, left_out)

    def _use(self, files: Sequence[CsvFile | Pipe], left_out: Takes | None) -> None:
        self._files = tuple(files)
        self._csv_files = tuple(one for one in files if isinstance(one, CsvFile))
        self._pipes = tuple(one for one in files if isinstance(one, Pipe))
        self._locks = FolderLocks(file.folder for file in self._csv_files)
        self._left_out = left_out

    def adopt(
        self,
        files: Sequence[CsvFile | Pipe],
        event_file: EventFile | None,
        node_name: str,
        left_out: Takes | None = None,
    ) -> None:
        """Write to these from now on; those left out are synced and closed.

        Errors of a file that cannot be closed as it should are logged. A program that
        has failed is started again.
        """
        with self._syncing:
            gone = [one for one in self._files if one not in files]
            former, self._event_file = self._event_file, event_file
            self._locks.close()
            self._use(files, left_out)
            self._node_name = node_name
            for one in gone:
                self._let_go(one)
            if former is not None and former is not event_file:
                _close(former)
        for pipe in self._pipes:
            pipe.revive()

    @property
    def files(self) -> tuple[CsvFile | Pipe, ...]:
        """The accounting files and programs, in the order of their sections."""
        return self._files

    @property
    def event_file(self) -> EventFile | None:
        """The file that events go to, None without Signals."""
        return self._event_file

    def keeps(self, record_type: str) -> bool:
        """Whether an accounting file has records of this type; 1.5 % of a relay."""
        return any(file.layout.keeps(record_type) for file in self._files)

    def write(self, records: Sequence[Record], now: float) -> None:
        """Record what happened: with the system, in every file, before it returns.

        One write per file; programs get it afterwards, when they can.
        Units: `now` epoch seconds; it decides about midnight.
        Errors: `LedgerFailed`; then nothing of `records` is in any file.
        """
        events = self._event_lines(records) if self._event_file is not None else []
        if self._left_out is not None:
            records = [one for one in records if not self._left_out(one)]
        lines = [b"".join(file.layout.lines(records)) for file in self._csv_files]
        if any(lines) or events:
            self._write(lines, events, now)
        for pipe in self._pipes:
            pipe.append(records)

    def _write(self, lines: list[bytes], events: list[bytes], now: float) -> None:
        with self._locks:
            written: list[CsvFile] = []
            try:
                for file, octets in zip(self._csv_files, lines, strict=True):
                    file.write(octets, now)
                    written.append(file)
                if self._event_file is not None:
                    self._event_file.append(events)
            except LedgerFailed:
                _undo(written)
                raise

    def rotate(self, now: float) -> None:
        """Finish files whose day is over; call it now and then, also when idle.

        The first call starts the programs.
        """
        for pipe in self._pipes:
            pipe.start()
        if self._csv_files:
            with self._locks:
                for file in self._csv_files:
                    file.rotate(now)

    def finish(self, now: float, path: Path | None = None) -> int:
        """Finish files at once, all or that of `path`; how many that were.

        Errors: `OSError`.
        """
        meant = [one for one in self._csv_files if path in (None, one.path)]
        with self._locks:
            for file in meant:
                file.finish(now)
        return len(meant)

    def roll(self) -> str | None:
        """Make the current event file whole, ready to be uploaded; its name if any.

        Errors: `OSError` when it cannot be renamed; it is then kept and written on.
        """
        return self._event_file.roll() if self._event_file else None

    def sync(self) -> None:
        """Return when everything written before the call is on disk.

        Errors: `OSError`; the next call tries the same files again.
        """
        with self._syncing:
            for file in self._csv_files:
                file.sync()
            if self._event_file is not None:
                self._event_file.sync()

    def close(self) -> None:
        """Sync and close every file; the event file becomes whole.

        Programs get what waits for them, as long as they take it.
        """
        with self._syncing:
            for pipe in (*self._pipes, *self._leaving):
                pipe.end()
            for file in self._csv_files:
                file.close()
            self._locks.close()
            if self._event_file is not None:
                self._event_file.close()
            for pipe in (*self._pipes, *self._leaving):
                pipe.join()

    def _let_go(self, one: CsvFile | Pipe) -> None:
        if isinstance(one, Pipe):
            one.end()
            self._leaving = [pipe for pipe in self._leaving if pipe.is_alive]
            self._leaving.append(one)
        else:
            _close(one)

    def _event_lines(self, records: Sequence[Record]) -> list[bytes]:
        events = (
            event_of(record, self._new_event_id(), self._node_name)
            for record in records
            if record.signals
        )
        return [encode_line(event) for event in events if event is not None]


def _undo(written: Sequence[CsvFile]) -> None:
    for file in written:
        with contextlib.suppress(OSError):
            file.undo()


def _close(file: CsvFile | EventFile) -> None:
    """Close a file that is written no more; what is in it was written before."""
    try:
        file.close()
    except OSError as error:
        LOG.error("accounting: not closed: %s", error)
