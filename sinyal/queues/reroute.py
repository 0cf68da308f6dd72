"""Queues whose mail another queue takes: queue-to, reroutes; ROLL-1, BK-4, BK-5.

A chain is followed to its end. A queue on a loop keeps its mail, so that none goes
round for ever.
"""

import itertools
from collections.abc import Callable, Sequence

from sinyal.mail.envelope import QueueName
from sinyal.queues.mode import QueueSettings
from sinyal.runtime.log import LOG

Look = Callable[[QueueName], tuple[QueueSettings, bool]]  # and whether in backoff mode
MAX_STEPS = 32


def is_led(settings: QueueSettings, *, is_slow: bool) -> bool:
    """Whether a queue with these settings may hand its mail on."""
    return bool(
        settings.queue_to
        or settings.reroute_to_virtual_mta
        or (is_slow and settings.backoff_reroute_to_virtual_mta)
    )


class Reroutes:
    """Finds the queue that takes the mail of another.

    `members_of` gives the members of a pool, used in turn, and () for any other name.
    """

    def __init__(self, look: Look, members_of: Callable[[str], Sequence[str]]) -> None:
        self._look = look
        self._members_of = members_of
        self._turns = itertools.count()
        self._loops: set[QueueName] = set()  # those that the log has told

    def final(self, name: QueueName) -> QueueName:
        """The queue whose mail is not handed on; `name` itself when it is that."""
        here, seen = name, {name}
        while len(seen) < MAX_STEPS:
            there = self._next(here)
            if there == name:
                self._tell(name)
                return name
            if there in seen:
                return here
            seen.add(there)
            here = there
        return here

    def _next(self, name: QueueName) -> QueueName:
        settings, is_slow = self._look(name)
        to = settings.queue_to.lower().rstrip(".")
        if to and to != name.domain:
            return QueueName(to, name.vmta)
        vmta = (
            is_slow and settings.backoff_reroute_to_virtual_mta
        ) or settings.reroute_to_virtual_mta
        members = self._members_of(vmta) if vmta else ()
        if not vmta or name.vmta in members:
            return name
        if members:
            vmta = members[next(self._turns) % len(members)]
        return QueueName(name.domain, vmta)

    def _tell(self, name: QueueName) -> None:
        settings, is_slow = self._look(name)
        if name not in self._loops and is_led(settings, is_slow=is_slow):
            is_self = self._next(name) == name
            if not is_self:
                self._loops.add(name)
                LOG.error("queue %s: its reroute leads back to it", name)
