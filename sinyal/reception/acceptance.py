"""A message at the end of its data: read, placed, stamped, handed on or refused."""

from collections.abc import Awaitable, Sequence

from msgspec.structs import replace

from sinyal.mail import merge
from sinyal.mail.envelope import Recipient, Submission
from sinyal.reception import replies, stamp
from sinyal.reception.door import Door, ReportMail
from sinyal.reception.recipients import Ask, completed, placed
from sinyal.reception.submission import Content, Taken, submission
from sinyal.reception.transaction import Feeder, Transaction
from sinyal.smtp.reply import Reply, reply

__all__ = ["Feeder", "Transaction", "accept"]


def accept(
    door: Door, feeder: Feeder, transaction: Transaction, content: bytes
) -> Reply | Awaitable[Reply]:
    """The reply to the whole message, at once where it is a refusal.

    `content` is not looked at where the transaction has parts: they are the message.
    """
    whole = Content(content)
    if transaction.parts:
        try:
            whole = Content(*merge.laid_out(transaction.parts))
            merge.check(whole.octets, whole.part_octets, transaction.recipients)
        except merge.BadMerge as error:
            return reply(550, str(error))
        # A mail merge never gets a Date of ours (HDR-6).
        feeder = replace(feeder, source=replace(feeder.source, add_date_header="no"))
    if whole.octets.startswith((b" ", b"\t")):
        whole = _headless(whole)
    if feeder.source.check_dkim_inbound and door.checks is not None:
        return _checked(door, feeder, transaction, whole)
    return _accept(door, feeder, transaction, whole)


def _headless(content: Content) -> Content:
    """The content behind an empty line: it begins with the rest of no field.

    It would go on with a field of ours: a trace, a result of the checks, a signature.
    """
    lengths = content.part_octets
    longer = (lengths[0] + 2, *lengths[1:]) if lengths else ()
    return Content(b"\r\n" + content.octets, longer)


async def _checked(
    door: Door, feeder: Feeder, transaction: Transaction, content: Content
) -> Reply:
    assert door.checks is not None
    found = await door.checks.at_data(feeder.source, content.octets)
    checked = replace(transaction, results=(*transaction.results, *found))
    answer = _accept(door, feeder, checked, content)
    return answer if isinstance(answer, Reply) else await answer


def _accept(
    door: Door, feeder: Feeder, transaction: Transaction, content: Content
) -> Reply | Awaitable[Reply]:
    source, signals = feeder.source, door.configuration.signals
    accounted = door.configuration.accounted_headers
    facts = stamp.read(content.octets, source, signals or stamp.NO_SIGNALS, accounted)
    if refused := stamp.refusal(facts, source):
        return refused
    is_merge = bool(content.part_octets)
    ask = Ask(door, feeder, transaction.mail_from, content.octets, facts, is_merge)
    at = placed(ask, transaction.recipients)
    if isinstance(at, Reply):
        return at
    recipients = completed(ask, at)
    rewriting = door.configuration.rewriting(source, at.placement.vmta)
    whole = submission(
        Taken(ask, transaction, content, at.placement, recipients, rewriting)
    )
    if any(_report_kind(door, one) for one in recipients):
        return _hand_on(door, whole, content.octets)
    if door.configuration.settings.smtp_reply_with_spool_id:
        return _named(door.submit(whole), recipients)
    return door.submit(whole)


async def _named(answer: Awaitable[Reply], recipients: Sequence[Recipient]) -> Reply:
    """The reply, with the id of the first recipient's copy where it is taken."""
    said = await answer
    if not said.is_positive or not recipients:
        return said
    return reply(said.code, f"{said.text}, id {recipients[0].message_id}")


async def _hand_on(door: Door, whole: Submission, content: bytes) -> Reply:
    """Reports to their reader, the rest to the spool; a refusal ends it."""
    envelope = whole.envelope
    queued: list[Recipient] = []
    try:
        for recipient in envelope.recipients:
            kind = _report_kind(door, recipient)
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


def _report_kind(door: Door, recipient: Recipient) -> str:
    """The processor that reads mail to the recipient, or ""."""
    if recipient.refusal:
        return ""
    configuration, address = door.configuration, recipient.address
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
    return Submission(replace(whole.envelope, recipients=recipients), whole.content)
