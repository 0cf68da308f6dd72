"""Limits of one local address of a queue, and of connections to one host; LIM-1."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.mail.envelope import QueueName
from sinyal.queues.limits import window_of
from sinyal.queues.mode import QueueSettings
from sinyal.queues.rate import Window
from sinyal.queues.volume import POLL_S, Volume, volume_of

MOST_KNOWN = 100_000
SYSTEMS_CHOICE = "0.0.0.0"  # the local address is not known before the connection is

Value = TypeVar("Value")


class Way(Protocol):
    """A connection: its queue, its local address or "", and where it leads."""

    @property
    def queue(self) -> QueueName: ...
    @property
    def source_ip(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def ip(self) -> str: ...


class Destinations(msgspec.Struct, frozen=True):
    """mx-connection-limit and ip-connection-limit as they are written."""

    by_mx: Sequence[tuple[str, int]] = ()
    by_ip: Sequence[tuple[str, int]] = ()


class Paced:
    """What one address of a queue has done lately; each None without a rate."""

    def __init__(self) -> None:
        self.connects: Window | None = None
        self.messages: Window | None = None
        self.volume: Volume | None = None
        self.sends_at = 0.0

    def is_spent(self, now: float) -> bool:
        """Whether any of it counts still."""
        all_of_it = (self.connects, self.messages, self.volume)
        return any(one is not None and one.is_spent(now) for one in all_of_it)


class SourceLimits:
    """Counts connections by their ends, and what each local address of a queue does.

    `settings_for` answers for a queue, `destinations` for all. Units: `now` and every
    answered time epoch seconds, `now` itself for at once.
    """

    def __init__(
        self,
        settings_for: Callable[[QueueName], QueueSettings],
        destinations: Callable[[], Destinations] = Destinations,
    ) -> None:
        self._settings_for = settings_for
        self._destinations = destinations
        self._by_source: Counter[tuple[QueueName, str]] = Counter()
        self._by_mx: Counter[tuple[str, str]] = Counter()
        self._by_ip: Counter[str] = Counter()
        self._paced: dict[tuple[QueueName, str], Paced] = {}
        self._now = 0.0

    def connect_at(self, name: QueueName, source_ip: str, now: float) -> float:
        """When a connection from the address may be opened."""
        settings = self._settings_for(name)
        most = in_range(settings.source_ip_max_smtp_out, source_ip)
        if most and self._by_source[name, source_ip] >= most:
            return now + POLL_S
        if not has_rates(settings):
            return now
        self._now = now
        paced = self._pace(name, source_ip, settings)
        at = max(now, paced.sends_at)
        for window in (paced.connects, paced.messages):
            at = max(at, window.next_at(now)) if window else at
        return at

    def enter(self, way: Way, now: float) -> bool:
        """Whether the connection may be opened; it counts until `leave` then."""
        if self.connect_at(way.queue, way.source_ip, now) > now or self._is_full(way):
            return False
        self._count(way, 1)
        paced = self._paced.get((way.queue, way.source_ip))
        if paced and paced.connects:
            paced.connects.spend(now)
        return True

    def leave(self, way: Way) -> None:
        """The connection has ended."""
        self._count(way, -1)

    def may_send(self, name: QueueName, source_ip: str, now: float) -> bool:
        """Whether a recipient may be tried from the address."""
        settings = self._settings_for(name)
        if not has_rates(settings):
            return True
        paced = self._pace(name, source_ip, settings)
        messages = paced.messages
        return paced.sends_at <= now and (messages is None or messages.room(now) > 0)

    def tried(self, name: QueueName, source_ip: str, now: float) -> None:
        """A recipient is tried from the address."""
        paced = self._paced.get((name, source_ip))
        if paced and paced.messages:
            paced.messages.spend(now)

    def volume(self, name: QueueName, source_ip: str) -> Volume | None:
        """The octets of the address, None without a limit."""
        settings = self._settings_for(name)
        if not settings.source_ip_max_data_volume_rate:
            return None
        return self._pace(name, source_ip, settings).volume

    def hold(self, name: QueueName, source_ip: str, until: float) -> None:
        """Nothing is sent from the address before then."""
        self._pace(name, source_ip, self._settings_for(name)).sends_at = until

    def _is_full(self, way: Way) -> bool:
        limits = self._destinations()
        if not limits.by_mx and not limits.by_ip:
            return False
        most = _least(limits.by_mx, way.host)
        if most and self._by_mx[way.host, way.source_ip] >= most:
            return True
        most = in_range(limits.by_ip, way.ip) or 0
        return bool(most) and self._by_ip[way.ip] >= most

    def _count(self, way: Way, change: int) -> None:
        for counter, key in (
            (self._by_source, (way.queue, way.source_ip)),
            (self._by_mx, (way.host, way.source_ip)),
            (self._by_ip, way.ip),
        ):
            counter[key] += change  # type: ignore[index]
            if not counter[key]:  # type: ignore[index]
                del counter[key]

    def _pace(self, name: QueueName, source_ip: str, settings: QueueSettings) -> Paced:
        paced = self._paced.get((name, source_ip))
        if paced is None:
            if len(self._paced) >= MOST_KNOWN:
                self._forget()
            paced = self._paced[name, source_ip] = Paced()
        rates = settings.source_ip_max_connect_rate
        paced.connects = window_of(in_range(rates, source_ip), paced.connects)
        rates = settings.source_ip_max_msg_rate
        paced.messages = window_of(in_range(rates, source_ip), paced.messages)
        rates = settings.source_ip_max_data_volume_rate
        paced.volume = volume_of(in_range(rates, source_ip), paced.volume)
        return paced

    def _forget(self) -> None:
        """Drop what counts no longer."""
        self._paced = {
            key: one
            for key, one in self._paced.items()
            if self._by_source[key] or one.is_spent(self._now)
        }


def has_rates(settings: QueueSettings) -> bool:
    """Whether a local address of the queue is bounded by more than connections."""
    return bool(
        settings.source_ip_max_connect_rate
        or settings.source_ip_max_msg_rate
        or settings.source_ip_max_data_volume_rate
    )


def in_range(rows: Sequence[tuple[str, Value]], ip: str) -> Value | None:
    """The value of the narrowest range that holds `ip`; of equal ones the last."""
    if not rows:
        return None
    address = ipaddress.ip_address(ip.partition("/")[0] or SYSTEMS_CHOICE)
    found: Value | None = None
    narrowest = -1
    for text, value in rows:
        network = ipaddress.ip_network(text)
        is_in = network.prefixlen == 0 or address in network
        if is_in and network.prefixlen >= narrowest:
            found, narrowest = value, network.prefixlen
    return found


def _least(rows: Sequence[tuple[str, int]], host: str) -> int:
    """The smallest limit whose pattern fits the name, 0 for none."""
    found = [
        most
        for pattern, most in rows
        if PatternIndex([(domain_pattern(pattern), True)]).matches(host)
    ]
    return min((one for one in found if one), default=0)
