"""The envelope of a request to the Transmissions API; rules API-2, SRC-11, SUP-1."""

import msgspec
import regex
from msgspec import UNSET

from sinyal.config.settings import SourceSettings
from sinyal.mail.envelope import Recipient
from sinyal.reception import names, replies
from sinyal.reception.door import Door
from sinyal.reception.transaction import Transaction
from sinyal.reception.transmissions_body import ApiRecipient, BadBody, Transmission
from sinyal.smtp.address import MAILBOX, has_bad_domain
from sinyal.smtp.events import MailFrom

MAX_RECIPIENTS = 100_000  # of a message, where the operator sets no limit
VALID = regex.compile(MAILBOX)
NEEDS_UTF8 = "a local part that is not ASCII needs options.smtputf8"


class Admitted(msgspec.Struct, frozen=True):
    """What is handed in, and how many recipients are not taken."""

    transaction: Transaction
    rejected: int


def admitted(
    door: Door, source: SourceSettings, transmission: Transmission
) -> Admitted:
    """The transaction of the recipients that the source takes, one of them at least.

    The key is proof enough: relaying is not asked for. Errors: BadBody.
    """
    limit = source.max_rcpt_per_message or MAX_RECIPIENTS
    count = len(transmission.recipients)
    if count > limit and source.too_many_rcpts_fails_message:
        raise BadBody(f"recipients: {count} are more than the {limit} allowed")
    taken: list[Recipient] = []
    refusals: list[str] = []
    for at, asked in enumerate(transmission.recipients):
        if len(taken) >= limit:
            refusals.append(f"recipients[{at}]: {replies.TOO_MANY_RECIPIENTS}")
            continue
        found = _recipient(door, source, asked, transmission, f"recipients[{at}]")
        if found.refusal and not source.accept_invalid_recipients:
            refusals.append(f"recipients[{at}].address: {found.refusal}")
        else:
            taken.append(found)
    if not taken:
        raise BadBody(f"no recipient is accepted; {refusals[0]}")
    return Admitted(Transaction(_mail(transmission, taken), taken), len(refusals))


def _mail(transmission: Transmission, taken: list[Recipient]) -> MailFrom:
    """The sender of the message, that of its first recipient where it has none."""
    sender = transmission.return_path or taken[0].mail_from or ""
    return MailFrom(
        _sender(sender, transmission, "return_path"),
        body="" if transmission.content.isascii() else "8BITMIME",
        is_utf8=transmission.is_utf8,
    )


def _recipient(
    door: Door,
    source: SourceSettings,
    asked: ApiRecipient,
    transmission: Transmission,
    place: str,
) -> Recipient:
    address = asked.email
    if source.auto_qualify_domain:
        suffix = names.qualifying_suffix(door.configuration, door.host_name)
        address = names.qualified(address, suffix)
    sender = None
    if asked.return_path is not UNSET:
        where = f"{place}.return_path"
        sender = _sender(asked.return_path, transmission, where)
    refusal = ""
    if (as_ascii := _as_ascii(address, transmission, f"{place}.address")) is None:
        refusal = str(replies.BAD_RECIPIENT)
    else:
        address = as_ascii
        listed = door.configuration.suppression_for(source, address)
        refusal = str(replies.suppressed(listed, address)) if listed else ""
    return Recipient(
        address,
        "",
        mail_from=sender,
        job_id=transmission.campaign_id,
        custom_message_id=asked.substitution_data.custom_message_id,
        refusal=refusal,
    )


def _sender(address: str, transmission: Transmission, place: str) -> str:
    found = _as_ascii(address, transmission, place)
    if found is None:
        raise BadBody(f"{place}: is no address")
    return found


def _as_ascii(address: str, transmission: Transmission, place: str) -> str | None:
    """The address, its domain for the DNS where only that is not ASCII; None for none.

    Errors: BadBody for a local part that needs SMTPUTF8 and does not ask for it.
    """
    if not VALID.fullmatch(address.encode("utf-8", "replace")):
        return None
    if has_bad_domain(address):
        return None
    if address.isascii() or transmission.is_utf8:
        return address
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise BadBody(f"{place}: {NEEDS_UTF8}")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
