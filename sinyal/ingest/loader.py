"""Batches into the event store: several at a time, each counted exactly once.

The order of the writes is the promise. The plan of a load is on disk before the
insert; the insert carries the load's identity, so that its repetition adds nothing;
verdicts and the end of the load are one transaction; the files go last. A crash
between any two of them is made good by doing the rest again.
"""

import uuid
from collections.abc import Sequence

import msgspec

from sinyal.events.event import Event
from sinyal.ingest.batch import Batch, BatchFiles
from sinyal.ingest.check import Limits
from sinyal.ingest.plan import (
    Plan,
    Planned,
    Reading,
    chosen,
    plan_batch,
    plan_refused,
    read_batch,
)
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG
from sinyal.store.control import BatchStatus, ControlStore
from sinyal.store.events import EventStore

# An insert costs 12 ms whatever its size: joined batches load twice as fast.
LOAD_EVENTS = 18_000

KEPT_VERDICTS_S = 10 * 24 * 3600

Readings = list[tuple[Batch, Reading]]


class Load(msgspec.Struct, frozen=True):
    """A plan that is on disk, the lines that it inserts and, per account, their ids."""

    plan: Plan
    lines: bytes
    event_ids: dict[int, set[str]]

    @property
    def texts(self) -> set[tuple[int, str]]:
        """Account and digest of its batches."""
        return {(row.batch.customer_id, row.digest) for row in self.plan.batches}


class Loader:
    """Makes loads of batches and finishes them; its calls block.

    `open` and `finish` may run at the same time, each in one thread: while the engine
    inserts one load, the next one is read and checked (34,000 events/s without).
    Errors: `OSError`, of both stores, too; the same call may then be made again.
    """

    def __init__(
        self,
        files: BatchFiles,
        events: EventStore,
        control: ControlStore,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._files = files
        self._events = events
        self._control = control
        self._clock = clock
        self._limits = limits
        self._under_way: dict[str, Load] = {}

    def recover(self) -> tuple[list[Load], list[Batch]]:
        """The loads that were cut short, and the batches that none of them holds."""
        plans = [_PLAN.decode(plan) for _load_id, plan in self._control.open_loads()]
        planned = {row.batch.batch_id for plan in plans for row in plan.batches}
        waiting = self._files.waiting()
        done: set[str] = set()
        for start in range(0, len(waiting), 1000):
            ids = [batch.batch_id for batch in waiting[start : start + 1000]]
            done |= self._control.finished(ids)
        self._files.remove(batch for batch in waiting if batch.batch_id in done)
        left = [row for row in waiting if row.batch_id not in done | planned]
        return [self._begun(plan, self._events_of(plan)) for plan in plans], left

    def open(self, batches: Sequence[Batch]) -> Load:
        """A load of the first of `batches`, written down; it may leave some out."""
        readings = self._read(batches)
        # Named by its first batch: a plan that was written though its commit seemed to
        # fail gives way to the next one, and nothing is inserted under two names.
        load_id = readings[0][0].batch_id
        rows = self._plan(readings)
        plan = Plan(load_id, tuple(rows))
        events = [
            event
            for row, (_batch, reading) in zip(rows, readings, strict=True)
            for event in chosen(row, reading.events)
        ]
        self._control.open_load(load_id, msgspec.json.encode(plan))
        return self._begun(plan, events)

    def finish(self, load: Load) -> None:
        """Insert the load's events and record the verdicts; may be called again."""
        if load.lines:
            self._events.insert(load.lines, load.plan.load_id)
        now_ms = int(self._clock() * 1000)
        statuses = [_status(row, now_ms / 1000) for row in load.plan.batches]
        self._control.finish_load(load.plan.load_id, statuses)
        self._under_way.pop(load.plan.load_id, None)
        self._files.remove(row.batch for row in load.plan.batches)
        self._report(statuses)

    def forget(self) -> None:
        """Remove verdicts that are older than the events search shows."""
        self._control.forget_batches(self._clock() - KEPT_VERDICTS_S)

    def _read(self, batches: Sequence[Batch]) -> Readings:
        readings: Readings = []
        count = 0
        for batch in batches:
            reading = self._reading(batch)
            readings.append((batch, reading))
            count += len(reading.events)
            if count >= LOAD_EVENTS:
                break
        return readings

    def _reading(self, batch: Batch) -> Reading:
        try:
            body = self._files.read(batch)
        except FileNotFoundError:
            # Somebody has taken it away; those behind it must not wait for ever.
            LOG.error("Ingest: batch %s is not on disk any more", batch.batch_id)
            return Reading("", [], error_type="system")
        return read_batch(batch, body, self._limits)

    def _begun(self, plan: Plan, events: list[Event]) -> Load:
        event_ids: dict[int, set[str]] = {}
        for event in events:
            event_ids.setdefault(event.customer_id, set()).add(event.event_id)
        load = Load(plan, _LINES.encode_lines(events), event_ids)
        self._under_way[plan.load_id] = load
        return load

    def _plan(self, readings: Readings) -> list[Planned]:
        # Looked at before the store: a load that ends meanwhile is in one of the two.
        under_way = list(self._under_way.values())
        seen = {text for load in under_way for text in load.texts}
        known = self._known(readings)
        for load in under_way:
            for customer_id in known.keys() & load.event_ids.keys():
                known[customer_id] |= load.event_ids[customer_id]
        rows = []
        for batch, reading in readings:
            text = (batch.customer_id, reading.digest)
            if reading.digest and (text in seen or self._control.has_batch(*text)):
                rows.append(plan_refused(batch, reading.digest, "duplicate_batch"))
                continue
            seen.add(text)
            rows.append(plan_batch(batch, reading, known[batch.customer_id]))
            if reading.failed:
                LOG.info(
                    "Ingest: batch %s: %d events dropped, the first: %s",
                    batch.batch_id,
                    reading.failed,
                    reading.first_reason,
                )
        return rows

    def _known(self, readings: Readings) -> dict[int, set[str]]:
        """Per account, those identities of the readings that the store has."""
        coming: dict[int, list[Event]] = {}
        for batch, reading in readings:
            coming.setdefault(batch.customer_id, []).extend(reading.events)
        known: dict[int, set[str]] = {}
        for customer_id, events in coming.items():
            times = [event.timestamp for event in events] or [0]
            ids = {event.event_id for event in events}
            known[customer_id] = self._events.known_events(
                customer_id, ids, min(times), max(times)
            )
        return known

    def _events_of(self, plan: Plan) -> list[Event]:
        """The events of a plan from an earlier life, as they were."""
        events: list[Event] = []
        for row in plan.batches:
            if row.succeeded:
                events.extend(chosen(row, self._reading(row.batch).events))
        return events

    def _report(self, statuses: Sequence[BatchStatus]) -> None:
        LOG.info(
            "Ingest: loaded %d batches: %d events, %d duplicates, %d failed",
            len(statuses),
            sum(row.number_succeeded for row in statuses),
            sum(row.number_duplicates for row in statuses),
            sum(row.number_failed for row in statuses),
        )


_PLAN = msgspec.json.Decoder(Plan)
_LINES = msgspec.json.Encoder()


def _status(row: Planned, now: float) -> BatchStatus:
    return BatchStatus(
        batch_id=row.batch.batch_id,
        event_id=str(uuid.uuid4()),
        customer_id=row.batch.customer_id,
        subaccount_id=row.batch.subaccount_id,
        digest=row.digest,
        finished_at=now,
        number_succeeded=row.succeeded,
        number_duplicates=len(row.repeated),
        number_failed=row.failed,
        error_type=row.error_type,
    )
