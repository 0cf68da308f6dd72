"""How often each message was put off, in bounded memory."""

from collections import OrderedDict

from sinyal.sink.decide import Decision

MOST = 200_000  # messages remembered; about 50 MB when full


class Attempts:
    """The refusals so far of each (Message-ID, recipient) that has not been accepted.

    When full, the oldest is forgotten and begins anew.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def puts_off(
        self, key: tuple[str, str], decision: Decision, now: float, speed: float
    ) -> bool:
        """Whether this attempt is refused for now; counts it."""
        if decision.deferral is None:
            return False
        count, first_at = self._seen.get(key, (0, now))
        is_waiting = (
            now - first_at < decision.grey_s / speed
            if decision.grey_s
            else count < decision.deferrals
        )
        if not is_waiting:
            self._seen.pop(key, None)
            return False
        self._seen[key] = (count + 1, first_at)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True
