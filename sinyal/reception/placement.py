"""Which VirtualMTA's queues a message goes to; guide 8.4 (rules VM)."""

import msgspec

from sinyal.config.configuration import DEFAULT_VMTA, Configuration
from sinyal.config.settings import SourceSettings
from sinyal.reception import replies
from sinyal.reception.turns import Turns
from sinyal.smtp.reply import Reply

BY_LOCAL_IP = "by-smtp-source-ip"


class Placement(msgspec.Struct, frozen=True):
    """A VirtualMTA, and the pool it was taken from or ""."""

    vmta: str = DEFAULT_VMTA
    pool: str = ""


def place(
    configuration: Configuration,
    turns: Turns,
    source: SourceSettings,
    header: str | None,
    local_ip: str,
) -> Placement | Reply:
    """Where a message goes, or why it is refused.

    `header` is the value of x-virtual-mta where that is processed, else None.
    """
    if header == "" and source.allow_empty_x_virtual_mta:
        return Placement()
    if header is not None:
        found = _named(configuration, turns, header)
        if found is not None:
            return found
        if source.reject_invalid_virtual_mta:
            return replies.no_virtual_mta(header)
    name = source.default_virtual_mta
    if name == BY_LOCAL_IP:
        name = configuration.vmta_with_address(local_ip)
    return _named(configuration, turns, name) or Placement()


def _named(configuration: Configuration, turns: Turns, name: str) -> Placement | None:
    pool = configuration.pools.get(name)
    if pool is not None and pool.members:
        return Placement(turns.take(pool), name)
    is_known = name in configuration.virtual_mtas or name == DEFAULT_VMTA
    return Placement(name) if is_known else None
