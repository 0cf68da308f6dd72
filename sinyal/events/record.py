"""An accounting record: one fact about one recipient; guide 11.2.

The columns of each type are in `columns.COLUMNS`; every other attribute serves the
Signals event that is made of the record.
"""

import msgspec

from sinyal.config.reactions import CategoryRules
from sinyal.events.categories import category_of
from sinyal.events.outcome import Outcome, Verdict
from sinyal.events.status import status_cell, status_of
from sinyal.mail.envelope import Envelope


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One accounting record; an attribute is its column's name in snake case.

    `type` is one of d b t tq r rb rs f. `vmta` is the cell of the column, `binding`
    the VirtualMTA itself (an r record of a pool shows the pool as its vmta).
    `headers` holds those headers of the original message that were asked for, names in
    lower case; `arf` the fields of a complaint report likewise.
    Units: times epoch seconds UTC, sizes octets. Absent is "", 0 or an empty dict.
    Source: guide 11.2 (columns), 10.1 (Signals facts).
    """

    type: str
    time_logged: float
    time_queued: float = 0.0
    time_first_attempt: float = 0.0
    total_seconds_queued: int = 0
    orig: str = ""
    rcpt: str = ""
    orcpt: str = ""
    dsn_action: str = ""
    dsn_status: str = ""
    dsn_diag: str = ""
    dsn_mta: str = ""
    dsn_reporting_mta: str = ""
    bounce_cat: str = ""
    src_type: str = ""
    src_mta: str = ""
    dlv_type: str = ""
    dlv_source_ip: str = ""
    dlv_destination_ip: str = ""
    dlv_esmtp_available: str = ""
    dlv_size: int = 0
    dlv_tls_protocol: str = ""
    dlv_tls_cipher: str = ""
    rcv_source_ip: str = ""
    rcv_destination_ip: str = ""
    rcv_smtp_user: str = ""
    vmta: str = ""
    vmta_pool: str = ""
    job_id: str = ""
    env_id: str = ""
    queue: str = ""
    format: str = ""
    rep_source_ip: str = ""
    feedback_type: str = ""
    user_agent: str = ""
    reporting_mta: str = ""
    reported_domain: str = ""
    headers: dict[str, str] = {}
    arf: dict[str, str] = {}
    # Signals
    signals: bool = False
    message_id: str = ""
    custom_message_id: str = ""
    binding: str = ""
    friendly_from: str = ""
    friendly_name: str = ""
    subject: str = ""
    size_octets: int = 0
    num_retries: int = 0
    subaccount_id: int = 0
    open_tracking: bool = False
    click_tracking: bool = False
    report_to: str = ""


def host_cell(name: str, ip: str) -> str:
    """A host as `name (ip)`, or what of it is known."""
    if name and ip:
        return f"{name} ({ip})"
    return name or (f"({ip})" if ip else "")


def receipt(
    envelope: Envelope,
    index: int,
    at: float,
    source_ip: str,
    *,
    is_tracked: bool = False,
) -> Record:
    """The r record of one recipient of a message that was accepted.

    `source_ip` is the smtp-source-host of the chosen VirtualMTA, or "": it becomes the
    sending IP of the injection event. `is_tracked`: opens and clicks are tracked.
    """
    recipient = envelope.recipients[index]
    vmta, pool = envelope.place_of(recipient)
    return Record(
        type="r",
        time_logged=at,
        time_queued=envelope.received_at,
        orig=envelope.sender_of(recipient),
        rcpt=recipient.address,
        orcpt=recipient.orcpt,
        src_type=envelope.source_type,
        src_mta=host_cell(envelope.source_name, envelope.source_ip),
        dlv_source_ip=source_ip,
        rcv_source_ip=envelope.source_ip,
        rcv_destination_ip=envelope.local_ip,
        rcv_smtp_user=envelope.smtp_user,
        vmta=pool or vmta,
        vmta_pool=pool,
        job_id=recipient.job_id or envelope.job_id,
        env_id=recipient.env_id or envelope.env_id,
        queue=f"{recipient.domain}/{vmta}",
        headers=envelope.headers,
        signals=envelope.reports_of(recipient),
        message_id=recipient.message_id,
        custom_message_id=recipient.custom_message_id or envelope.custom_message_id,
        binding=vmta,
        friendly_from=envelope.friendly_from,
        friendly_name=envelope.friendly_name,
        subject=envelope.subject,
        size_octets=envelope.size_octets,
        subaccount_id=recipient.subaccount_id or envelope.subaccount_id,
        open_tracking=is_tracked,
        click_tracking=is_tracked,
    )


def categorised(
    records: tuple[Record, ...], rules: CategoryRules
) -> tuple[Record, ...]:
    """The records with the operator's bounce category where a rule has one (CAT-1)."""
    return tuple(_categorised(one, rules) if one.bounce_cat else one for one in records)


