"""Normal and backoff mode of a queue, and the limits that hold in each; BK-1, BK-2."""

import msgspec

from sinyal.config.settings import DomainSettings

NEVER = float("inf")
QueueSettings = DomainSettings  # of them, those that schedule


class Backoff(msgspec.Struct, frozen=True):
    """A queue's backoff mode. Units: epoch seconds; `until` may be infinite."""

    since: float
    until: float = NEVER


def in_force(settings: QueueSettings, backoff: Backoff | None) -> QueueSettings:
    """The settings that hold: those with backoff- replace their twins in that mode.

    A rate without a twin stays (BK-2).
    """
    if backoff is None:
        return settings
    connects = settings.backoff_max_connect_rate or settings.max_connect_rate
    octets = settings.backoff_max_data_volume_rate or settings.max_data_volume_rate
    return msgspec.structs.replace(
        settings,
        max_smtp_out=settings.backoff_max_smtp_out,
        retry_after=settings.backoff_retry_after,
        max_msg_rate=settings.backoff_max_msg_rate or settings.max_msg_rate,
        max_connect_rate=connects,
        max_data_volume_rate=octets,
    )


def entered(settings: QueueSettings, now: float, after: float | None) -> Backoff:
    """A backoff mode that begins at `now`.

    `after` seconds, None for backoff-to-normal-after, end it (BK-6).
    """
    lasts_s = settings.backoff_to_normal_after if after is None else after
    return Backoff(now, NEVER if lasts_s is None else now + lasts_s)
