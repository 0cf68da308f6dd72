"""Local addresses of outgoing connections: smtp-source-host in turn; VM-4, DOM-9."""

import ipaddress
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from sinyal.config.vocabulary import SourceHost

IPV4_TABLE = Path("/proc/net/fib_trie")
IPV6_TABLE = Path("/proc/net/if_inet6")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_local(ip: str) -> bool:
    """Whether a connection could be bound to `ip` on this machine now."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((ip, 0))
    except OSError:
        return False
    return True


def local_addresses() -> list[IpAddress]:
    """Every address of this machine, 127.0.0.1 left out; VM-4."""
    found: dict[IpAddress, None] = {}
    previous = ""
    for line in _lines(IPV4_TABLE):
        if line == "/32 host LOCAL":
            found[ipaddress.ip_address(previous.removeprefix("|-- "))] = None
        previous = line
    for line in _lines(IPV6_TABLE):
        found[ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))] = None
    found.pop(ipaddress.ip_address("127.0.0.1"), None)
    return list(found)


class Sources:
    """Hands out the local address of each new connection, in turn per VirtualMTA."""

    def __init__(self, hosts_for: Callable[[str], Sequence[SourceHost]]) -> None:
        self._hosts_for = hosts_for
        self._turns: Counter[str] = Counter()

    def next(self, vmta: str) -> SourceHost | None:
        """The address and name for the next connection; None: the system's choice.

        A range without any local address comes back as it was written.
        """
        hosts = [one for host in self._hosts_for(vmta) for one in _expand(host)]
        if not hosts:
            return None
        turn = self._turns[vmta]
        self._turns[vmta] += 1
        return hosts[turn % len(hosts)]


def _expand(host: SourceHost) -> list[SourceHost]:
    if "/" not in host.cidr:
        return [host]
    network = ipaddress.ip_network(host.cidr, strict=False)
    local = [ip for ip in local_addresses() if ip in network]
    return [SourceHost(str(ip), host.name) for ip in local] or [host]


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text().splitlines()]
    except OSError:
        return []
