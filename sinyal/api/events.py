"""The searches: `GET /api/v1/events/message` and `GET /api/v1/events/ingest`.

Source: API events-search.
"""

import asyncio
import base64
import binascii
from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler

from sinyal.api.access import Access
from sinyal.api.errors import ApiError
from sinyal.api.parameters import DAY_S, MINUTE_S, Query
from sinyal.metrics.search import (
    SearchFilters,
    SearchPage,
    flat,
    iso_time,
    read_cursor,
    search,
)
from sinyal.runtime.clock import Clock
from sinyal.store.control import Account, BatchFilters, BatchStatus, ControlStore
from sinyal.store.events import EventStore

GRANT = "message_events/view"
KEPT_DAYS = 10
FIRST_PAGES = ("", "initial")

TEXT_FILTERS = (
    "events",
    "event_ids",
    "recipients",
    "recipient_domains",
    "from_addresses",
    "sending_domains",
    "subjects",
    "reasons",
    "campaigns",
    "sending_ips",
    "ip_pools",
    "messages",
)

Page = dict[str, Any]


def message_route(events: EventStore, access: Access, clock: Clock) -> HTTPRouteHandler:
    """The search of events."""

    @get("/events/message")
    async def message(request: Request[Any, Any, Any]) -> Page:
        account = await access.account_for(request, GRANT)
        query = _query(request)
        filters = message_filters(query, account, clock())
        page = await asyncio.to_thread(search, events, filters)
        return _message_page(page, query)

    return message


def batch_route(
    control: ControlStore, access: Access, clock: Clock
) -> HTTPRouteHandler:
    """The search of verdicts on batches."""

    @get("/events/ingest")
    async def batches(request: Request[Any, Any, Any]) -> Page:
        account = await access.account_for(request, GRANT)
        query = _query(request)
        filters = batch_filters(query, account, clock())
        rows, count = await asyncio.to_thread(control.batches, filters)
        results = [_batch_row(row, str(request.base_url)) for row in rows]
        is_last = len(rows) < filters.per_page
        cursor = "" if is_last else _batch_cursor(rows[-1])
        return _page(results, count, cursor, query)

    return batches


def message_filters(query: Query, account: Account, now: float) -> SearchFilters:
    """What a search of events asks for. Errors: `ApiError` 400 for a bad value."""
    cursor = None
    if (text := query.text("cursor")) not in FIRST_PAGES:
        cursor = read_cursor(text)
        if cursor is None:
            raise ApiError(400, "cursor is not one of ours", "cursor")
    if query.text("ab_test_versions") and not query.text("ab_tests"):
        raise ApiError(400, "ab_test_versions needs ab_tests", "ab_test_versions")
    filters = SearchFilters(
        customer_id=account.customer_id,
        from_at=query.time("from", now - DAY_S),
        to_at=query.time("to", now - MINUTE_S),
        bounce_classes=query.numbers("bounce_classes"),
        subaccounts=_subaccounts(query, account),
        cursor=cursor,
        per_page=query.per_page(),
    )
    texts = {name: query.texts(name) for name in TEXT_FILTERS}
    return msgspec.structs.replace(filters, **texts)


def batch_filters(query: Query, account: Account, now: float) -> BatchFilters:
    """What a search of batches asks for; batch identities win over error types."""
    error_types = query.texts("error_types")
    types = query.texts("events")
    match query.text("retryable").lower():
        case "true":
            error_types = ("system",)
        case "false":
            types = ("error",)
    batch_ids = query.texts("batch_ids")
    return BatchFilters(
        customer_id=account.customer_id,
        from_at=query.time("from", now - DAY_S),
        to_at=query.time("to", now - MINUTE_S),
        types=types,
        error_types=() if batch_ids else error_types,
        batch_ids=batch_ids,
        event_ids=query.texts("event_ids"),
        subaccounts=_subaccounts(query, account),
        before=_read_batch_cursor(query.text("cursor")),
        per_page=query.per_page(),
    )


def _query(request: Request[Any, Any, Any]) -> Query:
    return Query(request.scope["path"], request.scope["query_string"].decode("latin-1"))


def _subaccounts(query: Query, account: Account) -> tuple[int, ...]:
    """The subaccounts asked for; a subaccount's key sees its own events only."""
    asked = query.numbers("subaccounts")
    if not account.subaccount_id:
        return asked
    if asked and account.subaccount_id not in asked:
        raise ApiError(403)
    return (account.subaccount_id,)


def _message_page(page: SearchPage, query: Query) -> Page:
    results = [flat(event) for event in page.results]
    return _page(results, page.total_count, page.next_cursor, query)


def _page(results: list[Page], count: int, cursor: str, query: Query) -> Page:
    links = {"next": query.next_link(cursor)} if cursor else {}
    return {"results": results, "total_count": count, "links": links}


def _batch_row(status: BatchStatus, base_url: str) -> Page:
    """A verdict as the API shows it; API events-ingest, batch status events."""
    finished_ms = round(status.finished_at * 1000)
    expires_at = (int(status.finished_at) // DAY_S + KEPT_DAYS + 1) * DAY_S
    row: Page = {
        "type": "error" if status.error_type else "success",
        "event_id": status.event_id,
        "batch_id": status.batch_id,
        "customer_id": status.customer_id,
        "number_succeeded": status.number_succeeded,
        "number_duplicates": status.number_duplicates,
        "timestamp": iso_time(finished_ms // 1000).replace(
            ".000Z", f".{finished_ms % 1000:03d}Z"
        ),
        "expiration_timestamp": iso_time(expires_at),
    }
    if status.subaccount_id:
        row["subaccount_id"] = status.subaccount_id
    if status.error_type:
        row["number_failed"] = status.number_failed
        row["error_type"] = status.error_type
        row["retryable"] = status.error_type == "system"
    return row


def _batch_cursor(status: BatchStatus) -> str:
    plain = f"{round(status.finished_at * 1000)},{status.event_id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _read_batch_cursor(text: str) -> tuple[float, str] | None:
    if text in FIRST_PAGES:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        plain = base64.urlsafe_b64decode(padded.encode("ascii")).decode()
        digits, _comma, event_id = plain.partition(",")
        return int(digits[:15]) / 1000, event_id
    except (binascii.Error, ValueError) as error:
        raise ApiError(400, "cursor is not one of ours", "cursor") from error
