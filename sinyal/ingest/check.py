"""An event line as it is stored, or why it is not.

The codec says what an event is; what depends on the account and on the time of
arrival is decided here. Source: API events-ingest (age, fallbacks for absent fields).
"""

import msgspec

from sinyal.events.codec import Rejected, decode_line
from sinyal.events.event import Event
from sinyal.events.fields import EVENT_TYPES
from sinyal.ingest.batch import Batch

MAX_AGE_S = 24 * 3600
MAX_AHEAD_S = 600

TRACKED = frozenset(row.name for row in EVENT_TYPES if row.envelope == "track_event")


class Limits(msgspec.Struct, frozen=True):
    """How old and how far ahead an event may be on arrival; seconds, 0 is no limit."""

    max_age_s: int = MAX_AGE_S
    max_ahead_s: int = MAX_AHEAD_S


def stored_event(line: bytes, batch: Batch, limits: Limits) -> Event | Rejected:
    """The event of one line, completed, or the reason why it is dropped."""
    event = decode_line(line)
    if isinstance(event, Rejected):
        return event
    reason = _fault(event, batch.received_ms // 1000, limits)
    return Rejected(reason) if reason else _completed(event, batch)


def _fault(event: Event, received_at: int, limits: Limits) -> str:
    """What is wrong with the event, or "" for a good one."""
    if not event.rcpt_to and event.type not in TRACKED:
        return "missing rcpt_to"
    if limits.max_age_s and event.timestamp < received_at - limits.max_age_s:
        return "event too old"
    if limits.max_ahead_s and event.timestamp > received_at + limits.max_ahead_s:
        return "event in the future"
    return ""


def _completed(event: Event, batch: Batch) -> Event:
    """The event with its account; the address as given is kept where it differs."""
    raw = event.raw_rcpt_to
    return msgspec.structs.replace(
        event,
        customer_id=batch.customer_id,
        subaccount_id=batch.subaccount_id or event.subaccount_id,
        raw_rcpt_to="" if raw == event.rcpt_to else raw,
        ip_pool=event.ip_pool or event.binding_group,
    )
