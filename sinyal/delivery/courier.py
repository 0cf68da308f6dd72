"""One connection's life: reach a host, deliver while there is mail, take leave."""

import asyncio

import msgspec

from sinyal.config.reactions import NOTHING, Reaction
from sinyal.delivery.compose import NoVirtualMta
from sinyal.delivery.connect import Connector, Peer
from sinyal.delivery.judge import closes, judge
from sinyal.delivery.line import Desk, Line, Policy
from sinyal.delivery.local import Cause, error_name
from sinyal.delivery.reactor import Reactor, verdict_after
from sinyal.delivery.resting import Rests
from sinyal.delivery.route import Router, Unreached
from sinyal.delivery.wishes import wishes_of
from sinyal.events.outcome import Outcome, Verdict
from sinyal.mail.envelope import QueueEntry, QueueName
from sinyal.mail.verp import reverse_path
from sinyal.runtime.dns import Resolver
from sinyal.runtime.log import LOG
from sinyal.runtime.smtp_client import Connection
from sinyal.runtime.tls import client_context
from sinyal.smtp.client import NeedsUtf8, Replies
from sinyal.smtp.reply import Reply

SLICE = 200  # entries of a dead queue that are bounced before others get their turn


class Said(msgspec.Struct, frozen=True):
    """What a peer said to a message: the reply that decided, and what follows."""

    replies: Replies
    reply: Reply
    is_refusal: bool
    reaction: Reaction


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
        self._desk = desk
        self._policy = policy
        tls = client_context(verify=False)
        self._router = Router(resolver)
        self._reactor = Reactor(line, policy, desk.clock)
        self._connector = Connector(policy, self._router, tls, self._reactor)
        self._rests = Rests(line, desk.clock, self.notice)

    def ask(self, resolver: Resolver) -> None:
        """Find hosts by another resolver from now on."""
        self._router.resolver = resolver

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
        self._end(entry, Verdict.BOUNCED, Cause.EXPIRED.reply())

    async def serve(self, name: QueueName) -> None:
        """Serve the queue over one connection; the caller has called `line.opened`."""
        is_sound = False
        try:
            if self._policy.settings_for(name).type == "discard":
                await self._discard(name)
                is_sound = True
                return
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
            self._end(entry, verdict, reply, way="discard")
            count += 1
            if count % SLICE == 0:
                await asyncio.sleep(0)

    async def _visit(self, name: QueueName, avoid: frozenset[str]) -> frozenset[str]:
        """One host's turn; the addresses to leave out in the next one, if any."""
        found = await self._connector.reach(name, avoid)
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
        now = self.clock()
        self.line.failed(name, now)
        # The queue waits as a whole; one recipient stands for it in the records.
        if entry := self.line.take(name, now):
            self._end(entry, Verdict.DEFERRED, why.reply, why)
            self.line.put_back(entry, now)

    async def _bounce_all(
        self, name: QueueName, reason: Reply, where: Peer | Unreached
    ) -> None:
        count = 0
        while entry := self.line.take(name, self.clock()):
            if isinstance(where, Peer):
                bounced = Verdict.BOUNCED
                self._report(entry, bounced, reason, where, 0, is_local=False)
            else:
                self._end(entry, Verdict.BOUNCED, reason, where)
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
            await peer.connection.quit()
        finally:
            self.transacting.discard(task)
            peer.connection.close()
        return avoid

    async def _deliver_all(self, name: QueueName, peer: Peer) -> str:
        settings = self._policy.settings_for(name)
        connection, sent, is_late = peer.connection, 0, False
        while connection.is_open and not self.is_stopping:
            entry = self.line.take(name, self.clock())
            if entry is None:
                if is_late or settings.connection_idle_timeout <= 0:
                    break
                timeout_s = settings.connection_idle_timeout
                is_late = not await self._rests.rest(name, timeout_s)
                continue
            is_late = False
            said = await self._attempt(entry, peer, is_first=not sent)
            if said is None:
                continue  # the message's own fault, or the connection is closed
            sent += 1
            if (avoid := await self._consequence(name, peer, said, sent)) is not None:
                return avoid
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

    async def _attempt(
        self, entry: QueueEntry, peer: Peer, *, is_first: bool
    ) -> Said | None:
        """What the peer said to one message, its `Outcome` told to all concerned."""
        try:
            content = self._desk.compose(entry)
            if not isinstance(content, bytes):
                content = await content
        except NoVirtualMta:
            self._end(
                entry, Verdict.BOUNCED, Cause.NO_VMTA.reply(vmta=entry.queue.vmta)
            )
            return None
        except ValueError as error:
            reason = Cause.BAD_ADDRESS.reply(reason=str(error))
            self._end(entry, Verdict.BOUNCED, reason)
            return None
        except Exception:
            LOG.exception("message %s cannot be composed", entry.spool_id)
            self._defer(entry, Cause.BROKEN.reply())
            return None
        return await self._send(entry, peer, content, is_first=is_first)

    async def _send(
        self, entry: QueueEntry, peer: Peer, content: bytes, *, is_first: bool
    ) -> Said | None:
        connection, recipient = peer.connection, entry.recipient
        try:
            mail_from = reverse_path(entry.envelope, recipient)
            wishes = wishes_of(entry.envelope, recipient)
            # Reception lets no bare CR or LF in, and what is composed adds none.
            replies = await connection.send(
                mail_from, (recipient.address,), content, wishes, is_canonical=True
            )
        except ValueError as error:
            is_utf8 = isinstance(error, NeedsUtf8)
            cause = Cause.NO_UTF8 if is_utf8 else Cause.BAD_ADDRESS
            reason = cause.reply(reason=str(error))
            self._end(entry, Verdict.BOUNCED, reason, peer)
            return None
        except OSError as error:
            connection.close()
            self._broken(entry, peer, error, is_first=is_first)
            return None
        verdict, reply, is_local = judge(replies)
        reaction = NOTHING
        if not is_local:
            reaction = self._reactor.react(entry.queue, reply, connection.local_ip)
            is_recipients = any(reply is one for one in replies.recipients)
            verdict = verdict_after(verdict, reaction, is_recipients=is_recipients)
        self._report(entry, verdict, reply, peer, len(content), is_local=is_local)
        if verdict is Verdict.DELIVERED:
            self.line.succeeded(entry.queue, self.clock())
        elif verdict is Verdict.DEFERRED:
            # After skip-mx the next host gets it at once.
            again = self.line.put_back if reaction.skip_mx else self.line.retry
            again(entry, self.clock())
            self.notice()
        return Said(replies, reply, verdict is not Verdict.DELIVERED, reaction)

    def _broken(
        self, entry: QueueEntry, peer: Peer, error: OSError, *, is_first: bool
    ) -> None:
        """The connection ended within a transaction.

        When it was the first one the queue waits too, or a peer that hangs up on every
        message would be called again for each.
        """
        reason = Cause.DISCONNECTED.reply(
            error=error_name(error), host=peer.host, ip=peer.connection.remote_ip
        )
        if is_first:
            self.line.failed(entry.queue, self.clock())
        self._defer(entry, reason, peer)

    def _defer(
        self, entry: QueueEntry, reason: Reply, where: Peer | None = None
    ) -> None:
        self._end(entry, Verdict.DEFERRED, reason, where)
        self.line.retry(entry, self.clock())
        self.notice()

    def _end(
        self,
        entry: QueueEntry,
        verdict: Verdict,
        reason: Reply,
        where: Peer | Unreached | None = None,
        *,
        way: str = "smtp",
    ) -> None:
        """Report an end that no reply to a transaction brought about."""
        if isinstance(where, Peer):
            self._report(entry, verdict, reason, where, 0, is_local=True)
            return
        self._desk.report(
            Outcome(
                entry=entry,
                verdict=verdict,
                reply=reason,
                at=self.clock(),
                is_local=where is None or where.is_local,
                remote_name=where.host if where else "",
                remote_ip=where.ip if where else "",
                delivery_type=way,
            )
        )

    def _report(
        self,
        entry: QueueEntry,
        verdict: Verdict,
        reply: Reply,
        peer: Peer,
        size_octets: int,
        *,
        is_local: bool,
    ) -> None:
        connection = peer.connection
        self._desk.report(
            Outcome(
                entry=entry,
                verdict=verdict,
                reply=reply,
                at=self.clock(),
                is_local=is_local,
                remote_name=peer.host,
                remote_ip=connection.remote_ip,
                source_ip=connection.local_ip,
                extensions=peer.extensions,
                size_octets=size_octets,
                tls_protocol=connection.tls_protocol,
                tls_cipher=connection.tls_cipher,
            )
        )
