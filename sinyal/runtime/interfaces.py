"""The addresses of this machine, from the kernel's tables."""

import ipaddress
from pathlib import Path

IPV4_TABLE = Path("/proc/net/fib_trie")
IPV6_TABLE = Path("/proc/net/if_inet6")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def local_addresses() -> list[IpAddress]:
    """Every address of this machine, 127.0.0.1 and ::1 among them."""
    found: dict[IpAddress, None] = {}
    previous = ""
    for line in _lines(IPV4_TABLE):
        if line == "/32 host LOCAL":
            found[ipaddress.ip_address(previous.removeprefix("|-- "))] = None
        previous = line
    for line in _lines(IPV6_TABLE):
        found[ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))] = None
    return list(found)


def within(cidr: str) -> list[str]:
    """The addresses of this machine in the range `cidr`, in the kernel's order."""
    network = ipaddress.ip_network(cidr, strict=False)
    return [str(ip) for ip in local_addresses() if ip in network]


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text().splitlines()]
    except OSError:
        return []
