"""A message at the end of its data: stamped, placed, and handed on or refused."""

from collections.abc import Awaitable

import msgspec

from sinyal.config.settings import SourceSettings
from sinyal.mail.envelope import Envelope, Recipient, Submission
from sinyal.mail.rewrite import rewrite
from sinyal.mail.trace import Hop
from sinyal.reception import replies, stamp
from sinyal.reception.door import Door, ReportMail
from sinyal.reception.placement import Placement, place
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.events import Hello, MailFrom
from sinyal.smtp.reply import Reply


class Feeder(msgspec.Struct, frozen=True, kw_only=True):
    """Who hands the message in, and what that source may do."""

    source: SourceSettings
    peer: Peer
    hello: Hello | None
    user: str
    origin: str = "smtp"  # or "pickup", "api": source_type of the envelope

    @property
    def hello_name(self) -> str:
        return self.hello.name if self.hello else ""

    @property
    def protocol(self) -> str:
        """The word behind `with` in Received; RFC 3848."""
        if self.hello is not None and not self.hello.is_extended:
            return "SMTP"
        return f"ESMTP{'S' if self.peer.tls_protocol else ''}{'A' if self.user else ''}"


class Transaction(msgspec.Struct):
    """What the envelope commands have said so far.

    `recipients` have no `message_id` yet. `parts` are those of a mail merge by number,
    `results` what the checks of the sender found, for Authentication-Results.
    """

    mail: MailFrom
    recipients: list[Recipient] = []
    parts: dict[int, bytes] = {}
    results: tuple[str, ...] = ()

    @property
    def mail_from(self) -> str:
        return self.mail.address


def accept(
    door: Door, feeder: Feeder, transaction: Transaction, content: bytes
) -> Reply | Awaitable[Reply]:
    """The reply to the whole message, at once where it is a refusal."""
    source = feeder.source
    facts = stamp.read(content, source)
    if facts.hops > source.max_message_hops:
        return replies.TOO_MANY_HOPS
    configuration, local_ip = door.configuration, feeder.peer.local_ip
    placed = place(configuration, door.turns, source, facts.virtual_mta, local_ip)
    if isinstance(placed, Reply):
        return placed
    recipients = tuple(
        msgspec.structs.replace(one, message_id=door.new_message_id())
        for one in transaction.recipients
    )
    envelope = _envelope(door, feeder, transaction.mail_from, facts, placed, recipients)
    hop = _hop(door, feeder, envelope, transaction.mail_from)
    fields = stamp.new_fields(facts, source, hop, is_submission=bool(feeder.user))
    stamped = stamp.stamped(content, facts, fields)
    envelope = msgspec.structs.replace(envelope, size_octets=len(stamped))
    whole = Submission(envelope, stamped)
    if any(_report_kind(door, one.address) for one in recipients):
        return _hand_on(door, whole, content)
    return door.submit(whole)


async def _hand_on(door: Door, whole: Submission, content: bytes) -> Reply:
    """Reports to their reader, the rest to the spool; a refusal ends it."""
    envelope = whole.envelope
    queued: list[Recipient] = []
    try:
        for recipient in envelope.recipients:
            kind = _report_kind(door, recipient.address)
            if not kind:
                queued.append(recipient)
                continue
            answer = await door.report(_report(kind, whole, recipient, content))
            if not answer.is_positive:
                return answer
        if not queued:
            return replies.MESSAGE_RECEIVED
        return await door.submit(_only(whole, tuple(queued)))
    except OSError as error:
        door.log(f"smtp-in: message from {envelope.source_ip} not stored: {error}")
        return replies.NO_STORAGE


def _envelope(
    door: Door,
    feeder: Feeder,
    mail_from: str,
    facts: stamp.Facts,
    placed: Placement,
    recipients: tuple[Recipient, ...],
) -> Envelope:
    """The envelope, its size still to be told."""
    configuration = door.configuration
    rules = configuration.rewrite_for(feeder.source, placed.vmta)
    signals = configuration.signals_for(placed.vmta, placed.pool, facts.signer)
    return Envelope(
        mail_from=rewrite(rules, mail_from),
        recipients=recipients,
        received_at=door.clock(),
        size_octets=0,
        vmta=placed.vmta,
        pool=placed.pool,
        job_id=facts.job_id,
        env_id=facts.env_id,
        source_name=feeder.hello_name,
        source_ip=feeder.peer.remote_ip,
        local_ip=feeder.peer.local_ip,
        smtp_user=feeder.user,
        friendly_from=facts.friendly_from,
        friendly_name=facts.friendly_name,
        subject=facts.subject,
        signals=signals.enabled,
        subaccount_id=signals.subaccount_id,
    )


def _hop(door: Door, feeder: Feeder, envelope: Envelope, mail_from: str) -> Hop:
    is_hidden = feeder.source.hide_message_source
    recipients = envelope.recipients
    return Hop(
        helo="" if is_hidden else feeder.hello_name,
        from_ip="" if is_hidden else feeder.peer.remote_ip,
        by=door.host_name,
        with_protocol=feeder.protocol,
        id=recipients[0].message_id,
        at=envelope.received_at,
        rcpt=recipients[0].address if len(recipients) == 1 else "",
        mail_from=mail_from,
        tls=f"{feeder.peer.tls_protocol} {feeder.peer.tls_cipher}".strip(),
    )


def _report_kind(door: Door, address: str) -> str:
    """The processor that reads mail to `address`, or ""."""
    configuration = door.configuration
    complaints, bounces = (
        configuration.feedback_loop_processor,
        configuration.bounce_processor,
    )
    if complaints is not None and complaints.matches(address):
        return "feedback-loop"
    return "bounce" if bounces is not None and bounces.matches(address) else ""


def _report(
    kind: str, whole: Submission, recipient: Recipient, content: bytes
) -> ReportMail:
    envelope = whole.envelope
    return ReportMail(
        kind=kind,
        mail_from=envelope.mail_from,
        rcpt=recipient.address,
        content=content,
        source_name=envelope.source_name,
        source_ip=envelope.source_ip,
        local_ip=envelope.local_ip,
        submission=_only(whole, (recipient,)),
    )


def _only(whole: Submission, recipients: tuple[Recipient, ...]) -> Submission:
    """The same message for these recipients alone."""
    if recipients == whole.envelope.recipients:
        return whole
    envelope = msgspec.structs.replace(whole.envelope, recipients=recipients)
    return Submission(envelope, whole.content)
