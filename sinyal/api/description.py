"""What the API says of itself: fields and a sample of every event type, without a key.

Source: API events-search (self-description), API events-ingest (documentation).
"""

from typing import Any

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from sinyal.api.errors import ApiError
from sinyal.events.codec import encode_line
from sinyal.events.event import Event
from sinyal.events.fields import EVENT_TYPES, FIELDS, EventType
from sinyal.metrics.search import flat

# Samples of the values; together they are the event that `samples` shows.
SAMPLE = Event(
    type="delivery",
    event_id="4812230956207103",
    timestamp=1_795_348_800,
    message_id="000028f8a769d2b47e10",
    recv_method="esmtp",
    delv_method="esmtp",
    rcpt_to="ika.p@contoh.example",
    recipient_domain="contoh.example",
    routing_domain="contoh.example",
    msg_from="bounces@news.example.com",
    friendly_from="shop@news.example.com",
    sending_domain="news.example.com",
    subject="Your receipt",
    campaign_id="receipts-2026",
    binding="mta-1",
    binding_group="default",
    ip_pool="default",
    sending_ip="192.0.2.10",
    ip_address="198.51.100.25",
    msg_size=10_240,
    queue_time=1_250,
    outbound_tls="1",
    open_tracking=True,
    click_tracking=True,
    node_name="mta.example.com",
    customer_id=123,
)
FAILED = {"raw_reason": "550 5.1.1 no such user", "reason": "550 5.1.1 no such user",
          "error_code": "550", "bounce_class": 10}  # fmt: skip
READ = {"user_agent": "Mozilla/5.0"}
# What an event of a type says beyond the sample.
FACTS: dict[str, dict[str, Any]] = {
    "bounce": FAILED,
    "out_of_band": FAILED,
    "policy_rejection": FAILED,
    "delay": {"raw_reason": "451 4.7.1 later", "reason": "451 4.7.1 later",
              "error_code": "451", "bounce_class": 21, "num_retries": 1},
    "spam_complaint": {"fbtype": "abuse", "report_by": "contoh.example"},
    "initial_open": READ,
    "open": READ,
    "click": READ | {"target_link_url": "https://example.com/receipt"},
}  # fmt: skip
REQUIRED = frozenset({"type", "event_id", "timestamp", "message_id", "rcpt_to"})

Answer = dict[str, list[dict[str, Any]]]


def sample(row: EventType) -> Event:
    """An event of the type, as a sender could have sent it."""
    return msgspec.structs.replace(SAMPLE, type=row.name, **FACTS.get(row.name, {}))


def chosen(names: str) -> list[EventType]:
    """The types that a list names in the API's spelling, all for none.

    Errors: `ApiError` 400 for a name of no type.
    """
    wanted = {name for name in names.split(",") if name}
    if unknown := sorted(wanted - {row.name for row in EVENT_TYPES}):
        raise ApiError(400, f"there are no events {unknown[0][:40]!r}", "events")
    return [row for row in EVENT_TYPES if not wanted or row.name in wanted]


def described(row: EventType, is_ingest: bool) -> dict[str, Any]:
    """A type's fields with their meanings, a sample value each."""
    event = sample(row)
    values = _sent(event, row) if is_ingest else flat(event)
    fields: dict[str, Any] = {}
    for field in FIELDS:
        if field.name in values:
            value = values[field.name]
            fields[field.name] = {"description": field.meaning, "sampleValue": value}
            if is_ingest and field.name in REQUIRED:
                fields[field.name]["required"] = True
    if not is_ingest:
        title = row.name.replace("_", " ").title()
        for name, text in (("display_name", title), ("event_description", row.meaning)):
            fields[name] = {"description": row.meaning, "sampleValue": text}
    return fields


def description_routes() -> list[HTTPRouteHandler]:
    """Documentation of the search's and the ingest's events, samples of the search."""

    @get("/events/message/documentation", sync_to_thread=False)
    def fields() -> Answer:
        return {"results": [described(row, is_ingest=False) for row in EVENT_TYPES]}

    @get("/events/message/samples", sync_to_thread=False)
    def samples(events: str = "") -> Answer:
        return {"results": [flat(sample(row)) for row in chosen(events)]}

    @get("/ingest/events/documentation", sync_to_thread=False)
    def ingest_fields() -> Answer:
        return {"results": [described(row, is_ingest=True) for row in EVENT_TYPES]}

    return [fields, samples, ingest_fields]


def _sent(event: Event, row: EventType) -> dict[str, Any]:
    line: dict[str, Any] = msgspec.json.decode(encode_line(event))
    return dict(line["msys"][row.envelope])
