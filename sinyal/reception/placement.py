"""Which VirtualMTA's queues a message goes to; guide 8.4 (rules VM)."""

import msgspec

from sinyal.config.configuration import DEFAULT_VMTA, Configuration
from sinyal.config.settings import SourceSettings
from sinyal.reception import replies
from sinyal.reception.selection import NOTHING, Choice
from sinyal.reception.turns import Turns
from sinyal.smtp.reply import Reply

BY_LOCAL_IP = "by-smtp-source-ip"


class Placement(msgspec.Struct, frozen=True):
    """A VirtualMTA, and the pool it was taken from or ""."""

    vmta: str = DEFAULT_VMTA
    pool: str = ""


class Wish(msgspec.Struct, frozen=True):
    """What a message, or a recipient of a mail merge, brings along.

    `name` is *vmta, else the value of x-virtual-mta where that is processed, else
    None; `listed` is what the source's pattern-list says.
    """

    name: str | None = None
    listed: Choice = NOTHING
    local_ip: str = ""


def place(
    configuration: Configuration, turns: Turns, source: SourceSettings, wish: Wish
) -> Placement | Reply:
    """Where a message goes, or why it is refused; the first that applies of VM 1-7."""
    if wish.name == "" and source.allow_empty_x_virtual_mta:
        return Placement()
    if wish.name is not None:
        found = _named(configuration, turns, wish.name)
        if found is not None:
            return found
        if source.reject_invalid_virtual_mta:
            return replies.no_virtual_mta(wish.name)
    local = source.default_virtual_mta
    if local == BY_LOCAL_IP:
        local = configuration.vmta_with_address(wish.local_ip)
    is_lost = wish.name is not None
    fallback = configuration.settings.invalid_virtual_mta_fallback if is_lost else ""
    for name in (fallback, wish.listed.vmta, local):
        if name and (found := _named(configuration, turns, name)):
            return found
    return Placement()


def _named(configuration: Configuration, turns: Turns, name: str) -> Placement | None:
    pool = configuration.pools.get(name)
    if pool is not None and pool.members:
        return Placement(turns.take(pool), name)
    is_known = name in configuration.virtual_mtas or name == DEFAULT_VMTA
    return Placement(name) if is_known else None
