"""Delivery status notifications, read and built; RFC 3464, rules INB, DSN."""

import re

import msgspec

from sinyal.mail import report
from sinyal.mail.header import Field
from sinyal.mail.report import Frame, untyped, value

KINDS = frozenset({"message/delivery-status", "message/global-delivery-status"})
STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
WORD = re.compile(r"[A-Za-z]+")
ACTIONS = {"2": "delivered", "4": "delayed", "5": "failed"}  # by class of the status
# The status where a report names none, by its action
STATUSES = {"": "5.0.0", "failed": "5.0.0", "delayed": "4.0.0"}


class DsnRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says of one recipient.

    Shape: addresses and `remote_mta` without their type; `diagnostic` as `smtp;550 …`
    with its type, or ""; `action` one of RFC 3464 2.3.3 in lower case.
    """

    final_recipient: str = ""
    original_recipient: str = ""
    action: str = "failed"
    status: str = "5.0.0"
    diagnostic: str = ""
    remote_mta: str = ""


class Dsn(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery status notification.

    `returned` is the original's header (when read), or all that is to be returned.
    `arrival_date` is as written.
    """

    recipients: tuple[DsnRecipient, ...]
    reporting_mta: str = ""
    envelope_id: str = ""
    arrival_date: str = ""
    returned: bytes = b""


def parse(content: bytes) -> Dsn | None:
    """The notification in a message, or None if it holds none for any recipient."""
    found = report.blocks(content, KINDS)
    if not found:
        return None
    first = found[0]
    recipients = tuple(_recipient(one) for one in found if _is_of_recipient(one))
    if not recipients:
        return None
    return Dsn(
        recipients=recipients,
        reporting_mta=untyped(value(first, b"Reporting-MTA")),
        envelope_id=value(first, b"Original-Envelope-Id"),
        arrival_date=value(first, b"Arrival-Date"),
        returned=report.returned_header(content),
    )


def _is_of_recipient(block: list[Field]) -> bool:
    return any(
        value(block, name) for name in (b"Final-Recipient", b"Original-Recipient")
    )


def _recipient(block: list[Field]) -> DsnRecipient:
    diagnostic = _diagnostic(value(block, b"Diagnostic-Code"))
    word = WORD.match(value(block, b"Action"))
    action = word[0].lower() if word else ""
    stated = STATUS.search(value(block, b"Status")) or STATUS.search(diagnostic)
    status = stated[0] if stated else STATUSES.get(action, "2.0.0")
    final = untyped(value(block, b"Final-Recipient"))
    original = untyped(value(block, b"Original-Recipient"))
    return DsnRecipient(
        final_recipient=final or original,
        original_recipient=original,
        action=action or ACTIONS[status[0]],
        status=status,
        diagnostic=diagnostic,
        remote_mta=untyped(value(block, b"Remote-MTA")),
    )


def _diagnostic(text: str) -> str:
    kind, mark, rest = text.partition(";")
    if not mark or " " in kind.strip():
        return f"smtp;{text}" if text else ""
    return f"{kind.strip().lower()};{rest.strip()}"


def build(dsn: Dsn, frame: Frame) -> bytes:
    """The notification as a message; RFC 3464 2, RFC 6522."""
    head = report.lines(
        ("Reporting-MTA", _typed("dns", dsn.reporting_mta)),
        ("Original-Envelope-Id", dsn.envelope_id),
        ("Arrival-Date", dsn.arrival_date),
    )
    blocks = [head, *(_lines_of(one) for one in dsn.recipients)]
    return report.build(frame, "delivery-status", "\r\n".join(blocks), dsn.returned)


def _lines_of(one: DsnRecipient) -> str:
    return report.lines(
        ("Original-Recipient", _typed("rfc822", one.original_recipient)),
        ("Final-Recipient", _typed("rfc822", one.final_recipient)),
        ("Action", one.action),
        ("Status", one.status),
        ("Remote-MTA", _typed("dns", one.remote_mta)),
        ("Diagnostic-Code", one.diagnostic),
    )


def _typed(kind: str, text: str) -> str:
    return f"{kind};{text}" if text else ""
