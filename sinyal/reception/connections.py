"""Slots for incoming connections: who gets one, who waits, who is refused.

Source: total-max-smtp-in, source-groups (SRC-6, SRC-7), and a source's own max-smtp-in
for each client address.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum

import msgspec

from sinyal.config.settings import SourceGroup, SourceSettings
from sinyal.reception.lockout import source_of

MAX_WAITING = 1000  # connections that wait for a slot, together
NO_GROUPS: Mapping[str, SourceGroup] = {}


class Limits(msgspec.Struct, frozen=True):
    """What the configuration allows. `total` 0 is no limit."""

    total: int = 0
    groups: Mapping[str, SourceGroup] = NO_GROUPS


class State(Enum):
    """What has become of a connection that asked for a slot."""

    ADMITTED = "admitted"
    WAITING = "waits for a slot"
    FULL = "the server has as many connections as it may"
    GROUP_FULL = "the source-group has as many connections as it may"
    ADDRESS_FULL = "the client's address has as many connections as it may"
    RELEASED = "gone"


class Admission(msgspec.Struct, eq=False):
    """A connection's place, to be given back by `Slots.release` whatever its state."""

    address: str
    group: str
    state: State
    then: Callable[[], None] | None = None  # called when a waiting one is admitted

    @property
    def is_refused(self) -> bool:
        return self.state in (State.FULL, State.GROUP_FULL, State.ADDRESS_FULL)

    @property
    def is_waiting(self) -> bool:
        return self.state is State.WAITING


class Slots:
    """Counts connections; `limits` is asked each time, so it may change meanwhile.

    Those that wait come in the order of their coming; one whose group is full lets
    others pass. An IPv6 client is its /64.
    """

    def __init__(self, limits: Callable[[], Limits]) -> None:
        self._limits = limits
        self._groups: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()  # those that wait among them
        self._waiting: dict[int, Admission] = {}  # in the order of their coming
        self._open = 0

    def __len__(self) -> int:
        """How many connections are admitted."""
        return self._open

    @property
    def waiting(self) -> int:
        """How many connections wait."""
        return len(self._waiting)

    def admit(
        self, ip: str, source: SourceSettings, *, is_patient: bool = False
    ) -> Admission:
        """The connection's place; `is_patient`: rather wait than be refused."""
        address = source_of(ip)
        admission = Admission(address, source.source_group, State.ADMITTED)
        if 0 < source.max_smtp_in <= self._addresses[address]:
            admission.state = State.ADDRESS_FULL
            return admission
        admission.state = self._judge(admission.group)
        if admission.state is State.ADMITTED:
            self._enter(admission)
        elif is_patient and len(self._waiting) < MAX_WAITING:
            admission.state = State.WAITING
            self._waiting[id(admission)] = admission
        if not admission.is_refused:
            self._addresses[address] += 1
        return admission

    def release(self, admission: Admission) -> None:
        """Give the place back; the next one that waits gets it."""
        state, admission.state = admission.state, State.RELEASED
        if state is State.ADMITTED:
            self._open -= 1
            _less(self._groups, admission.group)
        elif state is State.WAITING:
            del self._waiting[id(admission)]
        else:
            return
        _less(self._addresses, admission.address)
        self.refresh()

    def refresh(self) -> None:
        """Admit those that wait, as far as there is room: call it when limits grow."""
        for key, admission in tuple(self._waiting.items()):
            state = self._judge(admission.group)
            if state is State.ADMITTED:
                del self._waiting[key]
                admission.state = state
                self._enter(admission)
                if admission.then is not None:
                    admission.then()
            elif state is State.FULL and not self._has_reserves():
                return

    def _enter(self, admission: Admission) -> None:
        self._open += 1
        self._groups[admission.group] += 1

    def _judge(self, group: str) -> State:
        """Whether one more connection of the group has room now; SRC-7."""
        limits = self._limits()
        own = limits.groups.get(group)
        if own is not None and 0 < own.max_smtp_in <= self._groups[group]:
            return State.GROUP_FULL
        if not limits.total:
            return State.ADMITTED
        kept = sum(
            max(0, other.reserved_smtp_in - self._groups[name])
            for name, other in limits.groups.items()
            if name != group
        )
        return State.ADMITTED if self._open + kept < limits.total else State.FULL

    def _has_reserves(self) -> bool:
        groups = self._limits().groups.values()
        return any(group.reserved_smtp_in for group in groups)


def turn_of(admission: Admission) -> Awaitable[None]:
    """Return when a connection that waits is admitted."""
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def admitted() -> None:
        if not turn.done():
            turn.set_result(None)

    admission.then = admitted
    if not admission.is_waiting:
        admitted()
    return turn


def _less(counts: Counter[str], key: str) -> None:
    """Count one less; who has none left is forgotten."""
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
