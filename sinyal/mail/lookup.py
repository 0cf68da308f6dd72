"""Questions to the DNS as values: a check yields them and is sent what was told.

So the checks are pure, and whoever runs them decides how to ask and how long to wait.
"""

from collections.abc import Generator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, NamedTuple, TypeVar

import msgspec

Kind = Literal["A", "AAAA", "MX", "PTR", "TXT"]
IpAddress = IPv4Address | IPv6Address


class Question(NamedTuple):
    """A name without the trailing dot, and a record type."""

    name: str
    kind: Kind


class Told(msgspec.Struct, frozen=True):
    """What the DNS says of a name.

    Shape: `records` as text, hosts of MX by preference, the strings of TXT joined.
    Without records the name has none, unless `is_failure`: nobody could be asked.
    """

    records: tuple[str, ...] = ()
    is_failure: bool = False


NOTHING = Told()
FAILURE = Told(is_failure=True)

T = TypeVar("T")
Asking = Generator[Question, Told, T]


def client_address(ip: str) -> IpAddress:
    """The address, IPv4 where it is mapped into IPv6. Errors: ValueError."""
    address = ip_address(ip.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def reverse_name(ip: IpAddress) -> str:
    """Where the PTR records of an address are; RFC 1035 3.5, RFC 3596 2.5."""
    return ip.reverse_pointer


def names_of(ip: IpAddress, limit: int) -> Asking[tuple[bool, list[str]]]:
    """Whether the DNS failed, and the first `limit` names of the address."""
    told = yield Question(reverse_name(ip), "PTR")
    names = [name.lower().rstrip(".") for name in told.records[:limit]]
    return told.is_failure, names


def addresses_of(name: str, like: IpAddress) -> Asking[Told]:
    """The addresses of a name, of the family of `like`."""
    return (yield Question(name, "A" if like.version == 4 else "AAAA"))


def includes(told: Told, ip: IpAddress) -> bool:
    """Whether the address is among the records."""
    return any(same_address(record, ip) for record in told.records)


def same_address(text: str, ip: IpAddress) -> bool:
    """Whether the text is this address, however it is spelt."""
    kind = IPv4Address if ip.version == 4 else IPv6Address
    try:
        return kind(text) == ip
    except ValueError:
        return False
