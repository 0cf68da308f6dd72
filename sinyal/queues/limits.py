"""How often a queue may try a recipient and open a connection; guide 3.3.10 (LIM)."""

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.queues.rate import Window

NEVER = float("inf")


class Pace:
    """What a queue has done lately, and so what it may do now.

    Units: times in epoch seconds; room is a count, `NEVER` for any number.
    """

    def __init__(self, settings: DomainSettings) -> None:
        self._messages = window_of(settings.max_msg_rate)
        self._connects = window_of(settings.max_connect_rate)
        self._rampup_s = settings.smtp_out_rampup_interval
        self._opened_at = -NEVER

    def obey(self, settings: DomainSettings) -> None:
        """Go on under other settings; what is spent stays spent."""
        self._messages = window_of(settings.max_msg_rate, self._messages)
        self._connects = window_of(settings.max_connect_rate, self._connects)
        self._rampup_s = settings.smtp_out_rampup_interval

    def message_room(self, now: float) -> float:
        """How many recipients may be tried now (LIM-2)."""
        return self._messages.room(now) if self._messages else NEVER

    def connect_room(self, now: float) -> float:
        """How many connections may be opened now."""
        if now < self._opened_at + self._rampup_s:
            return 0
        room = self._connects.room(now) if self._connects else NEVER
        return min(room, 1) if self._rampup_s else room

    def is_ramping_up(self, now: float) -> bool:
        """Whether the last connection is too near for another."""
        return now < self._opened_at + self._rampup_s

    def tried(self, now: float) -> None:
        if self._messages:
            self._messages.spend(now)

    def opened(self, now: float) -> None:
        self._opened_at = now
        if self._connects:
            self._connects.spend(now)

    def message_at(self, now: float) -> float:
        """When a recipient may be tried: `now` or later."""
        return self._messages.next_at(now) if self._messages else now

    def connect_at(self, now: float) -> float:
        """When a connection may be opened: `now` or later."""
        at = max(now, self._opened_at + self._rampup_s)
        return max(at, self._connects.next_at(now)) if self._connects else at

    def is_forgotten(self, now: float) -> bool:
        """Whether nothing that has been done counts any longer."""
        windows = (self._messages, self._connects)
        is_spent = any(
            window is not None and window.is_spent(now) for window in windows
        )
        return not is_spent and self._opened_at + self._rampup_s <= now


def window_of(rate: Rate | None, past: Window | None = None) -> Window | None:
    """A window for `rate` that remembers what `past` does; None without a rate."""
    if rate is None:
        return None
    if past is None:
        return Window(rate.count, rate.window_s)
    if (past.limit, past.window_s) == (rate.count, rate.window_s):
        return past
    return past.resized(rate.count, rate.window_s)
