"""Accounting records as Signals events; API events-ingest, guide 10.1, seed (terms).

Each record type has one function that says which of its facts the event carries.
Queue failures (tq) and remote status reports (rs) have no event.
"""

import re
from collections.abc import Callable

import msgspec

from sinyal.events.bounce_class import bounce_class_of, delay_class_of
from sinyal.events.event import Event
from sinyal.events.masking import mask
from sinyal.events.record import Record

RECV_METHODS = {"smtp": "esmtp", "api": "rest"}
DELV_METHODS = {"smtp": "esmtp"}
LONGEST_CAMPAIGN_OCTETS = 64
UNBOUND = frozenset({"", "0.0.0.0", "::"})

_REPLY_CODE = re.compile(r"(?:[A-Za-z0-9-]{1,16};)? {0,4}([245][0-9]{2})(?![0-9])")


def event_of(record: Record, event_id: str, node_name: str) -> Event | None:
    """The event that a record becomes; None when there is none to be sent.

    `event_id` is a fresh decimal below 2^63. Fields that the service works out itself
    are left to it. A report that could not be matched with
    a message gets a message id made of it, so that it is counted all the same.
    Source: API events-ingest (event types).
    """
    convert = CONVERSIONS.get(record.type)
    if convert is None or not record.signals:
        return None
    event = convert(record, event_id, node_name)
    return event if event.message_id else _with_fresh_message_id(event)


def _injection(record: Record, event_id: str, node_name: str) -> Event:
    return Event(
        type="injection",
        event_id=event_id,
        timestamp=int(record.time_logged),
        message_id=record.message_id,
        custom_message_id=record.custom_message_id,
        recv_method=RECV_METHODS.get(record.src_type, record.src_type),
        rcpt_to=record.rcpt.lower(),
        raw_rcpt_to=record.rcpt,
        routing_domain=routing_domain(record),
        msg_from=record.orig,
        friendly_from=record.friendly_from or record.orig,
        friendly_name=record.friendly_name,
        subject=record.subject,
        campaign_id=campaign_id(record.job_id),
        binding=record.binding,
        binding_group=record.vmta_pool,
        ip_pool=record.vmta_pool,
        sending_ip="" if record.dlv_source_ip in UNBOUND else record.dlv_source_ip,
        msg_size=record.dlv_size or record.size_octets,
        open_tracking=record.open_tracking,
        initial_pixel=record.open_tracking,
        click_tracking=record.click_tracking,
        subaccount_id=record.subaccount_id,
        node_name=node_name,
    )


def _delivery(record: Record, event_id: str, node_name: str) -> Event:
    return msgspec.structs.replace(
        _injection(record, event_id, node_name),
        type="delivery",
        delv_method=DELV_METHODS.get(record.dlv_type, record.dlv_type),
        num_retries=record.num_retries,
        queue_time=queue_time_ms(record),
        ip_address=record.dlv_destination_ip,
        outbound_tls="1" if record.dlv_tls_protocol else "0",
    )


def _failure(record: Record, event_id: str, node_name: str) -> Event:
    is_bounce = record.type == "b"
    classify = bounce_class_of if is_bounce else delay_class_of
    status = record.dsn_status.partition(" ")[0]
    return msgspec.structs.replace(
        _injection(record, event_id, node_name),
        type="bounce" if is_bounce else "delay",
        delv_method=DELV_METHODS.get(record.dlv_type, record.dlv_type),
        num_retries=record.num_retries,
        queue_time=queue_time_ms(record),
        ip_address=record.dlv_destination_ip,
        bounce_class=classify(status, record.dsn_diag, record.bounce_cat),
        error_code=error_code(record.dsn_diag, status),
        raw_reason=record.dsn_diag,
        reason=mask(record.dsn_diag),
    )


