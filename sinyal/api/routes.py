"""All routes of the API under one roof, with one form of refusal."""

from typing import Any

from litestar import Router, get
from litestar.exceptions import HTTPException

from sinyal.api.access import Access
from sinyal.api.description import description_routes
from sinyal.api.errors import answer_refusal
from sinyal.api.events import batch_route, message_route
from sinyal.api.ingest import ingest_route
from sinyal.ingest.intake import Intake
from sinyal.runtime.clock import Clock
from sinyal.store.control import ControlStore
from sinyal.store.events import EventStore


def api_routes(
    intake: Intake,
    events: EventStore,
    control: ControlStore,
    access: Access,
    clock: Clock,
) -> list[Any]:
    """The router of `/api/v1` and the health check, to be mounted as they are.

    Shape: `GET /health` tells how many accepted batches wait for their load.
    """

    @get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "waiting_batches": intake.waiting}

    router = Router(
        path="/api/v1",
        route_handlers=[
            ingest_route(intake, access),
            message_route(events, access, clock),
            batch_route(control, access, clock),
            *description_routes(),
        ],
        exception_handlers={
            HTTPException: answer_refusal,
            Exception: answer_refusal,
        },
    )
    return [router, health]
