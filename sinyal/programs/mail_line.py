"""The mail line of one MTA: queues, deliveries and their records, in order.

An outcome is recorded before its recipient is released. Nothing else is decided here;
how a message gets this far is in `arrivals`.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from sinyal.accounting.ledger import Ledger
from sinyal.config.reactions import CategoryRules
from sinyal.delivery.compose import Composer
from sinyal.events.outcome import Outcome, Verdict
from sinyal.events.record import Record, categorised, of_outcome, queue_failure, receipt
from sinyal.mail.envelope import Envelope, QueueEntry, Submission
from sinyal.programs.arrivals import entries_of
from sinyal.queues.queues import Queues
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG
from sinyal.smtp.reply import reply
from sinyal.spool.contents import Contents
from sinyal.spool.spool import Spool

TRY_AGAIN_S = 1.0  # after the accounting could not be written
SLICE = 1000  # endings recorded at once


class Ending(msgspec.Struct, frozen=True):
    """The end of an attempt, as it was when it ended."""

    records: tuple[Record, ...]
    spool_id: int
    index: int
    attempts: int
    first_attempt_at: float
    is_final: bool


class MailLine:
    """What delivery is handed, and what becomes of its outcomes.

    `notice` is called when the queues have something new: set it before `recover`.
    `categories` are the operator's rules on bounces.
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
        self.categories = CategoryRules()
        self._unrecorded: list[Ending] = []
        self._is_flush_due = False

    def compose_with(self, composer: Composer) -> None:
        """Make the copies of other keys and settings from now on."""
        self._composer = composer

    def recover(self) -> int:
        """Queue what the spool holds; how many recipients that are."""
        count = 0
        for stored in self._spool.recover():
            entries = entries_of(stored.spool_id, stored.envelope, stored.settled)
            for entry in entries:
                entry.attempts = stored.attempts.get(entry.index, 0)
                entry.first_attempt_at = stored.first_attempts.get(entry.index, 0)
            self._add(entries)
            count += len(entries)
        self.notice()
        return count

    async def record(self, records: Sequence[Record]) -> None:
        """Return when `records` and all that was spooled before are on disk.

        Errors: `OSError`.
        """
        self._ledger.write(records, self._clock())
        await self._spool.commit()

    def queue(self, group: Sequence[tuple[Submission, list[QueueEntry]]]) -> None:
        """Offer the recipients of messages that are on disk to delivery."""
        for submission, entries in group:
            self._contents.hold(entries, submission.content)
            self._add(entries)
        self.notice()

    def receipts(self, envelope: Envelope) -> list[Record]:
        """The r records of a message; none of those that nothing would keep."""
        is_kept, now = self._ledger.keeps("r"), self._clock()
        return [
            receipt(
                envelope,
                at,
                now,
                self._source_ip_of(one.vmta or envelope.vmta),
                is_tracked=self._composer.is_tracked(envelope, one),
            )
            for at, one in enumerate(envelope.recipients)
            if is_kept or envelope.reports_of(one)
        ]

    def compose(self, entry: QueueEntry) -> bytes:
        """The octets to send to the recipient of `entry`."""
        return self._composer.compose(entry, self._contents.of(entry))

    def settle(self, outcome: Outcome) -> None:
        """Record the end of an attempt, and release the recipient if it was the last.

        Outcomes of one turn of the event loop share a write.
        """
        entry = outcome.entry
        is_tracked = self._composer.is_tracked(entry.envelope, entry.recipient)
        records = of_outcome(outcome, is_tracked=is_tracked)
        if self.categories.rules:
            records = categorised(records, self.categories)
        entry.first_attempt_at = records[0].time_first_attempt
        if outcome.is_of_queue and self._ledger.keeps("tq"):
            records += (queue_failure(outcome),)
        ending = Ending(
            records=records,
            spool_id=entry.spool_id,
            index=entry.index,
            attempts=entry.attempts + 1,
            first_attempt_at=entry.first_attempt_at,
            is_final=outcome.verdict is not Verdict.DEFERRED,
        )
        self._contents.release(entry)
        self._unrecorded.append(ending)
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write the records that wait; without disk space they go on waiting.

        In slices, so that a long wait costs no long turn of the event loop.
        """
        self._is_flush_due = False
        while self._unrecorded:
            endings = self._unrecorded[:SLICE]
            records = [record for ending in endings for record in ending.records]
            try:
                self._ledger.write(records, self._clock())
            except OSError as error:
                LOG.error("accounting: %s; %d wait", error, len(self._unrecorded))
                self._is_flush_due = True
                asyncio.get_running_loop().call_later(TRY_AGAIN_S, self.flush)
                return
            del self._unrecorded[:SLICE]
            for ending in endings:
                self._release(ending)

    def _release(self, ending: Ending) -> None:
        if ending.is_final:
            self._spool.settle(ending.spool_id, ending.index)
        else:
            self._spool.attempted(
                ending.spool_id, ending.index, ending.attempts, ending.first_attempt_at
            )

    def _add(self, entries: Sequence[QueueEntry]) -> None:
        now = self._clock()
        for entry in entries:
            if entry.recipient.refusal:
                self.settle(refused(entry, now))
            else:
                self._queues.add(entry, now)


def refused(entry: QueueEntry, at: float) -> Outcome:
    """The end of a recipient that was taken only to be bounced (SRC-11, SUP-2)."""
    code, _, text = entry.recipient.refusal.partition(" ")
    is_code = code.isascii() and code.isdigit() and len(code) == 3
    return Outcome(
        entry=entry,
        verdict=Verdict.BOUNCED,
        reply=reply(int(code), text) if is_code else reply(550, f"{code} {text}"),
        at=at,
        is_local=True,
    )
