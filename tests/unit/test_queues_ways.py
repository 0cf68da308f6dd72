"""Limits of local addresses, of hosts and of octets: never exceeded, in no window."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues
from sinyal.queues.source_limits import Destinations, in_range

RECIPIENTS = (Recipient("x@a.test", "0" * 20),)
NAMES = [QueueName(domain, "v") for domain in ("a.test", "b.test")]
IPS = ["192.0.2.1", "192.0.2.2", "198.51.100.1"]
HOSTS = [("mx1.gmail.test", "203.0.113.1"), ("mx2.gmail.test", "203.0.113.2")]


class Way(msgspec.Struct, frozen=True):
    queue: QueueName
    source_ip: str
    host: str
    ip: str


class World:
    """Connections that come, send and go at random over queues that never run dry."""

    def __init__(self, line: Queues) -> None:
        self.line = line
        self.now = 1000.0
        self.open: list[Way] = []
        self.flying: list[tuple[Way, QueueEntry, int]] = []
        self.opened: list[tuple[float, Way]] = []
        self.tried: list[tuple[float, Way]] = []
        self.sent: list[tuple[float, Way, int]] = []
        self.count = 0

    def feed(self) -> None:
        for name in NAMES:
            envelope = Envelope(
                mail_from="a@b.test",
                recipients=RECIPIENTS,
                received_at=self.now,
                size_octets=1,
            )
            self.line.add(QueueEntry(self.count, 0, name, envelope), self.now)
            self.count += 1

    def connect(self, pick: int) -> None:
        for name in self.line.ready(self.now):
            self.line.opened(name, self.now)
            way = Way(name, IPS[pick % 3], *HOSTS[pick % 2])
            if self.line.sources.enter(way, self.now):
                self.open.append(way)
                self.opened.append((self.now, way))
            else:
                self.line.hold(name, self.now + 1, self.now)
                self.line.closed(name, self.now)

    def send(self, pick: int, octets: int) -> None:
        if not self.open:
            return
        way = self.open[pick % len(self.open)]
        entry = self.line.take(way.queue, self.now, way.source_ip)
        if entry is None:
            return
        self.tried.append((self.now, way))
        if self.line.reserve(entry, octets, way.source_ip, self.now):
            self.flying.append((way, entry, octets))

    def land(self, pick: int, *, is_delivered: bool) -> None:
        if not self.flying:
            return
        way, _, octets = self.flying.pop(pick % len(self.flying))
        self.line.transferred(
            way.queue, octets, way.source_ip, self.now, is_delivered=is_delivered
        )
        if is_delivered:
            self.sent.append((self.now, way, octets))

    def close(self, pick: int) -> None:
        if self.open:
            way = self.open.pop(pick % len(self.open))
            self.line.sources.leave(way)
            self.line.closed(way.queue, self.now)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["connect", "send", "send", "land", "fail", "close", "wait"]),
        st.integers(0, 11),
        st.integers(1, 40),
    ),
    min_size=30,
    max_size=150,
)


def lived(steps: Any, **line: Any) -> World:
    own = DomainSettings(max_smtp_out=6, retry_after=(1.0,), **line.pop("domain", {}))
    world = World(Queues(lambda name: own, **line))
    for what, pick, amount in steps:
        if what == "connect":
            world.feed()
            world.connect(pick)
        elif what == "send":
            world.send(pick, amount)
        elif what in {"land", "fail"}:
            world.land(pick, is_delivered=what == "land")
        elif what == "close":
            world.close(pick)
        else:
            world.now += amount / 8
        check_open(world, line)
    return world


def check_open(world: World, line: Any) -> None:
    limits = line["destinations"]() if "destinations" in line else None
    if limits is None:
        return
    by_mx = Counter((way.host, way.source_ip) for way in world.open)
    by_ip = Counter(way.ip for way in world.open)
    assert max(by_mx.values(), default=0) <= 2
    assert max(by_ip.values(), default=0) <= 3


def most(events: list[tuple[float, int]], window_s: float) -> int:
    return max(
        (
            sum(count for other, count in events if at <= other < at + window_s)
            for at, _ in events
        ),
        default=0,
    )


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_no_host_gets_more_connections_than_it_may(steps) -> None:
    limits = Destinations((("*.gmail.test", 2),), (("203.0.113.0/24", 3),))
    lived(steps, destinations=lambda: limits)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_no_local_address_of_a_queue_does_more_than_it_may(steps) -> None:
    rows = (("192.0.2.0/24", Rate(3, 5.0)), ("0.0.0.0/0", Rate(4, 5.0)))
    world = lived(
        steps,
        domain={
            "source_ip_max_smtp_out": (("0.0.0.0/0", 2),),
            "source_ip_max_connect_rate": rows,
            "source_ip_max_msg_rate": rows,
            "source_ip_max_data_volume_rate": (("0.0.0.0/0", Rate(100, 5.0)),),
        },
    )
    assert max(Counter(world.open).values(), default=0) <= 2
    for name in NAMES:
        for ip, limit in zip(IPS, (3, 3, 4), strict=True):
            opened = [
                (at, 1)
                for at, way in world.opened
                if (way.queue, way.source_ip) == (name, ip)
            ]
            tried = [
                (at, 1)
                for at, way in world.tried
                if (way.queue, way.source_ip) == (name, ip)
            ]
            sent = [
                (at, octets)
                for at, way, octets in world.sent
                if (way.queue, way.source_ip) == (name, ip)
            ]
            assert most(opened, 5.0) <= limit
            assert most(tried, 5.0) <= limit
            assert most(sent, 5.0) <= 100


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_no_queue_and_no_virtual_mta_delivers_more_octets_than_it_may(steps) -> None:
    world = lived(
        steps,
        domain={"max_data_volume_rate": Rate(80, 5.0)},
        vmta_max_volume_rate=lambda vmta: Rate(120, 5.0),
    )
    for name in NAMES:
        own = [(at, octets) for at, way, octets in world.sent if way.queue == name]
        assert most(own, 5.0) <= 80
    assert most([(at, octets) for at, _, octets in world.sent], 5.0) <= 120


def filled(**domain: Any) -> World:
    world = World(Queues(lambda name: DomainSettings(**domain)))
    world.feed()
    world.feed()
    return world


def test_a_message_larger_than_the_rate_goes_alone() -> None:
    world = filled(max_data_volume_rate=Rate(10, 60.0))
    world.connect(0)
    way = world.open[0]
    entry = world.line.take(way.queue, 1000.0, way.source_ip)
    assert entry and world.line.reserve(entry, 99, way.source_ip, 1000.0)
    other = world.line.take(way.queue, 1000.0, way.source_ip)
    assert other and not world.line.reserve(other, 1, way.source_ip, 1000.0)
    assert other.attempts == 0


def test_a_queue_that_is_held_is_looked_at_when_there_is_room_again() -> None:
    world = filled(max_data_volume_rate=Rate(10, 60.0))
    world.connect(0)
    way = world.open[0]
    for octets in (10, 5):
        entry = world.line.take(way.queue, 1000.0, way.source_ip)
        assert entry
        if world.line.reserve(entry, octets, way.source_ip, 1000.0):
            world.line.transferred(
                way.queue, octets, way.source_ip, 1000.0, is_delivered=True
            )
    assert world.line.take(way.queue, 1001.0, way.source_ip) is None
    world.line.closed(way.queue, 1001.0)
    assert way.queue not in world.line.ready(1059.0)
    assert world.line.next_wake(1059.0) == 1060.0
    assert way.queue in world.line.ready(1060.0)


def test_octets_that_were_not_delivered_do_not_count() -> None:
    world = filled(max_data_volume_rate=Rate(10, 60.0))
    world.connect(0)
    way = world.open[0]
    for _ in range(2):
        entry = world.line.take(way.queue, 1000.0, way.source_ip)
        assert entry and world.line.reserve(entry, 10, way.source_ip, 1000.0)
        world.line.transferred(way.queue, 10, way.source_ip, 1000.0, is_delivered=False)


def test_in_backoff_mode_the_other_data_rate_holds() -> None:
    world = filled(
        max_data_volume_rate=Rate(100, 60.0),
        backoff_max_data_volume_rate=Rate(10, 60.0),
    )
    world.connect(0)
    way = world.open[0]
    world.line.slow_down(way.queue, 1000.0)
    entry = world.line.take(way.queue, 1000.0, way.source_ip)
    assert entry and world.line.reserve(entry, 9, way.source_ip, 1000.0)
    other = world.line.take(way.queue, 1000.0, way.source_ip)
    assert other and not world.line.reserve(other, 9, way.source_ip, 1000.0)


def test_the_narrowest_range_says_what_holds_for_an_address() -> None:
    rows = (("0.0.0.0/0", 1), ("192.0.2.0/24", 2), ("192.0.2.7/32", 3))
    found = [in_range(rows, ip) for ip in ("192.0.2.7", "192.0.2.8", "::1", "")]
    assert found == [3, 2, 1, 1]
    assert in_range((), "192.0.2.1") is None
    assert in_range(rows[2:], "192.0.2.8") is None
