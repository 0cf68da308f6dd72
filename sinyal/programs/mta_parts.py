"""The stages of one MTA, each handed what it needs and nothing else."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from sinyal.accounting.event_file import EventFile
from sinyal.accounting.ledger import Ledger
from sinyal.accounting.sections import NONE, Book, Books, Key, books
from sinyal.accounting.selection import queues_without_records
from sinyal.config import Configuration
from sinyal.delivery.compose import tracking_of
from sinyal.delivery.courier import Courier
from sinyal.delivery.line import Desk, Policy
from sinyal.programs.arrivals import Arrivals
from sinyal.programs.cold_start import ColdStart, cold_keeper
from sinyal.programs.current import Current, composer
from sinyal.programs.mail_line import MailLine
from sinyal.programs.notices import Notices
from sinyal.programs.report_line import ReportLine
from sinyal.programs.slowed_queues import backoff_keeper
from sinyal.programs.state_keeper import StateKeeper
from sinyal.programs.turn_keeper import TurnKeeper
from sinyal.programs.uploads import Uploads
from sinyal.queues.queues import Queues
from sinyal.reception import checks
from sinyal.reception.checks import Checks
from sinyal.reception.door import Door
from sinyal.runtime import clock, identity
from sinyal.runtime.clock import Clock
from sinyal.runtime.disk import lock_directory, reason_of, usable_directory
from sinyal.runtime.dns import Resolver
from sinyal.runtime.log import LOG
from sinyal.runtime.memory import MemoryGauge
from sinyal.spool.contents import Contents
from sinyal.spool.spool import Spool

NOT_MOVABLE = "move-to is not on the volume of the accounting file"
CONTENT_CEILING_OCTETS = 256 << 20  # contents kept in memory until the first attempt


class Parts(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A mail server that is put together and does not run yet."""

    clock: Clock
    current: Current
    ledger: Ledger
    spool: Spool
    queues: Queues
    line: MailLine
    policy: Policy
    courier: Courier
    arrivals: Arrivals
    door: Door
    uploads: Uploads
    keepers: tuple[StateKeeper[Any], ...]
    state: Path
    lock: int

    async def close(self) -> None:
        """Record what is pending, sync and close, each part whatever the others do.

        What a full disk does not take stays in the spool and is tried again.
        """
        self.line.flush()
        for keeper in self.keepers:
            keeper.save()
        with _logged("spool"):
            await self.spool.close()
        with _logged("accounting"):
            self.ledger.close()
        await self.uploads.close()
        os.close(self.lock)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """Log the `OSError` of a part that cannot be closed as it should."""
    try:
        yield
    except OSError as error:
        LOG.error("%s: not closed: %s", what, reason_of(error))


def assemble(configuration: Configuration, state: Path, fallback_name: str) -> Parts:
    """The parts of a mail server for `configuration`.

    Errors: `OSError` for a spool, directory or key file that cannot be used.
    """
    host_name = configuration.host_name_or(fallback_name)
    current = Current(configuration)
    # Before anything is repaired in there: it may be another server's work.
    state.mkdir(mode=0o750, parents=True, exist_ok=True)
    usable_directory(state)
    lock = lock_directory(state)
    ledger = _ledger(configuration, state, host_name)
    spools = [Path(path) for path in configuration.spools] or [state / "spool"]
    spool = Spool.open(spools[0], before_sync=ledger.sync)
    queues = Queues(
        current.queue_settings,
        configuration.settings.total_max_smtp_out,
        current.max_smtp_out,
        current.max_msg_rate,
        current.members,
        current.max_volume_rate,
        current.destinations,
    )
    tracking = tracking_of(configuration)
    line = MailLine(
        spool=spool,
        contents=Contents(spool.content, CONTENT_CEILING_OCTETS),
        ledger=ledger,
        queues=queues,
        composer=composer(configuration, tracking),
        source_ip_of=current.source_ip,
        clock=clock.now,
    )
    policy = Policy(
        current.queue_settings,
        current.source_hosts,
        host_name,
        current.reply_rules,
        current.host_name,
        rollup_rules=current.rollup_rules,
    )
    desk = Desk(line.compose, line.settle, clock.now)
    resolver = Resolver(configuration.settings.name_server)
    courier = Courier(queues, policy, desk, resolver)
    line.notice = courier.notice
    line.categories = configuration.categories
    notices = Notices(
        lambda one: arrivals.submit(one), lambda: policy.host_name, clock.now
    )
    policy.notify = notices.send
    cold_start = ColdStart(current, courier.rolled_up, clock.now)
    arrivals = Arrivals(
        spool, ledger, line.receipts, line.queue, clock.now, cold_start.divert
    )
    door = Door(
        configuration=configuration,
        host_name=host_name,
        submit=arrivals.submit,
        report=ReportLine(configuration, line, arrivals, tracking).take,
        clock=clock.now,
        new_message_id=identity.message_id,
        log=LOG.info,
        memory_percent=MemoryGauge().percent,
        checks=door_checks(configuration, host_name),
    )
    keepers: tuple[StateKeeper[Any], ...] = (
        TurnKeeper(door.turns, state),
        backoff_keeper(queues, state, clock.now),
        cold_keeper(cold_start, state),
    )
    for keeper in keepers:
        keeper.load()
    uploads = Uploads(events_directory(state), ledger.roll)
    uploads.adopt(configuration.signals)
    return Parts(
        clock=clock.now,
        current=current,
        ledger=ledger,
        spool=spool,
        queues=queues,
        line=line,
        policy=policy,
        courier=courier,
        arrivals=arrivals,
        door=door,
        uploads=uploads,
        keepers=keepers,
        state=state,
        lock=lock,
    )


def door_checks(configuration: Configuration, host_name: str) -> Checks:
    """Checks with a cache of their own: strangers choose what is asked."""
    servers = configuration.settings.name_server
    resolver = Resolver(servers, cache_entries=checks.CACHE_ENTRIES)
    return Checks(resolver, host_name, clock.now)


def _ledger(configuration: Configuration, state: Path, host_name: str) -> Ledger:
    usable_accounting(configuration)
    return Ledger(
        tuple(books_of(configuration).values()),
        EventFile(events_directory(state)) if configuration.signals else None,
        new_event_id=identity.event_id,
        node_name=host_name,
        left_out=queues_without_records(configuration),
    )


def books_of(configuration: Configuration, kept: Mapping[Key, Book] = NONE) -> Books:
    """The accounting files of a configuration; those in `kept` go on."""
    is_timed = configuration.settings.track_time_first_attempt
    return books(configuration.acct_files, is_attempt_timed=is_timed, kept=kept)


def usable_accounting(configuration: Configuration) -> None:
    """Make the directories of accounting files. Errors: `OSError`."""
    for section in configuration.acct_files:
        if not section.path:
            continue
        folder = Path(section.path).parent
        usable_directory(folder)
        if section.move_to:
            usable_directory(Path(section.move_to))
            if Path(section.move_to).stat().st_dev != folder.stat().st_dev:
                raise OSError(errno.EXDEV, NOT_MOVABLE, section.move_to)


def events_directory(state: Path) -> Path:
    """Where event files wait for their upload; guide 10.1."""
    return state / "sparkpost"
