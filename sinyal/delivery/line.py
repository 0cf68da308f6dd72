"""What delivery is handed: the queues, the settings, the rest of the line."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from sinyal.config.reactions import ReplyRules
from sinyal.config.rollup import RollupRule
from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import SourceHost
from sinyal.events.outcome import Outcome
from sinyal.mail.envelope import QueueEntry, QueueName
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG


class Way(msgspec.Struct, frozen=True):
    """A connection: its queue, its local address or "", and where it leads."""

    queue: QueueName
    source_ip: str
    host: str
    ip: str


class SourceLine(Protocol):
    """The limits of local addresses and of hosts as a connection sees them."""

    def connect_at(self, name: QueueName, source_ip: str, now: float) -> float: ...
    def may_send(self, name: QueueName, source_ip: str, now: float) -> bool: ...
    def enter(self, way: Way, now: float) -> bool: ...
    def leave(self, way: Way) -> None: ...


class Line(Protocol):
    """The queues as a connection sees them."""

    def ready(self, now: float) -> list[QueueName]: ...
    def expired(self, now: float) -> list[QueueEntry]: ...
    def next_wake(self, now: float) -> float | None: ...
    def opened(self, name: QueueName, now: float) -> None: ...
    def rested(self, name: QueueName, now: float) -> None: ...
    def woken(self, name: QueueName, now: float) -> None: ...
    def closed(self, name: QueueName, now: float) -> None: ...
    @property
    def sources(self) -> SourceLine: ...
    def take(
        self, name: QueueName, now: float, source_ip: str | None = None
    ) -> QueueEntry | None: ...
    def hold(self, name: QueueName, until: float, now: float) -> None: ...
    def reserve(
        self, entry: QueueEntry, octets: int, source_ip: str, now: float
    ) -> bool: ...
    def transferred(
        self,
        name: QueueName,
        octets: int,
        source_ip: str,
        now: float,
        *,
        is_delivered: bool,
    ) -> None: ...
    def add(self, entry: QueueEntry, now: float) -> None: ...
    def retry(self, entry: QueueEntry, now: float) -> None: ...
    def put_back(self, entry: QueueEntry, now: float) -> None: ...
    def move(self, name: QueueName, to: QueueName, now: float) -> None: ...
    def failed(
        self, name: QueueName, now: float, wait_s: float | None = None
    ) -> None: ...
    def succeeded(self, name: QueueName, now: float) -> None: ...
    def slow_down(self, name: QueueName, now: float, after: float | None) -> bool: ...
    def recover(self, name: QueueName, now: float) -> bool: ...
    def recovered(self) -> list[QueueName]: ...


class Policy(msgspec.Struct):
    """The operator's answers; a reload may change `host_name`.

    `source_hosts_for` takes a VirtualMTA and gives its smtp-source-host lines, the
    global ones where it has none (DOM-9); without any, the system chooses the address
    and `host_name` is told in EHLO. `rules_for` gives the smtp-pattern-list of a queue,
    `name_for` the host-name of a VirtualMTA or "", `rollup_rules` the lines of
    mx-rollup-list. `notify` mails a subject and a text to addresses.
    """

    settings_for: Callable[[QueueName], DomainSettings]
    source_hosts_for: Callable[[str], Sequence[SourceHost]]
    host_name: str
    rules_for: Callable[[QueueName], ReplyRules | None] = lambda name: None
    name_for: Callable[[str], str] = lambda vmta: ""
    log: Callable[[str], object] = LOG.info
    notify: Callable[[Sequence[str], str, str], None] = lambda to, subject, text: None
    rollup_rules: Callable[[], Sequence[RollupRule]] = tuple


class Desk(msgspec.Struct, frozen=True):
    """What happens to a message before and after it is sent.

    `compose` gives the octets to send (its errors defer the recipient, save
    `ValueError`, which bounces it); `report` records the end of an attempt before the
    queue hears of it, with `entry.attempts` those made before this one.
    """

    compose: Callable[[QueueEntry], bytes | Awaitable[bytes]]
    report: Callable[[Outcome], None]
    clock: Clock
