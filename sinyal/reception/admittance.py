"""Which recipients are taken, and as what; rules RLY, SRC-11, SRC-12, SUP-2, MM-4."""

from msgspec.structs import replace

from sinyal.config.settings import SourceSettings
from sinyal.mail import merge
from sinyal.mail.envelope import Recipient
from sinyal.reception import replies
from sinyal.reception.door import Door
from sinyal.reception.names import qualified, qualifying_suffix
from sinyal.smtp.events import RcptTo
from sinyal.smtp.reply import Reply, reply

POSTMASTERS = frozenset(("postmaster", "abuse"))  # RLY-4


def complete(door: Door, source: SourceSettings, address: str) -> str:
    """The address with auto-qualify-domain done (SRC-12)."""
    if not source.auto_qualify_domain or "." in address[address.rfind("@") + 1 :]:
        return address
    if door.is_local(address.rpartition("@")[2].lower()):
        return address
    suffix = qualifying_suffix(door.configuration, door.host_name)
    return qualified(address, suffix)


def admitted(
    door: Door, source: SourceSettings, event: RcptTo
) -> list[Recipient] | Reply:
    """The recipients that the command stands for, none for nobody, or its refusal."""
    if not event.is_valid:
        return _admitted_invalid(door, source, event)
    address = complete(door, source, event.address)
    if forwarded := _postmasters(door, address):
        return [Recipient(to, "") for to in forwarded]
    if not _may_relay(door, source, address):
        return _denied(door, event)
    refusal = ""
    if source.suppression_lists:
        name = door.configuration.suppression_for(source, address)
        if name and not source.accept_invalid_recipients:
            return replies.suppressed(name, address)
        refusal = str(replies.suppressed(name, address)) if name else ""
    return _recipient(event, address, refusal)


def _admitted_invalid(
    door: Door, source: SourceSettings, event: RcptTo
) -> list[Recipient] | Reply:
    """What is no address is taken to be bounced (SRC-11), unless it is a stranger's."""
    if not source.accept_invalid_recipients:
        return replies.BAD_RECIPIENT
    if "@" in event.address and not _may_relay(door, source, event.address):
        return _denied(door, event)
    return _recipient(event, event.address, str(replies.BAD_RECIPIENT))


def _recipient(event: RcptTo, address: str, refusal: str) -> list[Recipient] | Reply:
    if not event.variables:
        notify, orcpt = event.notify, event.orcpt
        return [Recipient(address, "", orcpt, notify, refusal=refusal)]
    try:
        one = merge.recipient_of(event.variables, address)
    except merge.BadMerge as error:
        return reply(550, str(error))
    return [replace(one, orcpt=event.orcpt, notify=event.notify, refusal=refusal)]


def _denied(door: Door, event: RcptTo) -> Reply:
    is_debugged = door.configuration.settings.relay_debug
    return replies.relaying_denied(event.text, is_debugged=is_debugged)


def _may_relay(door: Door, source: SourceSettings, address: str) -> bool:
    """Whether the recipient is taken from this source (RLY-1)."""
    if source.always_allow_relaying:
        return "@" in address
    domain = address.rpartition("@")[2].lower().rstrip(".")
    if "@" not in address:
        return False
    return door.configuration.relays(address) or door.is_local(domain)


def _postmasters(door: Door, address: str) -> tuple[str, ...]:
    """Where mail to this server's postmaster goes, () for other addresses (RLY-4).

    `RCPT TO:<postmaster>` has no domain; RFC 5321 4.5.1.
    """
    local, at, domain = address.lower().partition("@")
    if at and local not in POSTMASTERS:
        return ()
    is_ours = not at or door.is_local(domain)
    return door.configuration.settings.postmaster if is_ours else ()
