"""What one load inserts: decided once, written down, repeatable after a crash.

A plan names its batches in order and which of their good lines are left out because
an earlier event has the same identity. Those cannot be worked out again once the
load is half done: its own events would look like repetitions.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from sinyal.events.codec import Rejected
from sinyal.events.event import Event
from sinyal.ingest.batch import Batch
from sinyal.ingest.check import Limits, stored_event
from sinyal.ingest.text import TEXT_OCTETS, decompress, lines

# A line of the mandatory fields alone is longer than this: a text of more lines than
# `MOST_LINES` is no text of events, and is not worth a minute of failing at each.
SHORTEST_LINE_OCTETS = 128
MOST_LINES = TEXT_OCTETS // SHORTEST_LINE_OCTETS


class Reading(msgspec.Struct, frozen=True):
    """A batch's good events in order of lines, and what was wrong with the rest."""

    digest: str
    events: list[Event]
    failed: int = 0
    first_reason: str = ""
    error_type: str = ""


class Planned(msgspec.Struct, frozen=True):
    """One batch of a load. `repeated` are places among the good events, from 0."""

    batch: Batch
    digest: str
    succeeded: int
    failed: int
    error_type: str
    repeated: tuple[int, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """A load: it is written to the control store before anything is inserted."""

    load_id: str
    batches: tuple[Planned, ...]


def read_batch(batch: Batch, body: bytes, limits: Limits) -> Reading:
    """The events of a body; the same body always gives the same reading."""
    text = decompress(body)
    if text is None:
        return Reading("", [], error_type="decompress")
    if (count := text.count(b"\n")) > MOST_LINES:
        return Reading("", [], count, "too many lines", "validation")
    events: list[Event] = []
    failed, first_reason = 0, ""
    for line in lines(text):
        event = stored_event(line, batch, limits)
        if isinstance(event, Rejected):
            failed += 1
            first_reason = first_reason or event.reason
        else:
            events.append(event)
    if not events and not failed:
        return Reading("", [], error_type="empty_batch")
    digest = hashlib.sha256(text).hexdigest()
    error = "validation" if failed else ""
    return Reading(digest, events, failed, first_reason, error)


def plan_batch(batch: Batch, reading: Reading, known: set[str]) -> Planned:
    """The batch's place in a load; `known` event identities are left out and grow."""
    repeated = []
    for place, event in enumerate(reading.events):
        if event.event_id in known:
            repeated.append(place)
        else:
            known.add(event.event_id)
    return Planned(
        batch=batch,
        digest=reading.digest,
        succeeded=len(reading.events) - len(repeated),
        failed=reading.failed,
        error_type=reading.error_type,
        repeated=tuple(repeated),
    )


def plan_refused(batch: Batch, digest: str, error_type: str) -> Planned:
    """A batch that is dropped as a whole."""
    return Planned(batch, digest, 0, 0, error_type)


def chosen(planned: Planned, events: Iterable[Event]) -> list[Event]:
    """The events that the plan inserts; none of a batch that was dropped."""
    if not planned.succeeded:
        return []
    left_out = set(planned.repeated)
    return [event for place, event in enumerate(events) if place not in left_out]
