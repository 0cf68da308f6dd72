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


class Line(Protocol):
    """The queues as a connection sees them."""

    def ready(self, now: float) -> list[QueueName]: ...
    def expired(self, now: float) -> list[QueueEntry]: ...
    def next_wake(self, now: float) -> float | None: ...
    def opened(self, name: QueueName, now: float) -> None: ...
    def rested(self, name: QueueName, now: float) -> None: ...
    def woken(self, name: QueueName, now: float) -> None: ...
    def closed(self, name: QueueName, now: float) -> None: ...
    def take(self, name: QueueName, now: float) -> QueueEntry | None: ...
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
    `name_for` the host-name of a VirtualMTA, or ""; `rollup_rules` those of
    mx-rollup-list.
    """

    settings_for: Callable[[QueueName], DomainSettings]
    source_hosts_for: Callable[[str], Sequence[SourceHost]]
    host_name: str
    rules_for: Callable[[QueueName], ReplyRules | None] = lambda name: None
    name_for: Callable[[str], str] = lambda vmta: ""
    log: Callable[[str], object] = LOG.info
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
