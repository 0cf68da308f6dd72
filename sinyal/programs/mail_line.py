"""The mail line of one MTA: spool, accounting and queues, in the order of promises.

A message is spooled, recorded and synced before it is queued and answered 250. An
outcome is recorded before its recipient is released. Nothing else is decided here.
"""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from sinyal.accounting.growing import LedgerFailed
from sinyal.accounting.ledger import Ledger
from sinyal.delivery.compose import Composer
from sinyal.events.outcome import Outcome, Verdict
from sinyal.events.record import Record, of_outcome, receipt
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Submission
from sinyal.queues.queues import Queues
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG
from sinyal.smtp.reply import Reply, reply
from sinyal.spool.contents import Contents
from sinyal.spool.database import SpoolFull
from sinyal.spool.spool import Spool

TRY_AGAIN_S = 1.0  # after the accounting could not be written
ACCEPTED = reply(250, "2.6.0 message received")
NOT_STORED = reply(451, "4.3.0 message cannot be stored now, try again later")
SPOOL_BUSY = reply(452, "4.3.1 too much mail waits for the disk, try again later")


class Ending(msgspec.Struct, frozen=True):
    """The end of an attempt, as it was when it ended."""

    records: tuple[Record, ...]
    spool_id: int
    index: int
    attempts: int
    is_final: bool


class MailLine:
    """What reception and delivery are handed.

    `notice` is called when the queues have something new: set it before `recover`.
    `source_ip_of` gives the smtp-source-host address of a VirtualMTA, or "".
    """

    def __init__(  # noqa: PLR0913 - the line is what all of these meet in
        self,
        *,
        spool: Spool,
        contents: Contents,
        ledger: Ledger,
        queues: Queues,
        composer: Composer,
        source_ip_of: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._spool = spool
        self._contents = contents
        self._ledger = ledger
        self._queues = queues
        self._composer = composer
        self._source_ip_of = source_ip_of
        self._clock = clock
        self.notice: Callable[[], None] = lambda: None
        self._unrecorded: list[Ending] = []
        self._is_flush_due = False

    def recover(self) -> int:
        """Queue what the spool holds; how many recipients that are."""
        count = 0
        for stored in self._spool.recover():
            entries = [
                _entry(stored.spool_id, stored.envelope, index)
                for index in range(len(stored.envelope.recipients))
                if index not in stored.settled
            ]
            for entry in entries:
                entry.attempts = stored.attempts.get(entry.index, 0)
            self._queue(entries)
            count += len(entries)
        return count

    async def submit(self, submission: Submission) -> Reply:
        """The reply to a whole message: 250 once it is on disk; RFC 5321 4.2.5."""
        envelope, content = submission.envelope, submission.content
        try:
            spool_id = self._spool.write(envelope, content)
        except SpoolFull:
            return SPOOL_BUSY
        except OSError as error:
            LOG.error("spool: %s", error)
            return NOT_STORED
        try:
            await self.record(self._receipts(envelope))
        except OSError as error:
            self._spool.withdraw(spool_id)
            LOG.error("message %s refused: %s", spool_id, error)
            return NOT_STORED
        entries = [
            _entry(spool_id, envelope, at) for at in range(len(envelope.recipients))
        ]
        self._contents.hold(entries, content)
        self._queue(entries)
        return ACCEPTED

    async def record(self, records: Iterable[Record]) -> None:
        """Return when `records` and all that was spooled before are on disk.

        Errors: `OSError`.
        """
        self._ledger.write(list(records), self._clock())
        await self._spool.commit()

    def compose(self, entry: QueueEntry) -> bytes:
        """The octets to send to the recipient of `entry`."""
        return self._composer.compose(entry, self._contents.of(entry))

    def settle(self, outcome: Outcome) -> None:
        """Record the end of an attempt, and release the recipient if it was the last.

        Outcomes of one turn of the event loop share a write.
        """
        entry = outcome.entry
        is_tracked = self._composer.is_tracked(entry.envelope)
        ending = Ending(
            records=of_outcome(outcome, is_tracked=is_tracked),
            spool_id=entry.spool_id,
            index=entry.index,
            attempts=entry.attempts + 1,
            is_final=outcome.verdict is not Verdict.DEFERRED,
        )
        self._contents.release(entry)
        self._unrecorded.append(ending)
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write the records that wait; without disk space they go on waiting."""
        self._is_flush_due = False
        endings, self._unrecorded = self._unrecorded, []
        records = [record for ending in endings for record in ending.records]
        try:
            self._ledger.write(records, self._clock())
        except LedgerFailed as error:
            LOG.error("accounting: %s; %d records wait", error, len(records))
            self._unrecorded[:0] = endings
            self._is_flush_due = True
            asyncio.get_running_loop().call_later(TRY_AGAIN_S, self.flush)
            return
        for ending in endings:
            self._release(ending)

    def _release(self, ending: Ending) -> None:
        if ending.is_final:
            self._spool.settle(ending.spool_id, ending.index)
        else:
            self._spool.attempted(ending.spool_id, ending.index, ending.attempts)

    def _receipts(self, envelope: Envelope) -> list[Record]:
        now, source_ip = self._clock(), self._source_ip_of(envelope.vmta)
        is_tracked = self._composer.is_tracked(envelope)
        return [
            receipt(envelope, at, now, source_ip, is_tracked=is_tracked)
            for at in range(len(envelope.recipients))
        ]

    def _queue(self, entries: Iterable[QueueEntry]) -> None:
        now = self._clock()
        for entry in entries:
            self._queues.add(entry, now)
        self.notice()


def _entry(spool_id: int, envelope: Envelope, index: int) -> QueueEntry:
    name = QueueName(envelope.recipients[index].domain, envelope.vmta)
    return QueueEntry(spool_id, index, name, envelope)
