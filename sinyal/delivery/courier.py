"""One connection's life: reach a host, deliver while there is mail, take leave."""

import asyncio

from sinyal.delivery.connect import Connector, Peer
from sinyal.delivery.endings import Endings, Told
from sinyal.delivery.judge import closes
from sinyal.delivery.line import Desk, Line, Policy
from sinyal.delivery.local import Cause
from sinyal.delivery.reactor import Reactor
from sinyal.delivery.resting import Rests
from sinyal.delivery.rollup import Rollups
from sinyal.delivery.route import Held, Router, Unreached
from sinyal.delivery.tls import ClientTls
from sinyal.delivery.transaction import Said, Transactions
from sinyal.events.outcome import Verdict
from sinyal.mail.envelope import QueueEntry, QueueName
from sinyal.runtime.dns import Resolver
from sinyal.runtime.smtp_client import Connection
from sinyal.smtp.reply import Reply

SLICE = 200  # entries of a dead queue that are bounced before others get their turn


class Courier:
    """Delivers the queues' mail; every attempt ends in one `Outcome`.

    Nothing that a peer says or does raises here. `notice` is called whenever the
    queues may have something new to do; `delivery.run` waits for that.
    """

    def __init__(
        self, line: Line, policy: Policy, desk: Desk, resolver: Resolver
    ) -> None:
        self.line = line
        self.clock = desk.clock
        self.changed = asyncio.Event()
        self.is_stopping = False
        self.transacting: set[asyncio.Task[None]] = set()
        self._policy = policy
        self._tls = ClientTls(desk.clock)
        self._router = Router(resolver)
        self._rollups = Rollups(policy, self._router)
        reactor = self._reactor = Reactor(line, policy, desk.clock)
        self._connector = Connector(line, policy, self._router, self._tls, reactor)
        self._endings = Endings(line, desk, self.notice)
        self._transactions = Transactions(line, policy, desk, reactor, self.notice)
        self._rests = Rests(line, desk.clock, self.notice)

    def ask(self, resolver: Resolver) -> None:
        """Find hosts by another resolver from now on."""
        self._router.resolver = resolver

    def rolled_up(self, domain: str) -> str:
        """The roll-up queue that took the domain's mail last, or ""."""
        return self._rollups.known.get(domain, "")

    def recovered(self, name: QueueName) -> None:
        """Tell that a queue is back in normal mode."""
        self._reactor.recovered(name)

    def notice(self) -> None:
        """Look at the queues again: mail was added, a connection ended."""
        self.changed.set()

    def wake(self, name: QueueName) -> bool:
        """Whether a resting connection of the queue goes on instead of a new one."""
        return self._rests.wake(name)

    def stop(self) -> None:
        """Start nothing new; resting connections end."""
        self.is_stopping = True
        self._rests.end()

    def expire(self, entry: QueueEntry) -> None:
        """Bounce an entry that is older than bounce-after; RT-4."""
        self._endings.end(entry, Verdict.BOUNCED, Cause.EXPIRED.reply())

    async def serve(self, name: QueueName) -> None:
        """Serve the queue over one connection; the caller has called `line.opened`."""
        is_sound = False
        try:
            if self._policy.settings_for(name).type == "discard":
                await self._discard(name)
                is_sound = True
                return
            if other := await self._rollups.find(name):
                self.line.move(name, other, self.clock())
            else:
                avoid = await self._visit(name, frozenset())
                while avoid:
                    avoid = await self._visit(name, avoid)
            is_sound = True
        finally:
            if not is_sound:
                self.line.failed(name, self.clock())
            self.line.closed(name, self.clock())
            self.notice()

    async def _discard(self, name: QueueName) -> None:
        """Drop the queue's mail with a d, or with a b (DLV-4)."""
        is_bounce = self._policy.settings_for(name).discard_as_bounce
        verdict = Verdict.BOUNCED if is_bounce else Verdict.DELIVERED
        reply = (Cause.DISCARDED if is_bounce else Cause.DROPPED).reply()
        count = 0
        while entry := self.line.take(name, self.clock()):
            self._endings.end(entry, verdict, reply, way="discard")
            count += 1
            if count % SLICE == 0:
                await asyncio.sleep(0)

    async def _visit(self, name: QueueName, avoid: frozenset[str]) -> frozenset[str]:
        """One host's turn; the addresses to leave out in the next one, if any."""
        found = await self._connector.reach(name, avoid)
        if isinstance(found, Held):
            self.line.hold(name, found.until, self.clock())
            return frozenset()
        if isinstance(found, Unreached):
            await self._give_up(name, found)
            return frozenset()
        closing_ip = await self._converse(name, found)
        return avoid | {closing_ip} if closing_ip else frozenset()

    async def _give_up(self, name: QueueName, why: Unreached) -> None:
        """Bounce the queue's mail, or let it wait in retry mode; RT-1, RT-7."""
        if why.verdict is Verdict.BOUNCED:
            await self._bounce_all(name, why.reply, why)
            return
        now, settings = self.clock(), self._policy.settings_for(name)
        if why.has_no_mx and not isinstance(settings.bounce_upon_no_mx, bool):
            self._bounce_aged(name, settings.bounce_upon_no_mx)
        wait_s = settings.retry_after_dns_error if why.is_of_dns else None
        self.line.failed(name, now, wait_s)
        # The queue waits as a whole; one recipient stands for it in the records.
        if entry := self.line.take(name, now):
            self._endings.end(entry, Verdict.DEFERRED, why.reply, why)
            self.line.put_back(entry, now)

    def _bounce_aged(self, name: QueueName, age_s: float) -> None:
        """Bounce what has waited so long for a domain without MX (RT-6)."""
        now = self.clock()
        reason = Cause.NO_MX.reply(domain=name.domain)
        while entry := self.line.take(name, now):
            if entry.envelope.received_at + age_s > now:
                self.line.add(entry, now)  # all that follow are younger
                return
            self._endings.end(entry, Verdict.BOUNCED, reason)

    async def _bounce_all(
        self, name: QueueName, reason: Reply, where: Peer | Unreached
    ) -> None:
        count = 0
        while entry := self.line.take(name, self.clock()):
            if isinstance(where, Peer):
                self._endings.told(Told(entry, Verdict.BOUNCED, reason), where)
            else:
                self._endings.end(entry, Verdict.BOUNCED, reason, where)
            count += 1
            if count % SLICE == 0:
                await asyncio.sleep(0)

    async def _converse(self, name: QueueName, peer: Peer) -> str:
        """Deliver over `peer` to the end; its address if the next MX is to be tried."""
        task = asyncio.current_task()
        assert task is not None
        self.transacting.add(task)
        try:
            avoid = await self._deliver_all(name, peer)
            self._tls.keep(peer.host.strip("[]"), peer.connection.tls)
            await peer.connection.quit()
        finally:
            self.transacting.discard(task)
            peer.connection.close()
            self.line.sources.leave(peer.way)
            peer.journal.connection("closed")
        return avoid

    async def _deliver_all(self, name: QueueName, peer: Peer) -> str:
        settings = self._policy.settings_for(name)
        connection, source_ip = peer.connection, peer.way.source_ip
        sent, errors, is_late = 0, 0, False
        while connection.is_open and not self.is_stopping:
            entry = self.line.take(name, self.clock(), source_ip)
            if entry is None:
                if not self.line.sources.may_send(name, source_ip, self.clock()):
                    break  # another address may have room
                if is_late or settings.connection_idle_timeout <= 0:
                    break
                timeout_s = settings.connection_idle_timeout
                is_late = not await self._rests.rest(name, timeout_s)
                continue
            is_late = False
            said = await self._transactions.attempt(entry, peer, is_first=not sent)
            if said is None:
                continue  # the message's own fault, or the connection is closed
            sent += 1
            errors += said.is_refusal
            if (avoid := await self._consequence(name, peer, said, sent)) is not None:
                return avoid
            if errors and errors == settings.max_errors_per_connection:
                break
        return ""

    async def _consequence(
        self, name: QueueName, peer: Peer, said: Said, sent: int
    ) -> str | None:
        """None to go on, "" to end the connection, or its address to try another MX."""
        settings, connection = self._policy.settings_for(name), peer.connection
        reaction = said.reaction
        if said.is_refusal and reaction.bounce_queue:
            await self._bounce_all(name, said.reply, peer)
        if said.is_refusal and reaction.skip_mx:
            return connection.remote_ip
        if closes(said.replies):
            if settings.smtp_421_means_mx_unavailable:
                return connection.remote_ip
            await self._survive(name, connection, is_first=sent == 1)
        is_over = reaction.disable_source_ip or reaction.defer_queue
        return "" if is_over or sent == settings.max_msg_per_connection else None

    async def _survive(
        self, name: QueueName, connection: Connection, *, is_first: bool
    ) -> None:
        """After a 421: go on if RSET is answered, else close; RT-9."""
        try:
            (answer,) = await connection.ask(b"RSET\r\n", 1, 10.0)
            is_usable = answer.is_positive
        except OSError:
            is_usable = False
        if not is_usable:
            connection.close()
            if is_first:
                self.line.failed(name, self.clock())
