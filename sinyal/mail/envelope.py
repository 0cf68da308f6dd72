"""A message's envelope and where each of its recipients waits.

Plain records that stages hand to each other; RFC 5321 2.3.1, guide 11.2.
"""

from typing import NamedTuple

import msgspec


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """One recipient copy of a message.

    `address` is without angle brackets, as the feeder gave it. `message_id` is the
    Signals id of this copy: 20 lower-case hex digits, constant for its whole life.
    """

    address: str
    message_id: str
    orcpt: str = ""

    @property
    def domain(self) -> str:
        """The domain in lower case, without the trailing dot."""
        return self.address.rpartition("@")[2].lower().rstrip(".")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an accepted message apart from its content.

    Units: `received_at` epoch seconds UTC, `size_octets` octets of the content.
    `vmta` is the VirtualMTA whose queues hold it, `{default}` without one; `pool` the
    pool that was selected, or "". `signals` says whether its events are uploaded.
    Source: guide 8.4, 11.2.
    """

    mail_from: str
    recipients: tuple[Recipient, ...]
    received_at: float
    size_octets: int
    vmta: str = "{default}"
    pool: str = ""
    job_id: str = ""
    env_id: str = ""
    source_type: str = "smtp"
    source_name: str = ""
    source_ip: str = ""
    local_ip: str = ""
    smtp_user: str = ""
    friendly_from: str = ""
    friendly_name: str = ""
    subject: str = ""
    signals: bool = False
    subaccount_id: int = 0


class QueueName(NamedTuple):
    """The name of a queue, printed `domain/vmta`; guide 5.4 (Q-1)."""

    domain: str
    vmta: str

    def __str__(self) -> str:
        return f"{self.domain}/{self.vmta}"


class QueueEntry(msgspec.Struct, gc=False, eq=False):
    """One recipient waiting in a queue.

    `spool_id` and `index` name the recipient in the spool. `content` is kept until
    the first attempt ends and is then read back from the spool (None).
    Units: `due_at` epoch seconds; `attempts` those already made.
    """

    spool_id: int
    index: int
    queue: QueueName
    envelope: Envelope
    content: bytes | None = None
    attempts: int = 0
    due_at: float = 0.0

    @property
    def recipient(self) -> Recipient:
        return self.envelope.recipients[self.index]


class Submission(msgspec.Struct, frozen=True):
    """A message at the moment reception has accepted it, before it is on disk."""

    envelope: Envelope
    content: bytes
