"""Search of events: a page of those that match, newest first, and how many there are.

Source: API events-search.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from sinyal.events.event import Event
from sinyal.events.fields import FIELDS, Kind
from sinyal.metrics.condition import (
    Condition,
    all_of,
    any_of,
    keyword,
    labels,
    one_of_numbers,
    one_of_texts,
    within,
)
from sinyal.metrics.definition import DIMENSION, METRIC
from sinyal.store.events import EventStore

Match = Callable[[str, Sequence[Any]], Condition]


class Cursor(msgspec.Struct, frozen=True):
    """The last event of a page: the next page has what is older. Units: epoch s."""

    timestamp: int
    event_id: str


class SearchFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: empty means any; values of a field are alternatives.

    `customer_id` None looks through all accounts. `metric` keeps the events which that
    row of `METRICS` counts; `exact` keeps (dimension, value) pairs, without keyword
    matching. Units: epoch seconds, `from_at` inclusive, `to_at` exclusive.
    """

    from_at: float
    to_at: float
    customer_id: int | None = None
    events: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    recipient_domains: tuple[str, ...] = ()
    from_addresses: tuple[str, ...] = ()
    sending_domains: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    bounce_classes: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    sending_ips: tuple[str, ...] = ()
    ip_pools: tuple[str, ...] = ()
    subaccounts: tuple[int, ...] = ()
    messages: tuple[str, ...] = ()
    metric: str = ""
    exact: tuple[tuple[str, str], ...] = ()
    cursor: Cursor | None = None
    per_page: int = 1000


class SearchPage(msgspec.Struct, frozen=True):
    """One page; `total_count` is of all pages, `next_cursor` is "" on the last."""

    results: tuple[Event, ...]
    total_count: int
    next_cursor: str


class Filter(msgspec.Struct, frozen=True):
    """One row: a filter, the column it looks at, how it compares."""

    name: str
    column: str
    match: Match


def lower_case(column: str, values: Sequence[str]) -> Condition:
    """The column, kept in lower case, equals one of the values in any case."""
    return one_of_texts(column, [value.lower() for value in values])


def any_reason(column: str, terms: Sequence[str]) -> Condition:
    """The words stand in the reply, as received or with addresses masked."""
    return any_of([keyword(column, terms), keyword(f"raw_{column}", terms)])


FILTERS: tuple[Filter, ...] = (
    Filter("events", "type", one_of_texts),
    Filter("event_ids", "event_id", one_of_texts),
    Filter("recipients", "rcpt_to", lower_case),
    Filter("recipient_domains", "recipient_domain", labels),
    Filter("from_addresses", "friendly_from", one_of_texts),
    Filter("sending_domains", "sending_domain", labels),
    Filter("subjects", "subject", keyword),
    Filter("bounce_classes", "bounce_class", one_of_numbers),
    Filter("reasons", "reason", any_reason),
    Filter("campaigns", "campaign_id", keyword),
    Filter("sending_ips", "sending_ip", one_of_texts),
    Filter("ip_pools", "ip_pool", keyword),
    Filter("subaccounts", "subaccount_id", one_of_numbers),
    Filter("messages", "message_id", one_of_texts),
)

# Seconds since 1970 under another name: an alias `timestamp` would hide the column.
_SELECT = ", ".join(
    "toUnixTimestamp(timestamp) AS at" if field.kind is Kind.TIME else field.name
    for field in FIELDS
)
_NUMBERS = frozenset(row.name for row in FIELDS if row.kind is Kind.INTEGER)


def search(store: EventStore, filters: SearchFilters) -> SearchPage:
    """The page after `filters.cursor`, newest first, equal seconds by event_id.

    Errors: StoreError when the store cannot answer; KeyError for a `metric` or a
    dimension that has no row.
    """
    matching = all_of(_conditions(filters))
    counted = store.rows(
        f"SELECT count() AS total FROM events WHERE {matching.sql}", matching.parameters
    )
    page = matching
    if filters.cursor is not None:
        page = all_of([matching, _older_than(filters.cursor)])
    # One row more than asked for tells whether there is a next page.
    rows = store.rows(
        f"SELECT {_SELECT} FROM events WHERE {page.sql} "
        "ORDER BY timestamp DESC, event_id DESC LIMIT {rows_wanted:UInt32}",
        {**page.parameters, "rows_wanted": filters.per_page + 1},
    )
    events = tuple(_event(row) for row in rows[: filters.per_page])
    more = len(rows) > filters.per_page
    return SearchPage(
        results=events,
        total_count=int(counted[0]["total"]),
        next_cursor=write_cursor(events[-1]) if more and events else "",
    )


def read_cursor(text: str) -> Cursor | None:
    """The place that `next_cursor` named, or None for a text that names none."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        return None
    digits, comma, event_id = plain.partition(",")
    if not (comma and event_id and digits.isascii() and digits.isdecimal()):
        return None
    # Fifteen digits of milliseconds reach beyond the year 30000.
    return Cursor(int(digits) // 1000, event_id) if len(digits) < 16 else None


def write_cursor(event: Event) -> str:
    """The opaque text for the place behind `event`: base64 of `millis,event_id`."""
    plain = f"{event.timestamp * 1000},{event.event_id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def flat(event: Event) -> dict[str, Any]:
    """The event as the API shows it: ISO 8601 time, numbers as numbers, no empty text.

    A bounce class is shown only where there is one.
    """
    shown = {
        name: value
        for name, value in msgspec.structs.asdict(event).items()
        if (name in _NUMBERS and name != "bounce_class") or value
    }
    shown["timestamp"] = iso_time(event.timestamp)
    return shown


def iso_time(at: int) -> str:
    """ISO 8601, UTC, milliseconds and Z. Units: epoch seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _conditions(filters: SearchFilters) -> list[Condition]:
    found = [within(filters.from_at, filters.to_at)]
    if filters.customer_id is not None:
        found.append(one_of_numbers("customer_id", [filters.customer_id]))
    found.extend(
        row.match(row.column, values)
        for row in FILTERS
        if (values := getattr(filters, row.name))
    )
    if filters.metric:
        found.append(Condition(METRIC[filters.metric].condition))
    found.extend(DIMENSION[name].equals(value) for name, value in filters.exact)
    return found


def _older_than(cursor: Cursor) -> Condition:
    return Condition(
        "(timestamp, event_id) < "
        "(toDateTime({cursor_at:Int64}, 'UTC'), {cursor_event:String})",
        {"cursor_at": cursor.timestamp, "cursor_event": cursor.event_id},
    )


def _event(row: dict[str, Any]) -> Event:
    return msgspec.convert({**row, "timestamp": row["at"]}, Event)
