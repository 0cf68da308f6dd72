"""Connections that wait for more mail: connection-idle-timeout; LIM-5."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from sinyal.delivery.line import Line
from sinyal.mail.envelope import QueueName

# The end of a connection's rest (loop time), and what tells it that mail has come.
Rest = tuple[float, "asyncio.Future[bool]"]


class Rests:
    """The resting connections of all queues, with one timer for all.

    `notice` is called when a connection begins to rest.
    """

    def __init__(
        self, line: Line, clock: Callable[[], float], notice: Callable[[], None]
    ) -> None:
        self._line = line
        self._clock = clock
        self._notice = notice
        self._timer: asyncio.TimerHandle | None = None
        self._resting: dict[QueueName, list[Rest]] = defaultdict(list)

    def wake(self, name: QueueName) -> bool:
        """Whether a resting connection of the queue goes on."""
        resting = self._resting.get(name)
        while resting:
            waiter = resting.pop()[1]
            if not waiter.done():
                self._line.woken(name, self._clock())
                waiter.set_result(True)
                return True
        return False

    def end(self) -> None:
        """Wake all: they find nothing to do and end."""
        for name in tuple(self._resting):
            while self.wake(name):
                pass

    async def rest(self, name: QueueName, timeout_s: float) -> bool:
        """Whether new mail came in time."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._resting[name].append((loop.time() + timeout_s, waiter))
        if self._timer is None:
            self._timer = loop.call_later(timeout_s, self._end_late)
        self._line.rested(name, self._clock())
        self._notice()
        is_woken = False
        try:
            is_woken = await waiter
        finally:
            if not is_woken:  # nobody called `wake`
                self._line.woken(name, self._clock())
        return is_woken

    def _end_late(self) -> None:
        """End the rests whose time is over."""
        loop = asyncio.get_running_loop()
        now, pending = loop.time(), []
        for name, rests in tuple(self._resting.items()):
            for end_at, waiter in rests:
                if end_at <= now and not waiter.done():
                    waiter.set_result(False)
            self._resting[name] = [one for one in rests if not one[1].done()]
            pending += self._resting[name]
            if not self._resting[name]:
                del self._resting[name]
        self._timer = None
        if pending:
            end_at = min(end_at for end_at, _ in pending)
            self._timer = loop.call_at(end_at, self._end_late)
