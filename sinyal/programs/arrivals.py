"""Messages that arrive: spooled, recorded and synced as a group, then queued.

While one group waits for the disk the next one gathers. A group costs one write to the
spool, one per accounting file and one sync, however many messages it has; on 50
connections that is some twenty (bench/relay.py).
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from sinyal.accounting.ledger import Ledger
from sinyal.events.record import Record
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Submission
from sinyal.reception.replies import MESSAGE_RECEIVED
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG
from sinyal.smtp.reply import Reply, reply
from sinyal.spool.database import SpoolFull
from sinyal.spool.spool import Spool

NOT_STORED = reply(451, "4.3.0 message cannot be stored now, try again later")
SPOOL_BUSY = reply(452, "4.3.1 too much mail waits for the disk, try again later")


class Arrival(msgspec.Struct, frozen=True):
    """A message and the reply it waits for."""

    submission: Submission
    answer: asyncio.Future[Reply]


class Arrivals:
    """What reception hands messages to.

    `receipts` makes the records of a message; `queue` takes the entries of a group
    once it is on disk. `divert` has the last word on VirtualMTAs (COLD-1).
    """

    def __init__(
        self,
        spool: Spool,
        ledger: Ledger,
        receipts: Callable[[Envelope], Sequence[Record]],
        queue: Callable[[Sequence[tuple[Submission, list[QueueEntry]]]], None],
        clock: Clock,
        divert: Callable[[Submission], Submission] = lambda submission: submission,
    ) -> None:
        self._divert = divert
        self._spool = spool
        self._ledger = ledger
        self._receipts = receipts
        self._queue = queue
        self._clock = clock
        self._waiting: list[Arrival] = []
        self._is_busy = False

    def submit(self, submission: Submission) -> asyncio.Future[Reply]:
        """The reply to a whole message: 250 once it is on disk; RFC 5321 4.2.5."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append(Arrival(self._divert(submission), answer))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._commit)  # so that this turn's messages share it
        return answer

    def _commit(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            self._store(group)
        except Exception:  # the next group must get its turn whatever this one was
            LOG.exception("%d messages refused", len(group))
            self._answer(group, NOT_STORED)

    def _store(self, group: list[Arrival]) -> None:
        # First what can fail without a trace.
        records = [
            record
            for one in group
            for record in self._receipts(one.submission.envelope)
        ]
        try:
            spool_ids = self._spool.write_all([
                (one.submission.envelope, one.submission.content) for one in group
            ])
        except SpoolFull:
            self._answer(group, SPOOL_BUSY)
            return
        except OSError as error:
            LOG.error("spool: %s; %d messages refused", error, len(group))
            self._answer(group, NOT_STORED)
            return
        self._record(group, spool_ids, records)

    def _record(
        self, group: list[Arrival], spool_ids: list[int], records: list[Record]
    ) -> None:
        try:
            self._ledger.write(records, self._clock())
        except OSError as error:
            self._withdraw(group, spool_ids, error)
            return
        self._spool.commit().add_done_callback(
            lambda synced: self._ended(group, spool_ids, synced.exception())
        )

    def _ended(
        self, group: list[Arrival], spool_ids: list[int], error: BaseException | None
    ) -> None:
        if error is not None:
            self._withdraw(group, spool_ids, error)
            return
        self._queue([
            (one.submission, entries_of(spool_id, one.submission.envelope))
            for one, spool_id in zip(group, spool_ids, strict=True)
        ])
        self._answer(group, MESSAGE_RECEIVED)

    def _withdraw(
        self, group: list[Arrival], spool_ids: list[int], error: BaseException
    ) -> None:
        LOG.error("%d messages refused: %s", len(group), error)
        for spool_id in spool_ids:
            self._spool.withdraw(spool_id)
        self._answer(group, NOT_STORED)

    def _answer(self, group: list[Arrival], answer: Reply) -> None:
        """Give the group its answer, and the next group its turn."""
        for one in group:
            if not one.answer.done():
                one.answer.set_result(answer)
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            asyncio.get_running_loop().call_soon(self._commit)


def entries_of(
    spool_id: int, envelope: Envelope, settled: frozenset[int] = frozenset()
) -> list[QueueEntry]:
    """An entry for each recipient that is not settled."""
    vmta = envelope.vmta
    return [
        QueueEntry(spool_id, index, QueueName(one.domain, one.vmta or vmta), envelope)
        for index, one in enumerate(envelope.recipients)
        if index not in settled
    ]
