"""`POST /api/v1/ingest/events`: a batch is answered 200 when it is on disk.

Only what cannot be stored is refused here: senders do not try again. What is in the
batch is judged later; its verdict is found with `GET /api/v1/events/ingest`.
Source: API events-ingest.
"""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler

from sinyal.api.access import Access
from sinyal.api.errors import ApiError
from sinyal.ingest.intake import Intake

GRANT = "events/ingest"
BODY_OCTETS = 5 * 1024 * 1024
MEDIA_TYPE = "application/x-ndjson"


def ingest_route(intake: Intake, access: Access) -> HTTPRouteHandler:
    """The route that takes batches."""

    @post("/ingest/events", status_code=200, request_max_body_size=None)
    async def ingest(request: Request[Any, Any, Any]) -> dict[str, dict[str, str]]:
        account = await access.account_for(request, GRANT)
        _check_media(request)
        if intake.is_full:
            raise ApiError(429)
        body = await _body(request)
        batch_id = await intake.accept(body, account.customer_id, account.subaccount_id)
        return {"results": {"id": batch_id}}

    return ingest


def _check_media(request: Request[Any, Any, Any]) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise ApiError(415, f"Content-Type must be {MEDIA_TYPE}")
    if request.headers.get("content-encoding", "").strip().lower() != "gzip":
        raise ApiError(415, "Content-Encoding must be gzip")


async def _body(request: Request[Any, Any, Any]) -> bytes:
    """The whole body; never more of it in memory than is allowed."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > BODY_OCTETS:
        raise ApiError(413)
    parts, octets = [], 0
    async for part in request.stream():
        octets += len(part)
        if octets > BODY_OCTETS:
            raise ApiError(413)
        parts.append(part)
    return b"".join(parts)
