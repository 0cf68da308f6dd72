"""Complaint reports in the Abuse Reporting Format; RFC 5965, RFC 6650, rules INB."""

import msgspec

from sinyal.mail import report
from sinyal.mail.header import Field
from sinyal.mail.report import Frame, untyped, value

KINDS = frozenset({"message/feedback-report"})
LONGEST_FIELD = 4096  # characters of a field's values
PATHS = (b"Original-Rcpt-To", b"Removal-Recipient")


class Arf(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint report.

    `recipients` and `mail_from` are without angle brackets; `fields` has every field
    of the report, equal names as one CSV list, names in lower case, 4 kB of each.
    `returned` is the original's header (when read), or all that is to be returned.
    """

    feedback_type: str
    recipients: tuple[str, ...] = ()
    mail_from: str = ""
    user_agent: str = ""
    envelope_id: str = ""
    reporting_mta: str = ""
    source_ip: str = ""
    reported_domain: str = ""
    arrival_date: str = ""
    fields: dict[str, str] = {}
    returned: bytes = b""


def parse(content: bytes) -> Arf | None:
    """The complaint in a message, or None if it holds none."""
    found = report.blocks(content, KINDS)
    # Some reporters put empty lines between the fields: all of them are one block.
    block = [field for one in found or () for field in one]
    feedback_type = value(block, b"Feedback-Type")
    if not feedback_type:
        return None
    return Arf(
        feedback_type=feedback_type.lower(),
        recipients=_recipients(block),
        mail_from=untyped(value(block, b"Original-Mail-From")),
        user_agent=value(block, b"User-Agent"),
        envelope_id=value(block, b"Original-Envelope-Id"),
        reporting_mta=untyped(value(block, b"Reporting-MTA")),
        source_ip=value(block, b"Source-IP"),
        reported_domain=value(block, b"Reported-Domain"),
        arrival_date=value(block, b"Arrival-Date") or value(block, b"Received-Date"),
        fields=_fields(block),
        returned=report.returned_header(content),
    )


def _recipients(block: list[Field]) -> tuple[str, ...]:
    for name in PATHS:
        named = [one for one in block if one.name.lower() == name.lower()]
        paths = (untyped(value([one], name)) for one in named)
        if found := tuple(dict.fromkeys(path for path in paths if path)):
            return found
    return ()


def _fields(block: list[Field]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for one in block:
        name = one.name.lower()
        found.setdefault(name.decode(), []).append(value([one], name))
    return {name: _listed(values)[:LONGEST_FIELD] for name, values in found.items()}


def _listed(values: list[str]) -> str:
    """The value, or a CSV line of values; guide 11.2.9, RFC 4180."""
    if len(values) == 1:
        return values[0]
    quoted = (one.replace('"', '""') for one in values)
    return ",".join(f'"{one}"' if {",", '"'} & set(one) else one for one in quoted)


def build(arf: Arf, frame: Frame) -> bytes:
    """The complaint as a message; RFC 5965 2."""
    fields = report.lines(
        ("Feedback-Type", arf.feedback_type),
        ("User-Agent", arf.user_agent or "sinyal/1"),
        ("Version", "1"),
        ("Original-Envelope-Id", arf.envelope_id),
        ("Original-Mail-From", f"<{arf.mail_from}>"),
        *(("Original-Rcpt-To", f"<{one}>") for one in arf.recipients),
        ("Arrival-Date", arf.arrival_date),
        ("Reporting-MTA", f"dns; {arf.reporting_mta}" if arf.reporting_mta else ""),
        ("Source-IP", arf.source_ip),
        ("Reported-Domain", arf.reported_domain),
    )
    return report.build(frame, "feedback-report", fields, arf.returned)
