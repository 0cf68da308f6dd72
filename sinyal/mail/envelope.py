"""A message's envelope and where each of its recipients waits.

Plain records that stages hand to each other; RFC 5321 2.3.1, guide 11.2.
"""

from typing import NamedTuple

import msgspec


class Recipient(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One recipient copy of a message.

    `address` is without angle brackets, as the feeder gave it. `message_id` is the
    Signals id of this copy: 20 lower-case hex digits, constant for its whole life.

    What is empty here is as the envelope says it: `vmta` with its `pool`, `job_id`,
    `env_id`, `schedule`, `subaccount_id`; `mail_from` and `signals` None likewise.
    `notify` and
    `orcpt` are the parameters of RFC 3461 4.1, 4.2, as given. `refusal` is the reply
    that bounces the copy without an attempt (SRC-11). `variables` in lower case and
    `parts` are those of a mail merge (rules MM).
    """

    address: str
    message_id: str
    orcpt: str = ""
    notify: str = ""
    vmta: str = ""
    pool: str = ""
    priority: int = 50
    mail_from: str | None = None
    job_id: str = ""
    env_id: str = ""
    schedule: tuple[tuple[float, float], ...] = ()
    subaccount_id: int = 0
    custom_message_id: str = ""
    variables: dict[str, str] = {}
    parts: tuple[int, ...] = ()
    refusal: str = ""
    signals: bool | None = None

    @property
    def domain(self) -> str:
        """The domain in lower case, without the trailing dot."""
        return self.address.rpartition("@")[2].lower().rstrip(".")


class AtDelivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the feeder's source asks for when a copy is composed.

    `removed_headers` in lower case (HDR-5). `date_header` is "", "yes" or "override"
    (HDR-6). `dkim_options` is the value of X-DKIM-Options, `dkim_key` the PEM text of
    X-DKIM-Key: a secret (DKIM-4, DKIM-5).
    """

    removed_headers: tuple[str, ...] = ()
    date_header: str = ""
    adds_virtual_mta: bool = False
    dkim_options: str = ""
    dkim_key: str = ""
    keeps_undefined: bool = False  # variables of a mail merge (MM-3)

    def __repr__(self) -> str:
        """Without the key, which belongs in no log."""
        return f"AtDelivery(removed_headers={self.removed_headers!r}, ...)"


NOTHING_ASKED = AtDelivery()


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an accepted message apart from its content.

    Units: `received_at` epoch seconds UTC, `size_octets` octets of the content.
    `vmta` is the VirtualMTA whose queues hold it, `{default}` without one; `pool` the
    pool that was selected, or "". `signals` says whether its events are uploaded.
    `ret` and `env_id` are those of RFC 3461 4.3, 4.4; `schedule` holds the windows of
    delivery (SCH-1), empty for any time. `part_octets` are the lengths of the parts of
    a mail merge, laid end to end in the content. `headers` holds the fields that
    accounting asks for, names in lower case, texts bounded. Those of `at_delivery` say
    what is done to a copy when it is composed. Source: guide 8.4, 11.2.
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
    custom_message_id: str = ""
    ret: str = ""
    is_8bit: bool = False
    is_utf8: bool = False
    is_verp: bool = False
    suppress_dsn: bool = False
    schedule: tuple[tuple[float, float], ...] = ()
    part_octets: tuple[int, ...] = ()
    at_delivery: AtDelivery = NOTHING_ASKED
    headers: dict[str, str] = {}

    def reports_of(self, recipient: Recipient) -> bool:
        """Whether events of this recipient are uploaded."""
        return self.signals if recipient.signals is None else recipient.signals

    def sender_of(self, recipient: Recipient) -> str:
        """The sender of this recipient's copy, without VERP."""
        own = recipient.mail_from
        return self.mail_from if own is None else own

    def place_of(self, recipient: Recipient) -> tuple[str, str]:
        """The VirtualMTA of this recipient's copy, and its pool or ""."""
        own = recipient.vmta
        return (own, recipient.pool) if own else (self.vmta, self.pool)


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
    Units: `due_at`, `first_attempt_at` epoch seconds, 0 for none; `attempts` those
    already made.
    """

    spool_id: int
    index: int
    queue: QueueName
    envelope: Envelope
    content: bytes | None = None
    attempts: int = 0
    due_at: float = 0.0
    first_attempt_at: float = 0.0

    @property
    def recipient(self) -> Recipient:
        return self.envelope.recipients[self.index]

    @property
    def schedule(self) -> tuple[tuple[float, float], ...]:
        """The windows in which it may be tried, () for any time (SCH-1)."""
        envelope = self.envelope
        return envelope.recipients[self.index].schedule or envelope.schedule


class Submission(msgspec.Struct, frozen=True):
    """A message at the moment reception has accepted it, before it is on disk."""

    envelope: Envelope
    content: bytes
