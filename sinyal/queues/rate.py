"""So many events in any window of time; guide 3.2 (CFG-11)."""

from collections import deque

import msgspec

# Events that are remembered one by one. Of a larger rate those close together are kept
# as one, which can only make the next event wait longer: a 512th of the window.
GRAINS = 512


class Spent(msgspec.Struct):
    """Events of one grain: how many, and when its first and last took place."""

    first_at: float
    last_at: float
    count: int


class Window:
    """The events of the last `window_s` seconds, `limit` of them at most.

    An event is in the window for `window_s` after it took place, so that no interval
    of that length, wherever it begins, holds more than `limit`. Time that runs
    backwards stands still here. Units: `now` seconds; counts are messages,
    connections or octets.
    """

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.window_s = window_s
        self._grain_s = window_s / GRAINS if limit > GRAINS else 0.0
        self._spent: deque[Spent] = deque()
        self._count = 0
        self._now = 0.0

    def room(self, now: float) -> int:
        """How many events may take place at `now`."""
        self._forget(now)
        return max(0, self.limit - self._count)

    def spend(self, now: float, count: int = 1) -> None:
        """Note that `count` events take place at `now`; the caller has asked `room`."""
        self._forget(now)
        self._count += count
        last = self._spent[-1] if self._spent else None
        if last is not None and self._now - last.first_at <= self._grain_s:
            last.last_at = self._now
            last.count += count
        else:
            self._spent.append(Spent(self._now, self._now, count))

    def refund(self, count: int) -> None:
        """Take back `count` of the newest events: they did not take place."""
        while count > 0 and self._spent:
            last = self._spent[-1]
            taken = min(count, last.count)
            last.count -= taken
            self._count -= taken
            count -= taken
            if not last.count:
                self._spent.pop()

    def next_at(self, now: float, count: int = 1) -> float:
        """When `count` events fit: `now`, a later time, or never.

        What is larger than the limit fits an empty window: else it never went out.
        """
        self._forget(now)
        missing = self._count + count - self.limit
        if missing <= 0:
            return now
        for one in self._spent:
            missing -= one.count
            if missing <= 0:
                return one.last_at + self.window_s
        return self._spent[-1].last_at + self.window_s if self._spent else now

    def is_spent(self, now: float) -> bool:
        """Whether an event is in the window still."""
        self._forget(now)
        return bool(self._spent)

    def resized(self, limit: int, window_s: float) -> "Window":
        """The same past under another limit."""
        other = Window(limit, window_s)
        other._spent = deque(
            Spent(one.first_at, one.last_at, one.count) for one in self._spent
        )
        other._count, other._now = self._count, self._now
        return other

    def _forget(self, now: float) -> None:
        self._now = max(self._now, now)
        spent = self._spent
        while spent and spent[0].last_at + self.window_s <= self._now:
            self._count -= spent.popleft().count
