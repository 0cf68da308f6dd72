"""Local addresses of outgoing connections: smtp-source-host in turn; VM-4, DOM-9."""

import socket
from collections import Counter
from collections.abc import Callable, Sequence

from sinyal.config.vocabulary import SourceHost
from sinyal.runtime.interfaces import within

LOOPBACK = "127.0.0.1"  # no part of any range; VM-4


def is_local(ip: str) -> bool:
    """Whether a connection could be bound to `ip` on this machine now."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((ip, 0))
    except OSError:
        return False
    return True


class Sources:
    """Hands out the local address of each new connection, in turn per VirtualMTA."""

    def __init__(self, hosts_for: Callable[[str], Sequence[SourceHost]]) -> None:
        self._hosts_for = hosts_for
        self._turns: Counter[str] = Counter()

    def addresses(self, vmta: str) -> list[str]:
        """The local addresses of a VirtualMTA, [] for the system's choice."""
        return [host.cidr for host in expand(self._hosts_for(vmta))]

    def next(
        self, vmta: str, disabled: frozenset[str] = frozenset()
    ) -> SourceHost | None:
        """The address and name for the next connection; None: the system's choice.

        A range without any local address comes back as it was written. Errors:
        `LookupError` when all are `disabled`.
        """
        hosts = expand(self._hosts_for(vmta))
        usable = [host for host in hosts if host.cidr not in disabled]
        if disabled and not usable:
            raise LookupError(vmta)
        if not hosts:
            return None
        turn = self._turns[vmta]
        self._turns[vmta] += 1
        return usable[turn % len(usable)]


def expand(hosts: Sequence[SourceHost]) -> list[SourceHost]:
    """The lines with each range replaced by the local addresses in it."""
    return [one for host in hosts for one in _expand(host)]


def _expand(host: SourceHost) -> list[SourceHost]:
    if "/" not in host.cidr:
        return [host]
    local = [ip for ip in within(host.cidr) if ip != LOOPBACK]
    return [SourceHost(ip, host.name) for ip in local] or [host]
