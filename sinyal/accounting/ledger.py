"""The ledger: every record into its CSV files and, as an event, up to Signals."""

import contextlib
import threading
from collections.abc import Callable, Sequence

from sinyal.accounting.csv_file import CsvFile
from sinyal.accounting.event_file import EventFile
from sinyal.accounting.growing import LedgerFailed
from sinyal.events.codec import encode_line
from sinyal.events.convert import event_of
from sinyal.events.record import Record
from sinyal.runtime.log import LOG


class Ledger:
    """All files that records go to.

    `write`, `rotate`, `roll` and `close` belong to one thread; `sync` may be called
    from another one at the same time. `event_file` is None without Signals.
    """

    def __init__(
        self,
        csv_files: Sequence[CsvFile],
        event_file: EventFile | None,
        *,
        new_event_id: Callable[[], str],
        node_name: str,
    ) -> None:
        self._csv_files = tuple(csv_files)
        self._event_file = event_file
        self._new_event_id = new_event_id
        self._node_name = node_name
        self._syncing = threading.Lock()

    def adopt(
        self, csv_files: Sequence[CsvFile], event_file: EventFile | None, node_name: str
    ) -> None:
        """Write to these from now on; files left out are synced and closed.

        Errors of a file that cannot be closed as it should are logged.
        """
        with self._syncing:
            gone = [file for file in self._csv_files if file not in csv_files]
            former, self._event_file = self._event_file, event_file
            self._csv_files = tuple(csv_files)
            self._node_name = node_name
            for file in gone:
                _close(file)
            if former is not None and former is not event_file:
                _close(former)

    @property
    def csv_files(self) -> tuple[CsvFile, ...]:
        """The accounting files, in the order of their sections."""
        return self._csv_files

    @property
    def event_file(self) -> EventFile | None:
        """The file that events go to, None without Signals."""
        return self._event_file

    def keeps(self, record_type: str) -> bool:
        """Whether an accounting file has records of this type; 1.5 % of a relay."""
        return any(file.layout.keeps(record_type) for file in self._csv_files)

    def write(self, records: Sequence[Record], now: float) -> None:
        """Record what happened: with the system, in every file, before it returns.

        One write per file. Units: `now` epoch seconds; it decides about midnight.
        Errors: `LedgerFailed`; then nothing of `records` is in any file.
        """
        written: list[CsvFile] = []
        try:
            for file in self._csv_files:
                file.append(records, now)
                written.append(file)
            if self._event_file is not None:
                self._event_file.append(self._event_lines(records))
        except LedgerFailed:
            for file in written:
                with contextlib.suppress(OSError):
                    file.undo()
            raise

    def rotate(self, now: float) -> None:
        """Finish files whose day is over; call it now and then, also when idle."""
        for file in self._csv_files:
            file.rotate(now)

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
        """Sync and close every file; the event file becomes whole."""
        with self._syncing:
            for file in self._csv_files:
                file.close()
            if self._event_file is not None:
                self._event_file.close()

    def _event_lines(self, records: Sequence[Record]) -> list[bytes]:
        events = (
            event_of(record, self._new_event_id(), self._node_name)
            for record in records
            if record.signals
        )
        return [encode_line(event) for event in events if event is not None]


def _close(file: CsvFile | EventFile) -> None:
    """Close a file that is written no more; what is in it was written before."""
    try:
        file.close()
    except OSError as error:
        LOG.error("accounting: not closed: %s", error)