def _remote_bounce(record: Record, event_id: str, node_name: str) -> Event:
    status = record.dsn_status.partition(" ")[0]
    sender = record.friendly_from or record.orig
    return Event(
        type="out_of_band",
        event_id=event_id,
        timestamp=int(record.time_logged),
        message_id=record.message_id,
        custom_message_id=record.custom_message_id,
        recv_method="esmtp",
        delv_method="esmtp",
        rcpt_to=record.rcpt.lower(),
        msg_from=record.orig,
        friendly_from=sender,
        campaign_id=campaign_id(record.job_id),
        binding=record.binding,
        binding_group=record.vmta_pool,
        ip_pool=record.vmta_pool,
        bounce_class=bounce_class_of(status, record.dsn_diag, record.bounce_cat),
        error_code=error_code(record.dsn_diag, status),
        raw_reason=record.dsn_diag,
        reason=mask(record.dsn_diag),
        subaccount_id=record.subaccount_id,
        node_name=node_name,
    )


def _complaint(record: Record, event_id: str, node_name: str) -> Event:
    recipient = complainer(record)
    sender = record.friendly_from or record.headers.get("from", "")
    return Event(
        type="spam_complaint",
        event_id=event_id,
        timestamp=int(record.time_logged),
        message_id=record.message_id,
        custom_message_id=record.custom_message_id,
        delv_method="esmtp",
        rcpt_to=recipient.lower(),
        friendly_from=address_of(sender),
        campaign_id=campaign_id(record.job_id),
        binding=record.binding,
        binding_group=record.vmta_pool,
        ip_pool=record.vmta_pool,
        sending_ip="" if record.dlv_source_ip in UNBOUND else record.dlv_source_ip,
        fbtype=record.feedback_type.lower(),
        report_by=record.reporting_mta,
        report_to=record.report_to,
        subaccount_id=record.subaccount_id,
        node_name=node_name,
    )


CONVERSIONS: dict[str, Callable[[Record, str, str], Event]] = {
    "r": _injection,
    "d": _delivery,
    "b": _failure,
    "t": _failure,
    "rb": _remote_bounce,
    "f": _complaint,
}


def domain_of(address: str) -> str:
    """The domain of an address in lower case, or ""."""
    return address.rpartition("@")[2].lower().rstrip(".") if "@" in address else ""


def address_of(header: str) -> str:
    """The bare address of a From header that may hold a display name."""
    inner = header.rpartition("<")[2] if header.endswith(">") else header
    return inner.removesuffix(">").strip()


def routing_domain(record: Record) -> str:
    """The domain of the record's queue; of the recipient where queues are rolled up."""
    domain = record.queue.partition("/")[0]
    return domain_of(record.rcpt) if domain.endswith(".rollup") else domain


def campaign_id(job_id: str) -> str:
    """A job id as a campaign id: at most 64 octets, never half a character."""
    if len(job_id) <= LONGEST_CAMPAIGN_OCTETS and job_id.isascii():
        return job_id
    octets = job_id.encode("utf-8", "replace")[:LONGEST_CAMPAIGN_OCTETS]
    return octets.decode("utf-8", "ignore")


def queue_time_ms(record: Record) -> int:
    """Milliseconds between injection and the record."""
    return max(0, round((record.time_logged - record.time_queued) * 1000))


def error_code(diagnostic: str, status: str) -> str:
    """The reply code of `smtp;550 …`; derived from the status when there is none."""
    found = _REPLY_CODE.match(diagnostic)
    if found:
        return found[1]
    return {"4": "451", "5": "550"}.get(status[:1], "")


def complainer(record: Record) -> str:
    """The recipient that complained, wherever the report says so."""
    return (
        record.rcpt
        or address_of(record.arf.get("original-rcpt-to", ""))
        or address_of(record.headers.get("x-hmxmroriginalrecipient", ""))
    )


def _with_fresh_message_id(event: Event) -> Event:
    fresh = f"{int(event.event_id) & ((1 << 80) - 1):020x}"
    return msgspec.structs.replace(event, message_id=fresh)
