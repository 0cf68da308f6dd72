"""The line of the analytics service: ingest, tracking, store, API, pages.

Stopping goes the way of the events: first the doors, then the journal of hits, then
the load under way, last the store, which nobody may be using then.
"""

import asyncio
import ipaddress
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.exceptions import HTTPException

from sinyal.api import Access, answer_unrouted, api_routes, serve
from sinyal.api.ingest import GRANT
from sinyal.api.server import Application
from sinyal.engagement.token import TrackingKey
from sinyal.ingest.batch import BatchFiles
from sinyal.ingest.check import Limits
from sinyal.ingest.intake import Intake
from sinyal.ingest.loader import Loader
from sinyal.runtime import clock
from sinyal.runtime.disk import lock_directory
from sinyal.runtime.lifecycle import stop_on_signal
from sinyal.runtime.listening import free_address
from sinyal.runtime.log import LOG
from sinyal.store.control import ControlStore
from sinyal.store.events import EventStore
from sinyal.tracking.endpoint import Endpoint, is_tracking_path
from sinyal.tracking.feed import feed_regularly
from sinyal.tracking.journal import Journal
from sinyal.tracking.keyring import KeyRing, OwnedKey
from sinyal.web import routes

# Readers who wait for the store hold a thread each; batches must not queue up there.
THREADS = 32


# Pages shrink to a sixth; static files are kept compressed, the API's clients are near.
ZIPPED = CompressionConfig(
    "gzip", gzip_compress_level=4, exclude=["^/static/", "^/api/", "^/health"]
)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; `store` and `control` are URLs."""

    store: str
    control: str
    directory: Path
    host: str
    port: int
    proxies: tuple[str, ...] = ()
    max_event_age_s: int = 86_400


async def run(options: Options) -> None:
    """Run the service until SIGTERM or SIGINT.

    Errors: `OSError` when store, directory or address cannot be had.
    """
    stop = stop_on_signal()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    options.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_directory(options.directory)
    address = free_address(options.host, options.port)
    options = msgspec.structs.replace(options, host=address)
    events = EventStore(options.store)
    try:
        control = ControlStore(options.control)
        await _run_with(options, events, control, stop)
        control.close()
    finally:
        # A thread that asks the store while it closes would crash the process.
        await asyncio.get_running_loop().shutdown_default_executor()
        events.close()
        os.close(lock)


async def _run_with(
    options: Options, events: EventStore, control: ControlStore, stop: asyncio.Event
) -> None:
    files = BatchFiles(options.directory / "batches")
    limits = Limits(max_age_s=options.max_event_age_s)
    loader = Loader(files, events, control, clock.now, limits)
    intake = Intake(files, loader, clock.now)
    intake.recover()
    journal = Journal(options.directory / "tracking")
    endpoint = Endpoint(
        KeyRing(lambda: _tracking_keys(control), clock.now),
        journal,
        clock.now,
        options.proxies,
    )
    doors_closed, fed = asyncio.Event(), asyncio.Event()
    feeding = asyncio.create_task(feed_regularly(journal, intake.accept, doors_closed))
    loading = asyncio.create_task(intake.run(fed))
    for task in (feeding, loading):
        # Without its loader the service would take in batches for nobody.
        task.add_done_callback(lambda _ended: stop.set())
    pages = _pages(options, intake, events, control)
    LOG.info("Signals: listening on %s:%d", options.host, options.port)
    try:
        await serve(_application(endpoint, pages), options.host, options.port, stop)
    finally:
        doors_closed.set()
        await feeding
        await journal.close()
        fed.set()
        await loading
    LOG.info("Signals: stopped, %d batches wait for the next start", intake.waiting)


def _pages(
    options: Options, intake: Intake, events: EventStore, control: ControlStore
) -> Litestar:
    access = Access(control, clock.now)
    # Behind a proxy loopback is the whole world.
    is_private = _is_loopback(options.host) and not options.proxies
    account_of = None if is_private else control.account_of
    return Litestar(
        route_handlers=[
            *api_routes(intake, events, control, access, clock.now),
            *routes(events, account_of),
        ],
        compression_config=ZIPPED,
        openapi_config=None,
        logging_config=None,
        exception_handlers={HTTPException: answer_unrouted, Exception: answer_unrouted},
    )


def _is_loopback(host: str) -> bool:
    """True when nobody outside this machine can come in."""
    return ipaddress.ip_address(host).is_loopback


def _application(endpoint: Endpoint, pages: Litestar) -> Application:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if is_tracking_path(scope["path"]):
            await endpoint(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return application


def _tracking_keys(control: ControlStore) -> dict[bytes, OwnedKey]:
    return {
        key_id: OwnedKey(
            TrackingKey(key_id, secret), account.customer_id, account.subaccount_id
        )
        for key_id, secret, account in control.tracking_keys(GRANT)
    }
