"""How the parts of a running server take another configuration: all, or none of it."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import msgspec

from sinyal.accounting.event_file import EventFile
from sinyal.accounting.sections import Books, keys_of
from sinyal.accounting.selection import queues_without_records
from sinyal.config import Configuration
from sinyal.config.settings import GlobalSettings
from sinyal.delivery.compose import Composer, Tracking, tracking_of
from sinyal.programs.current import composer, log_of
from sinyal.programs.mta_parts import (
    Parts,
    books_of,
    door_checks,
    events_directory,
    usable_accounting,
)
from sinyal.programs.report_line import ReportLine
from sinyal.reception.pickup import check_directories
from sinyal.runtime.dns import Resolver
from sinyal.runtime.log import use_log

SLICE = 500  # queues that take their settings in one turn of the event loop
LOG_SETTINGS = (
    "log_file",
    "log_rotate",
    "log_auto_rotation",
    "log_file_world_readable",
)


class Prepared(msgspec.Struct, frozen=True):
    """A change that has all it needs: `commit` it, or `undo` what was opened for it."""

    commit: Callable[[], Awaitable[None]]
    undo: Callable[[], None] = lambda: None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration needs and may not get."""

    host_name: str
    tracking: Tracking | None
    composer: Composer
    books: Books
    event_file: EventFile | None
    log: logging.Handler | None


class Adoption:
    """The parts of `programs.mta_parts`; listeners are `programs.listeners`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        running = parts.current.configuration
        keys = keys_of(
            running.acct_files,
            is_attempt_timed=running.settings.track_time_first_attempt,
        )
        self._books: Books = dict(zip(keys, parts.ledger.files, strict=True))

    async def prepare(self, new: Configuration) -> Prepared:
        """Open and read what `new` needs. Errors: `OSError`; nothing has changed."""
        made = await self._make(new)

        async def commit() -> None:
            self._commit(new, made)
            await self._inform_queues()

        return Prepared(commit, lambda: self._undo(made))

    async def _make(self, new: Configuration) -> Made:
        tracking = tracking_of(new)
        composing = composer(new, tracking)
        usable_accounting(new)
        check_directories(new.settings.pickup)
        host_name = new.host_name_or("") or await asyncio.to_thread(socket.getfqdn)
        running = self._parts.ledger.event_file
        event_file = None
        if new.signals is not None:
            event_file = running or EventFile(events_directory(self._parts.state))
        former = self._parts.current.configuration.settings
        return Made(
            host_name=host_name,
            tracking=tracking,
            composer=composing,
            books=books_of(new, self._books),
            event_file=event_file,
            log=log_of(new.settings) if _logs_else(former, new.settings) else None,
        )

    def _undo(self, made: Made) -> None:
        if made.log is not None:
            made.log.close()
        if made.event_file not in (None, self._parts.ledger.event_file):
            made.event_file.close()

    def _commit(self, new: Configuration, made: Made) -> None:
        """The step from one configuration to the other: within one turn of the loop."""
        parts = self._parts
        door, former = parts.door, parts.current.configuration
        parts.current.configuration = door.configuration = new
        if new.settings.name_server != former.settings.name_server:
            parts.courier.ask(Resolver(new.settings.name_server))
        is_renamed = made.host_name != door.host_name
        if is_renamed or new.settings.name_server != former.settings.name_server:
            door.checks = door_checks(new, made.host_name)
        door.host_name = parts.policy.host_name = made.host_name
        line = parts.line
        line.compose_with(made.composer)
        line.categories = new.categories
        door.report = ReportLine(new, line, parts.arrivals, made.tracking).take
        self._books = made.books
        parts.ledger.adopt(
            tuple(made.books.values()),
            made.event_file,
            made.host_name,
            queues_without_records(new),
        )
        parts.uploads.adopt(new.signals)
        parts.queues.limit(new.settings.total_max_smtp_out)
        door.slots.refresh()
        if made.log is not None:
            use_log(made.log)

    async def _inform_queues(self) -> None:
        """Let each queue ask for its settings, without a long turn of the loop."""
        queues = self._parts.queues
        for count, name in enumerate(queues.names(), 1):
            queues.obey(name, self._parts.clock())
            if count % SLICE == 0:
                await asyncio.sleep(0)
        self._parts.courier.notice()


def _logs_else(old: GlobalSettings, new: GlobalSettings) -> bool:
    return any(getattr(old, name) != getattr(new, name) for name in LOG_SETTINGS)
