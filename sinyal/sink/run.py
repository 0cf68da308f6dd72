"""The sink put together: SMTP server, DNS, status, ledger and agenda."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import msgspec

from sinyal.runtime.certificate import self_made_context
from sinyal.runtime.clock import Clock
from sinyal.runtime.listening import Listening
from sinyal.runtime.smtp_server import serve
from sinyal.sink.aftermath import REPORTS, VISITS, Aftermath
from sinyal.sink.agenda import Agenda, Lane
from sinyal.sink.browser import Browser
from sinyal.sink.dialog import SinkDialog
from sinyal.sink.ledger import Ledger
from sinyal.sink.mailroom import Answer, Mailroom
from sinyal.sink.postmaster import Postmaster
from sinyal.sink.reporter import Reporter
from sinyal.sink.sites import Sites
from sinyal.sink.status import Pending, Status, serve_status
from sinyal.sink.zone import Zone, serve_zone

Address = tuple[str, int]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator chose; `dns` and `status` None for none.

    Units: `speed` by how much all delays are shortened, `most_delay_s` the longest of
    them after that. `tracking_hosts` as `sites.Sites` takes them.
    """

    listen: Address
    report_to: Address
    ledger: Path
    dns: Address | None = None
    status: Address | None = None
    seed: int = 1
    speed: float = 60.0
    most_delay_s: float = 3600.0
    domain: str = "sink.test"
    fbl_address: str = "fbl@fbl.pmta.signalsdemo.trymsys.net"
    tracking_hosts: tuple[str, ...] = ()
    visits: int = 16
    txt: dict[str, str] = {}

    @property
    def host_name(self) -> str:
        return f"mx.{self.domain}"


class Sink:
    """A sink that runs between `start` and `stop`.

    Errors of `start`: `OSError` for an address that cannot be had or a ledger that
    cannot be written.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._ledger = Ledger(options.ledger)
        lanes = (Lane(REPORTS, 1), Lane(VISITS, options.visits))
        self._agenda = Agenda(lanes, clock)
        sites = Sites(options.tracking_hosts)
        self._reporter = Reporter(*options.report_to, options.host_name)
        self._browser = Browser(sites, self._ledger, clock, options.visits)
        self._aftermath = Aftermath(
            self._agenda,
            Postmaster(self._reporter, self._ledger, clock, options.fbl_address),
            self._browser,
            sites,
            speed=options.speed,
            most_delay_s=options.most_delay_s,
        )
        self._mailroom = Mailroom(
            options.seed, options.speed, options.most_delay_s, clock
        )
        self._working: asyncio.Task[None] | None = None
        self._servers: list[asyncio.Server | Listening] = []
        self._zone: asyncio.DatagramTransport | None = None
        self.smtp_port = self.dns_port = self.status_port = 0

    async def start(self) -> None:
        """Listen; the ports are known when this returns."""
        options = self._options
        context = self_made_context(options.host_name, self._clock())
        smtp = await serve(*options.listen, self._dialog, context)
        self._servers.append(smtp)
        self.smtp_port = _port_of(smtp)
        if options.dns:
            zone = Zone(options.domain, options.listen[0], options.txt)
            self._zone = await serve_zone(zone, *options.dns)
            self.dns_port = self._zone.get_extra_info("sockname")[1]
        if options.status:
            status = await serve_status(*options.status, self.status)
            self._servers.append(status)
            self.status_port = _port_of(status)
        self._working = asyncio.create_task(self._agenda.run(), name="agenda")

    async def stop(self) -> None:
        """Close everything; what is pending is dropped and leaves no fact."""
        for server in self._servers:
            server.close()
        if self._zone:
            self._zone.close()
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        await self._reporter.close()
        await self._browser.close()
        self._ledger.close()

    def status(self) -> Status:
        """The counts of the ledger, and what is still to come."""
        pending = self._agenda.pending
        put_off = len(self._mailroom.attempts)
        return Status(
            facts=dict(self._ledger.counts),
            pending=Pending(pending[REPORTS], pending[VISITS], put_off),
            is_idle=not pending.total() and not put_off,
        )

    def _dialog(self) -> SinkDialog:
        return SinkDialog(
            self._options.host_name,
            self._mailroom,
            self._given,
            self._room,
            self._clock,
        )

    def _given(self, answer: Answer) -> None:
        """An answer is on its way: what it says has happened."""
        now = self._clock()
        self._ledger.write(
            *(msgspec.structs.replace(fact, at=now) for fact in answer.facts)
        )
        for sequel in answer.sequels:
            self._aftermath.follow(sequel, now)

    def _room(self) -> Awaitable[None] | None:
        return self._agenda.room() if self._agenda.is_full else None


def _port_of(server: asyncio.Server | Listening) -> int:
    return int(server.sockets[0].getsockname()[1])
