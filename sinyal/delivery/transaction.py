"""One message to one recipient over a connection, and what follows from the replies."""

from collections.abc import Callable

import msgspec

from sinyal.config.reactions import NOTHING, Reaction
from sinyal.delivery.compose import NoVirtualMta
from sinyal.delivery.connect import Peer
from sinyal.delivery.endings import Endings, Told
from sinyal.delivery.judge import judge, status_beside
from sinyal.delivery.line import Desk, Line, Policy
from sinyal.delivery.local import Cause, error_name, replaced
from sinyal.delivery.reactor import Reactor, verdict_after
from sinyal.delivery.wishes import wishes_of
from sinyal.events.outcome import Verdict
from sinyal.mail.envelope import QueueEntry
from sinyal.mail.verp import reverse_path
from sinyal.runtime.log import LOG
from sinyal.runtime.smtp_client import Stage
from sinyal.smtp.client import NeedsUtf8, Replies
from sinyal.smtp.reply import Reply


class Said(msgspec.Struct, frozen=True):
    """What a peer said to a message: the reply that decided, and what follows."""

    replies: Replies
    reply: Reply
    is_refusal: bool
    reaction: Reaction


class Transactions:
    """Carries messages out; each ends in one `Outcome`."""

    def __init__(
        self,
        line: Line,
        policy: Policy,
        desk: Desk,
        reactor: Reactor,
        notice: Callable[[], None],
    ) -> None:
        self._line = line
        self._policy = policy
        self._desk = desk
        self._reactor = reactor
        self._notice = notice
        self._endings = Endings(line, desk, notice)

    async def attempt(
        self, entry: QueueEntry, peer: Peer, *, is_first: bool
    ) -> Said | None:
        """What the peer said to one message; None when it was not asked, or is gone."""
        end = self._endings.end
        try:
            content = self._desk.compose(entry)
            if not isinstance(content, bytes):
                content = await content
        except NoVirtualMta:
            reason = Cause.NO_VMTA.reply(vmta=entry.queue.vmta)
            end(entry, Verdict.BOUNCED, reason)
            return None
        except ValueError as error:
            reason = Cause.BAD_ADDRESS.reply(reason=str(error))
            end(entry, Verdict.BOUNCED, reason)
            return None
        except Exception:
            LOG.exception("message %s cannot be composed", entry.spool_id)
            self._endings.defer(entry, Cause.BROKEN.reply())
            return None
        name, octets, source_ip = entry.queue, len(content), peer.way.source_ip
        if not self._line.reserve(entry, octets, source_ip, self._desk.clock()):
            return None  # it is back in its queue
        said: Said | None = None
        try:
            said = await self._send(entry, peer, content, is_first=is_first)
        finally:
            self._line.transferred(
                name,
                octets,
                source_ip,
                self._desk.clock(),
                is_delivered=_is_delivered(said, peer),
            )
        return said

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
            self._endings.end(entry, Verdict.BOUNCED, reason, peer)
            return None
        except OSError as error:
            connection.close()
            self._broken(entry, peer, error, is_first=is_first)
            return None
        return self._judged(entry, peer, replies, len(content))

    def _judged(
        self, entry: QueueEntry, peer: Peer, replies: Replies, size_octets: int
    ) -> Said:
        verdict, reply, is_local = judge(replies)
        settings = self._policy.settings_for(entry.queue)
        reaction, shown = NOTHING, reply
        if not is_local:
            # The rules see what the peer said, whatever is told of it (SPL-5).
            local_ip = peer.connection.local_ip
            reaction = self._reactor.react(entry.queue, reply, local_ip)
            is_recipients = any(reply is one for one in replies.recipients)
            verdict = verdict_after(verdict, reaction, is_recipients=is_recipients)
            shown = replaced(reply, settings)
        status = status_beside(replies, reply, settings)
        told = Told(entry, verdict, shown, is_local, size_octets, status)
        self._endings.told(told, peer)
        if verdict is Verdict.DELIVERED:
            self._line.succeeded(entry.queue, self._desk.clock())
        elif verdict is Verdict.DEFERRED:
            # After skip-mx the next host gets it at once.
            again = self._line.put_back if reaction.skip_mx else self._line.retry
            again(entry, self._desk.clock())
            self._notice()
        return Said(replies, reply, verdict is not Verdict.DELIVERED, reaction)

    def _broken(
        self, entry: QueueEntry, peer: Peer, error: OSError, *, is_first: bool
    ) -> None:
        """The connection ended within a transaction; RT-8.

        When it was the first one the queue waits too, or a peer that hangs up on every
        message would be called again for each.
        """
        connection, now = peer.connection, self._desk.clock()
        settings = self._policy.settings_for(entry.queue)
        facts = {
            "error": error_name(error),
            "host": peer.host,
            "ip": connection.remote_ip,
        }
        is_late = connection.stage is Stage.SENT and isinstance(error, TimeoutError)
        if is_late and settings.assume_delivery_upon_data_termination_timeout:
            reason = Cause.ASSUMED.reply(**facts)
            self._endings.end(entry, Verdict.DELIVERED, reason, peer)
            self._line.succeeded(entry.queue, now)
            return
        if is_first:
            self._line.failed(entry.queue, now)
        if connection.stage is not Stage.COMMANDS:
            peer.journal.transfer_failure(f"transfer broken: {facts['error']}")
            behind_pix = settings.bounce_upon_pix_transfer_failure and peer.is_pix
            if settings.bounce_upon_transfer_failure or behind_pix:
                reason = Cause.TRANSFER.reply(**facts)
                self._endings.end(entry, Verdict.BOUNCED, reason, peer)
                return
        self._endings.defer(entry, Cause.DISCONNECTED.reply(**facts), peer)


def _is_delivered(said: Said | None, peer: Peer) -> bool:
    """Whether octets count; those of which the peer said nothing may be delivered."""
    if said is None:
        return peer.connection.stage is Stage.SENT
    return not said.is_refusal
