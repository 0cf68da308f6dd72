"""What became of one delivery attempt of one recipient: a value, never an exception."""

from enum import Enum

import msgspec

from sinyal.mail.envelope import QueueEntry
from sinyal.smtp.reply import Reply


class Verdict(Enum):
    """What the attempt means for the recipient; RFC 5321 4.2.1."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one attempt.

    `reply` is the peer's, or one of our own making (`is_local`) when no peer answered:
    no MX, connection refused, time-out, message expired.
    `status` is the enhanced status code where it is not the reply's own.
    `is_of_queue`: no host was reached, and the whole queue waits.
    Units: `at` epoch seconds UTC, `size_octets` octets sent.
    """

    entry: QueueEntry
    verdict: Verdict
    reply: Reply
    at: float
    is_local: bool = False
    remote_name: str = ""
    remote_ip: str = ""
    source_ip: str = ""
    extensions: tuple[str, ...] = ()
    size_octets: int = 0
    tls_protocol: str = ""
    tls_cipher: str = ""
    delivery_type: str = "smtp"
    status: str = ""
    is_of_queue: bool = False
