"""One message's history and one event, looked up by identity."""

import msgspec

from sinyal.events.event import Event
from sinyal.metrics.search import SearchFilters, search
from sinyal.store.events import EventStore
from sinyal.web.access import Viewer
from sinyal.web.address import LATEST

MOST_EVENTS = 500


class Moment(msgspec.Struct, frozen=True):
    """An event of a history. Units: `after_s` seconds since the one before."""

    event: Event
    after_s: int


class History(msgspec.Struct, frozen=True):
    """A message's events, oldest first; `is_whole` when its injection is among them.

    `about` has, of each field, the first value that any of the events gives.
    """

    message_id: str
    moments: tuple[Moment, ...]
    about: dict[str, str]
    is_whole: bool


# What the head of the page tells, in this order: field and label.
ABOUT: dict[str, str] = {
    "rcpt_to": "Recipient",
    "friendly_from": "From address",
    "msg_from": "Envelope sender",
    "subject": "Subject",
    "campaign_id": "Campaign",
    "ip_pool": "IP pool",
    "binding": "VirtualMTA",
    "sending_ip": "Sending IP",
    "node_name": "MTA",
}


def history(store: EventStore, message_id: str, viewer: Viewer) -> History | None:
    """The history of a message, or None when nothing is known of it."""
    wanted = _wanted(viewer, messages=(message_id,))
    found = search(store, wanted).results
    events = sorted(found, key=_order)
    if not events:
        return None
    before = [events[0], *events]
    return History(
        message_id=message_id,
        moments=tuple(
            Moment(event, event.timestamp - earlier.timestamp)
            for earlier, event in zip(before, events, strict=False)
        ),
        about={name: text for name in ABOUT if (text := _first(events, name))},
        is_whole=any(event.type == "injection" for event in events),
    )


def one_event(store: EventStore, event_id: str, viewer: Viewer) -> Event | None:
    """The event of that identity, or None."""
    found = search(store, _wanted(viewer, event_ids=(event_id,))).results
    return found[0] if found else None


def _wanted(viewer: Viewer, **identity: tuple[str, ...]) -> SearchFilters:
    return SearchFilters(
        from_at=0,
        to_at=LATEST,
        customer_id=viewer.customer_id,
        exact=viewer.exact,
        per_page=MOST_EVENTS,
        messages=identity.get("messages", ()),
        event_ids=identity.get("event_ids", ()),
    )


# Times are whole seconds: what happened within one is told in the order it must have.
_STAGES = ("injection", "delay", "delivery", "bounce", "out_of_band", "initial_open")


def _order(event: Event) -> tuple[int, int, int, str]:
    known = event.type in _STAGES
    stage = _STAGES.index(event.type) if known else len(_STAGES)
    return event.timestamp, stage, event.num_retries, event.event_id


def _first(events: list[Event], name: str) -> str:
    return next((text for event in events if (text := getattr(event, name))), "")
