"""Why the mail of a queue waits: the limit that holds and when it ends; LIM-3."""

import msgspec

from sinyal.queues.limits import NEVER
from sinyal.queues.queue import Queue


class Reason(msgspec.Struct, frozen=True):
    """Why nothing is sent now.

    Shape: `directive` names what the operator wrote, "" where none did. Units: `until`
    epoch seconds, infinite when something else has to happen first.
    """

    text: str
    directive: str = ""
    until: float = NEVER


def message_limit(directive: str, until: float) -> Reason:
    """A rate of messages or octets has left no room."""
    text = f"message rate limit reached (based on {directive} in configuration)"
    return Reason(text, directive, until)


def reason_of(queue: Queue, now: float) -> Reason | None:
    """Why a queue sends nothing, as far as it knows by itself; None: it may send."""
    if queue.is_leaving:
        return Reason("its mail is being moved to another queue", until=now)
    if queue.retry_at > now:
        return Reason("retry mode", _slow(queue, "retry-after"), queue.retry_at)
    if not queue.ready:
        at = queue.next_at(now)
        return Reason("its recipients wait for their next attempt", "retry-after", at)
    return _of_messages(queue, now) or _of_connections(queue, now)


def _of_messages(queue: Queue, now: float) -> Reason | None:
    if queue.sends_at > now:
        return message_limit(queue.held_by, queue.sends_at)
    if not queue.pace.message_room(now):
        return message_limit(_slow(queue, "max-msg-rate"), queue.pace.message_at(now))
    return None


def _of_connections(queue: Queue, now: float) -> Reason | None:
    if queue.open > queue.idle or queue.idle:
        most = queue.settings.max_smtp_out
        if most and queue.open >= most:
            return Reason("all its connections are busy", _slow(queue, "max-smtp-out"))
        return None
    if queue.connects_at > now:
        text = "no source address or host has room for a connection"
        return Reason(text, "", queue.connects_at)
    if not queue.pace.connect_room(now):
        at = queue.pace.connect_at(now)
        if queue.pace.is_ramping_up(now):
            text = "the next connection waits for its interval"
            return Reason(text, "smtp-out-rampup-interval", at)
        directive = _slow(queue, "max-connect-rate")
        text = f"connect rate limit reached (based on {directive} in configuration)"
        return Reason(text, directive, at)
    return None


def _slow(queue: Queue, directive: str) -> str:
    """The directive that holds in the mode of the queue (BK-2)."""
    if queue.backoff is None:
        return directive
    twin = f"backoff_{directive}".replace("-", "_")
    is_written = getattr(queue.configured, twin) is not None
    return f"backoff-{directive}" if is_written else directive
