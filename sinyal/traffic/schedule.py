"""When which message is due: an open loop that never tries to catch up for long."""

MOST_BEHIND_S = 2.0


class Schedule:
    """Numbers with their due times, handed out to whoever is free.

    A message is due at its time even if earlier ones are not done. What is more than
    `MOST_BEHIND_S` behind is moved: the target could not keep the rate.
    Units: `rate` messages a second, 0 as fast as it goes; times as `now` is.
    """

    def __init__(self, first: int, count: int, rate: float, now: float) -> None:
        self._number = first
        self._left = count
        self._gap_s = 1.0 / rate if rate > 0 else 0.0
        self._due_at = now

    def next(self, now: float) -> tuple[int, float] | None:
        """The next number and when it is due, None when all are handed out."""
        if self._left <= 0:
            return None
        self._due_at = max(self._due_at, now - MOST_BEHIND_S)
        number, due_at = self._number, self._due_at
        self._number += 1
        self._left -= 1
        self._due_at += self._gap_s
        return number, due_at
