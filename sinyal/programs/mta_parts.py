"""The stages of one MTA, each handed what it needs and nothing else."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sinyal.accounting.event_file import EventFile
from sinyal.accounting.ledger import Ledger
from sinyal.accounting.sections import csv_files
from sinyal.config import Configuration
from sinyal.config.settings import SignalsSettings
from sinyal.config.vocabulary import Rate
from sinyal.delivery.compose import Composer, tracking_of, tracking_root
from sinyal.delivery.courier import Courier
from sinyal.delivery.line import Desk, Policy
from sinyal.mail import dkim
from sinyal.programs.arrivals import Arrivals
from sinyal.programs.mail_line import MailLine
from sinyal.programs.report_line import ReportLine
from sinyal.queues.queues import Queues
from sinyal.reception import checks
from sinyal.reception.checks import Checks
from sinyal.reception.door import Door
from sinyal.runtime import clock, identity
from sinyal.runtime.clock import Clock
from sinyal.runtime.disk import lock_directory, reason_of, usable_directory
from sinyal.runtime.dns import Resolver
from sinyal.runtime.http import HttpClient
from sinyal.runtime.log import LOG
from sinyal.spool.contents import Contents
from sinyal.spool.spool import Spool
from sinyal.upload.attempt import poster
from sinyal.upload.connector import Connector, ConnectorSettings

CONTENT_CEILING_OCTETS = 256 << 20  # contents kept in memory until the first attempt


class Parts(msgspec.Struct, frozen=True, eq=False):
    """A mail server that is put together and does not run yet."""

    clock: Clock
    ledger: Ledger
    spool: Spool
    line: MailLine
    courier: Courier
    door: Door
    connector: Connector | None
    http: HttpClient | None
    lock: int

    async def close(self) -> None:
        """Record what is pending, sync and close, each part whatever the others do.

        What a full disk does not take stays in the spool and is tried again.
        """
        self.line.flush()
        with _logged("spool"):
            await self.spool.close()
        with _logged("accounting"):
            self.ledger.close()
        if self.http is not None:
            await self.http.close()
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
    # Before anything is repaired in there: it may be another server's work.
    usable_directory(state)
    lock = lock_directory(state)
    ledger = _ledger(configuration, state, host_name)
    spools = [Path(path) for path in configuration.spools] or [state / "spool"]
    spool = Spool.open(spools[0], before_sync=ledger.sync)
    queues = Queues(
        lambda name: configuration.domain_for(*name),
        configuration.settings.total_max_smtp_out,
        lambda vmta: _max_smtp_out(configuration, vmta),
        lambda vmta: _max_msg_rate(configuration, vmta),
    )
    tracking = tracking_of(configuration)
    line = MailLine(
        spool=spool,
        contents=Contents(spool.content, CONTENT_CEILING_OCTETS),
        ledger=ledger,
        queues=queues,
        composer=Composer(
            configuration, _dkim_keys(configuration), tracking, identity.nonce
        ),
        source_ip_of=lambda vmta: _source_ip(configuration, vmta),
        clock=clock.now,
    )
    courier = _courier(configuration, host_name, queues, line)
    line.notice = courier.notice
    arrivals = Arrivals(spool, ledger, line.receipts, line.queue, clock.now)
    door = Door(
        configuration=configuration,
        host_name=host_name,
        submit=arrivals.submit,
        report=ReportLine(configuration, line, arrivals, tracking).take,
        clock=clock.now,
        new_message_id=identity.message_id,
        log=LOG.info,
        checks=_checks(configuration, host_name),
    )
    http = HttpClient() if configuration.signals else None
    connector = _connector(configuration.signals, state, ledger.roll, http)
    return Parts(clock.now, ledger, spool, line, courier, door, connector, http, lock)


def _courier(
    configuration: Configuration, host_name: str, queues: Queues, line: MailLine
) -> Courier:
    return Courier(
        queues,
        Policy(
            lambda name: configuration.domain_for(*name),
            configuration.source_hosts_for,
            host_name,
        ),
        Desk(line.compose, line.settle, clock.now),
        Resolver(configuration.settings.name_server),
    )


def _checks(configuration: Configuration, host_name: str) -> Checks:
    """Checks with a cache of their own: strangers choose what is asked."""
    servers = configuration.settings.name_server
    resolver = Resolver(servers, cache_entries=checks.CACHE_ENTRIES)
    return Checks(resolver, host_name, clock.now)


def _ledger(configuration: Configuration, state: Path, host_name: str) -> Ledger:
    for section in configuration.acct_files:
        if section.path:
            usable_directory(Path(section.path).parent)
    return Ledger(
        csv_files(configuration.acct_files),
        EventFile(events_directory(state)) if configuration.signals else None,
        new_event_id=identity.event_id,
        node_name=host_name,
    )


def events_directory(state: Path) -> Path:
    """Where event files wait for their upload; guide 10.1."""
    return state / "sparkpost"


def _connector(
    signals: SignalsSettings | None,
    state: Path,
    roll: Callable[[], object],
    http: HttpClient | None,
) -> Connector | None:
    if signals is None or http is None:
        return None
    if signals.engagement_tracking == "sparkpost" and not tracking_root(signals):
        LOG.warning(
            "Signals: engagement tracking is off: links under pmta.spgo.io could be "
            "served by SparkPost alone; name a tracking-domain of your own"
        )
    return Connector(
        events_directory(state),
        poster(http, signals.upload_url, signals.api_key),
        roll,
        ConnectorSettings(
            interval_s=signals.upload_interval,
            min_free_octets=signals.min_free_space,
            is_verbose=signals.log_verbose,
        ),
    )


def _dkim_keys(configuration: Configuration) -> dict[str, dkim.Key]:
    """Every key file that a domain-key line names, loaded."""
    rows = [
        *configuration.domain_keys,
        *(
            key
            for vmta in configuration.virtual_mtas
            for key in configuration.keys_for(vmta)
        ),
    ]
    keys = {}
    for row in rows:
        try:
            keys[row.filename] = dkim.load_key(Path(row.filename).read_bytes())
        except ValueError as error:
            raise OSError(
                0, f"domain-key {row.selector}: {error}", row.filename
            ) from error
    return keys


def _max_smtp_out(configuration: Configuration, vmta: str) -> int:
    own = configuration.virtual_mtas.get(vmta)
    return own.max_smtp_out if own else 0


def _max_msg_rate(configuration: Configuration, vmta: str) -> Rate | None:
    own = configuration.virtual_mtas.get(vmta)
    return own.max_smtp_msg_rate if own else None


def _source_ip(configuration: Configuration, vmta: str) -> str:
    """The address that injection events carry: the first smtp-source-host (seed)."""
    hosts = configuration.source_hosts_for(vmta)
    return hosts[0].cidr.partition("/")[0] if hosts else ""
