"""The end of an attempt, told to the desk: one `Outcome` each."""

from collections.abc import Callable

import msgspec

from sinyal.delivery.connect import Peer
from sinyal.delivery.line import Desk, Line
from sinyal.delivery.route import Unreached
from sinyal.events.outcome import Outcome, Verdict
from sinyal.mail.envelope import QueueEntry
from sinyal.smtp.reply import Reply


class Told(msgspec.Struct, frozen=True):
    """What came of a transaction; the last three are as in `Outcome`."""

    entry: QueueEntry
    verdict: Verdict
    reply: Reply
    is_local: bool = False
    size_octets: int = 0
    status: str = ""


class Endings:
    """Reports outcomes; `notice` is called when an entry has gone back to its queue."""

    def __init__(self, line: Line, desk: Desk, notice: Callable[[], None]) -> None:
        self._line = line
        self._desk = desk
        self._notice = notice

    def end(
        self,
        entry: QueueEntry,
        verdict: Verdict,
        reason: Reply,
        where: Peer | Unreached | None = None,
        *,
        way: str = "smtp",
    ) -> None:
        """Report an end that no reply to a transaction brought about.

        `way` is the type of delivery.
        """
        if isinstance(where, Peer):
            self.told(Told(entry, verdict, reason, is_local=True), where)
            return
        self._desk.report(
            Outcome(
                entry=entry,
                verdict=verdict,
                reply=reason,
                at=self._desk.clock(),
                is_local=where is None or where.is_local,
                remote_name=where.host if where else "",
                remote_ip=where.ip if where else "",
                delivery_type=way,
                is_of_queue=where is not None and verdict is Verdict.DEFERRED,
            )
        )

    def told(self, told: Told, peer: Peer) -> None:
        """Report what came of a transaction with `peer`."""
        connection = peer.connection
        self._desk.report(
            Outcome(
                entry=told.entry,
                verdict=told.verdict,
                reply=told.reply,
                at=self._desk.clock(),
                is_local=told.is_local,
                remote_name=peer.host,
                remote_ip=connection.remote_ip,
                source_ip=connection.local_ip,
                extensions=peer.extensions,
                size_octets=told.size_octets,
                tls_protocol=connection.tls_protocol,
                tls_cipher=connection.tls_cipher,
                status=told.status,
            )
        )

    def defer(
        self, entry: QueueEntry, reason: Reply, where: Peer | None = None
    ) -> None:
        """Report an end that lets the recipient wait, and let it."""
        self.end(entry, Verdict.DEFERRED, reason, where)
        self._line.retry(entry, self._desk.clock())
        self._notice()
