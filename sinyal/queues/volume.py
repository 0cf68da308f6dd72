"""So many octets delivered in any window of time: the data rates; LIM-2."""

from sinyal.config.vocabulary import Rate
from sinyal.queues.limits import window_of
from sinyal.queues.rate import Window

POLL_S = 1.0  # while transfers under way hold all that is left


class Volume:
    """Octets that were delivered lately, and those of transfers under way.

    Room is reserved before a transfer, so that no window holds more than the rate
    whatever comes of it; octets count when they are delivered. One message that is
    larger than the rate goes when nothing else does. Units: octets, epoch seconds.
    """

    def __init__(self, rate: Rate) -> None:
        self._window = Window(rate.count, rate.window_s)
        self._reserved = 0

    def obey(self, rate: Rate) -> None:
        """Go on under another rate; what is spent stays spent."""
        self._window = window_of(rate, self._window) or self._window

    def reserve(self, octets: int, now: float) -> bool:
        """Whether a transfer may begin; it counts as under way then."""
        is_alone = not self._reserved and not self._window.is_spent(now)
        if not is_alone and self._window.room(now) - self._reserved < octets:
            return False
        self._reserved += octets
        return True

    def settle(self, octets: int, now: float, *, is_delivered: bool) -> None:
        """The transfer has ended."""
        self._reserved = max(0, self._reserved - octets)
        if is_delivered:
            self._window.spend(now, octets)

    def next_at(self, octets: int, now: float) -> float:
        """When to ask again after a `reserve` in vain."""
        at = self._window.next_at(now, octets)
        return max(at, now + POLL_S) if self._reserved else at

    def is_spent(self, now: float) -> bool:
        return bool(self._reserved) or self._window.is_spent(now)


def volume_of(rate: Rate | None, past: Volume | None = None) -> Volume | None:
    """A volume for `rate` that remembers what `past` does; None without a rate."""
    if rate is None:
        return None
    if past is None:
        return Volume(rate)
    past.obey(rate)
    return past