def _categorised(record: Record, rules: CategoryRules) -> Record:
    status = record.dsn_status.partition(" ")[0]
    own = rules.category(status, record.dsn_diag.removeprefix("smtp;"))
    return msgspec.structs.replace(record, bounce_cat=own) if own else record


TYPES = {Verdict.DELIVERED: "d", Verdict.BOUNCED: "b", Verdict.DEFERRED: "t"}
ACTIONS = {"d": "relayed", "b": "failed", "t": "delayed"}


def of_outcome(outcome: Outcome, *, is_tracked: bool = False) -> tuple[Record, ...]:
    """The records of one attempt of one recipient: a d, a b or a t.

    Call it before the entry's `attempts` is counted up: it becomes `num_retries`.
    """
    entry = outcome.entry
    envelope, recipient = entry.envelope, entry.recipient
    vmta, pool = envelope.place_of(recipient)
    letter = TYPES[outcome.verdict]
    is_delivered = letter == "d"
    status = outcome.status or status_of(outcome.reply)
    diagnostic = str(outcome.reply)
    is_by_smtp = outcome.delivery_type == "smtp"
    record = Record(
        type=letter,
        time_logged=outcome.at,
        time_queued=envelope.received_at,
        time_first_attempt=entry.first_attempt_at or _first_attempt(outcome),
        total_seconds_queued=max(0, int(outcome.at - envelope.received_at)),
        orig=envelope.sender_of(recipient),
        rcpt=recipient.address,
        orcpt=recipient.orcpt,
        dsn_action=ACTIONS[letter] if is_by_smtp or not is_delivered else "delivered",
        dsn_status=status_cell(status),
        dsn_diag=f"smtp;{diagnostic}",
        dsn_mta=host_cell(outcome.remote_name, outcome.remote_ip),
        bounce_cat="" if is_delivered else category_of(status, diagnostic),
        src_type=envelope.source_type,
        src_mta=host_cell(envelope.source_name, envelope.source_ip),
        dlv_type=outcome.delivery_type,
        dlv_source_ip=outcome.source_ip,
        dlv_destination_ip=outcome.remote_ip,
        dlv_esmtp_available=",".join(outcome.extensions),
        dlv_size=(outcome.size_octets or envelope.size_octets) if is_delivered else 0,
        dlv_tls_protocol=outcome.tls_protocol,
        dlv_tls_cipher=outcome.tls_cipher,
        rcv_smtp_user=envelope.smtp_user,
        vmta=vmta,
        vmta_pool=pool,
        job_id=recipient.job_id or envelope.job_id,
        env_id=recipient.env_id or envelope.env_id,
        queue=str(entry.queue),
        headers=envelope.headers,
        signals=envelope.reports_of(recipient),
        message_id=recipient.message_id,
        custom_message_id=recipient.custom_message_id or envelope.custom_message_id,
        binding=vmta,
        friendly_from=envelope.friendly_from,
        friendly_name=envelope.friendly_name,
        subject=envelope.subject,
        size_octets=outcome.size_octets or envelope.size_octets,
        num_retries=entry.attempts,
        subaccount_id=recipient.subaccount_id or envelope.subaccount_id,
        open_tracking=is_tracked,
        click_tracking=is_tracked,
    )
    return (record,)


def _first_attempt(outcome: Outcome) -> float:
    """When a copy was tried that had not been before, 0 for a bounce without a try."""
    is_tried = outcome.verdict is not Verdict.BOUNCED or bool(outcome.remote_ip)
    return outcome.at if is_tried else 0.0


def queue_failure(outcome: Outcome) -> Record:
    """The tq record of a queue that could not be served, as one of its copies found."""
    entry, reply = outcome.entry, outcome.reply
    return Record(
        type="tq",
        time_logged=outcome.at,
        dsn_status=status_cell(outcome.status or status_of(reply)),
        dsn_diag=f"smtp;{reply}",
        dsn_mta=host_cell(outcome.remote_name, outcome.remote_ip),
        dlv_type=outcome.delivery_type,
        dlv_source_ip=outcome.source_ip or "0.0.0.0",
        dlv_destination_ip=outcome.remote_ip,
        vmta=entry.queue.vmta,
        queue=str(entry.queue),
    )
