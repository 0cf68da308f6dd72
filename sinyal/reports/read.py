"""A message that came back, as accounting records; guide 11.2, 12.6-12.8, rules INB."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from sinyal.engagement.token import Copy
from sinyal.events.categories import category_of
from sinyal.events.record import Record, host_cell
from sinyal.events.status import status_cell
from sinyal.mail import address, arf, dsn, header
from sinyal.mail.address import Mailbox
from sinyal.mail.arf import Arf
from sinyal.mail.dsn import Dsn, DsnRecipient
from sinyal.mail.envelope import Submission

# Characters kept of a text in a report: a stranger wrote it, and an event line above
# a megabyte is refused by the ingest API.
LONGEST_TEXT = 4096

Unseal = Callable[[bytes], Copy | None]


class ReportMail(Protocol):
    """A message to an address of the bounce or the feedback-loop processor."""

    @property
    def kind(self) -> str: ...
    @property
    def rcpt(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def source_name(self) -> str: ...
    @property
    def source_ip(self) -> str: ...
    @property
    def submission(self) -> Submission: ...


class Original(msgspec.Struct, frozen=True):
    """What is known of the message that a report is about.

    `copy` is what its sealed header says, None without a header that we have sealed.
    """

    copy: Copy | None
    headers: dict[str, str]
    author: Mailbox

    @property
    def is_counted(self) -> bool:
        """Whether Signals is told: all our copies bear the seal when it is to be.

        A report that returns no header leaves that open, and counts.
        """
        return self.copy is not None or not self.headers


def read_report(mail: ReportMail, unseal: Unseal) -> tuple[Record, ...] | None:
    """The records of a report: rb and rs, or f; None for mail that is no report.

    `mail.kind` is `bounce` or `feedback-loop`; `unseal` gives the copy that a header
    names (`engagement.links.copy_of` with the keys).
    """
    if mail.kind == "bounce":
        bounce = dsn.parse(mail.content)
        return _of_bounce(mail, bounce, unseal) if bounce else None
    complaint = arf.parse(mail.content)
    return _of_complaint(mail, complaint, unseal) if complaint else None


def _of_bounce(mail: ReportMail, bounce: Dsn, unseal: Unseal) -> tuple[Record, ...]:
    original = _original(bounce.returned, unseal)
    records = []
    for recipient in bounce.recipients:
        copy = original.copy
        if copy and len(bounce.recipients) > 1 and not _is_of(copy, recipient):
            copy = None
        records.append(_bounced(mail, bounce, recipient, original, copy))
    return tuple(records)


def _is_of(copy: Copy, recipient: DsnRecipient) -> bool:
    given = (recipient.final_recipient, recipient.original_recipient)
    return copy.rcpt_to.lower() in {one.lower() for one in given}


def _bounced(
    mail: ReportMail,
    bounce: Dsn,
    recipient: DsnRecipient,
    original: Original,
    copy: Copy | None,
) -> Record:
    is_failure = recipient.action == "failed"
    diagnostic = recipient.diagnostic
    record = Record(
        type="rb" if is_failure else "rs",
        time_logged=mail.submission.envelope.received_at,
        orig=mail.rcpt,
        rcpt=recipient.final_recipient,
        orcpt=recipient.original_recipient,
        dsn_action=recipient.action,
        dsn_status=status_cell(recipient.status),
        dsn_diag=diagnostic,
        dsn_mta=recipient.remote_mta,
        dsn_reporting_mta=bounce.reporting_mta,
        bounce_cat=category_of(recipient.status, diagnostic) if is_failure else "",
        src_type="smtp",
        src_mta=host_cell(mail.source_name, mail.source_ip),
        env_id=bounce.envelope_id,
        format="dsn",
        signals=original.is_counted,
    )
    return _completed(record, original, copy)


def _of_complaint(
    mail: ReportMail, complaint: Arf, unseal: Unseal
) -> tuple[Record, ...]:
    original = _original(complaint.returned, unseal)
    # A sealed copy has one recipient, whatever the report lists or hides.
    recipients = complaint.recipients[:1] if original.copy else complaint.recipients
    return tuple(
        _complained(mail, complaint, recipient, original)
        for recipient in recipients or ("",)
    )


def _complained(
    mail: ReportMail, complaint: Arf, recipient: str, original: Original
) -> Record:
    record = Record(
        type="f",
        time_logged=mail.submission.envelope.received_at,
        rep_source_ip=mail.source_ip,
        feedback_type=complaint.feedback_type,
        format="arf",
        user_agent=complaint.user_agent,
        env_id=complaint.envelope_id,
        orig=complaint.mail_from,
        rcpt=recipient,
        reporting_mta=complaint.reporting_mta,
        dlv_source_ip=complaint.source_ip,
        reported_domain=complaint.reported_domain,
        arf=complaint.fields,
        report_to=mail.rcpt,
        signals=original.is_counted,
    )
    return _completed(record, original, original.copy)


def _original(returned: bytes, unseal: Unseal) -> Original:
    found = header.fields(returned)
    headers: dict[str, str] = {}
    for field in found:
        text = header.decode(field.value)[:LONGEST_TEXT]
        headers.setdefault(field.name.decode().lower(), text)
    sender = header.named(found, b"Sender") or header.named(found, b"From")
    author = address.parse(sender.value if sender else b"")
    return Original(unseal(returned) if returned else None, headers, author)


def _completed(record: Record, original: Original, copy: Copy | None) -> Record:
    """The record with what the original's header and its seal tell."""
    headers = original.headers
    record = msgspec.structs.replace(
        record,
        headers=headers,
        job_id=headers.get("x-job", ""),
        friendly_from=original.author.address,
        friendly_name=original.author.name,
        subject=headers.get("subject", ""),
    )
    record = _bounded(record)
    if copy is None:
        return record
    return msgspec.structs.replace(
        record,
        time_queued=float(copy.sent_at),
        rcpt=copy.rcpt_to,
        vmta_pool=copy.ip_pool,
        job_id=copy.campaign_id,
        message_id=copy.message_id,
        subaccount_id=copy.subaccount_id,
    )


def _bounded(record: Record) -> Record:
    """The record with none of its texts longer than `LONGEST_TEXT`."""
    texts = msgspec.structs.asdict(record)
    longer = {
        name: text[:LONGEST_TEXT]
        for name, text in texts.items()
        if isinstance(text, str) and len(text) > LONGEST_TEXT
    }
    return msgspec.structs.replace(record, **longer) if longer else record
