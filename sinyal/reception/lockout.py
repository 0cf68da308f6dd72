"""Failed logins per source address, and who is locked out; guide 3.3.7.7 (AUTH-3)."""

import ipaddress

from sinyal.config.vocabulary import Rate

MAX_SOURCES = 100_000


class Lockout:
    """The Nth failure locks a source until the window after the first one is over.

    An IPv6 source is its /64: whoever has one address there has them all. A login that
    succeeds forgives nothing. Units: `now` epoch seconds.
    """

    def __init__(self) -> None:
        self._failures: dict[str, tuple[float, int]] = {}  # first at, how many

    def failed(self, ip: str, rate: Rate | None, now: float) -> None:
        """Count one failure."""
        if rate is None:
            return
        source = source_of(ip)
        first_at, count = self._failures.get(source, (now, 0))
        if now >= first_at + rate.window_s:
            first_at, count = now, 0
        self._failures.pop(source, None)  # the newest stands last
        self._failures[source] = (first_at, count + 1)
        if len(self._failures) > MAX_SOURCES:
            del self._failures[next(iter(self._failures))]

    def is_locked(self, ip: str, rate: Rate | None, now: float) -> bool:
        """Whether the source may not try to log in at `now`."""
        if rate is None or not self._failures:
            return False
        first_at, count = self._failures.get(source_of(ip), (now, 0))
        return count >= rate.count and now < first_at + rate.window_s


def source_of(ip: str) -> str:
    """The name under which an address is counted: an IPv6 one is its /64."""
    if ":" not in ip:
        return ip
    address = ipaddress.IPv6Address(ip.partition("%")[0])
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
