"""Normal and backoff mode of a queue, and the limits that hold in each; BK-1, BK-2."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sinyal.config.vocabulary import Rate
from sinyal.queues.limits import PaceSettings

NEVER = float("inf")


class ScheduleSettings(PaceSettings, Protocol):
    """The settings that schedule a queue; `max_smtp_out` 0: any number."""

    @property
    def max_smtp_out(self) -> int: ...
    @property
    def retry_after(self) -> Sequence[float]: ...
    @property
    def retry_recipients_after(self) -> float: ...
    @property
    def retry_upon_new_mail(self) -> bool: ...
    @property
    def bounce_after(self) -> float: ...


class QueueSettings(ScheduleSettings, Protocol):
    """The domain settings of a queue: those of both modes.

    A rate of None in backoff mode is the one of normal mode. `backoff_to_normal_after`
    None: backoff mode lasts until something else ends it.
    """

    @property
    def backoff_max_smtp_out(self) -> int: ...
    @property
    def backoff_retry_after(self) -> Sequence[float]: ...
    @property
    def backoff_max_msg_rate(self) -> Rate | None: ...
    @property
    def backoff_max_connect_rate(self) -> Rate | None: ...
    @property
    def backoff_to_normal_after(self) -> float | None: ...
    @property
    def backoff_to_normal_after_delivery(self) -> bool: ...


class Slowed(msgspec.Struct, frozen=True):
    """What schedules a queue in backoff mode."""

    max_smtp_out: int
    retry_after: Sequence[float]
    retry_recipients_after: float
    retry_upon_new_mail: bool
    bounce_after: float
    max_msg_rate: Rate | None
    max_connect_rate: Rate | None
    smtp_out_rampup_interval: float


class Backoff(msgspec.Struct, frozen=True):
    """A queue's backoff mode. Units: epoch seconds; `until` may be infinite."""

    since: float
    until: float = NEVER


def in_force(settings: QueueSettings, backoff: Backoff | None) -> ScheduleSettings:
    """The settings that hold: those with backoff- replace their twins in that mode."""
    if backoff is None:
        return settings
    return Slowed(
        max_smtp_out=settings.backoff_max_smtp_out,
        retry_after=settings.backoff_retry_after,
        retry_recipients_after=settings.retry_recipients_after,
        retry_upon_new_mail=settings.retry_upon_new_mail,
        bounce_after=settings.bounce_after,
        max_msg_rate=settings.backoff_max_msg_rate or settings.max_msg_rate,
        max_connect_rate=settings.backoff_max_connect_rate or settings.max_connect_rate,
        smtp_out_rampup_interval=settings.smtp_out_rampup_interval,
    )


def entered(settings: QueueSettings, now: float, after: float | None) -> Backoff:
    """A backoff mode that begins at `now`.

    `after` seconds, None for backoff-to-normal-after, end it (BK-6).
    """
    lasts_s = settings.backoff_to_normal_after if after is None else after
    return Backoff(now, NEVER if lasts_s is None else now + lasts_s)
