"""Windows of delivery, as X-Schedule states them; guide 8.6, rules SCH."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

Windows: TypeAlias = tuple[tuple[float, float], ...]

MAX_WINDOWS = 100
FORM = "%Y-%m-%d %H:%M:%S"


def windows(text: str) -> Windows:
    """The windows of `START / END[, START / END ...]` in the order of their starts.

    Units: epoch seconds; the text is in the server's local time (SCH-1). Blanks around
    `/` and `,` are free. Errors: ValueError that says what is wrong.
    """
    pieces = text.split(",")
    if len(pieces) > MAX_WINDOWS:
        raise ValueError(f"more than {MAX_WINDOWS} windows")
    return tuple(sorted(_window(piece) for piece in pieces))


def _window(text: str) -> tuple[float, float]:
    start, slash, end = text.partition("/")
    if not slash:
        raise ValueError("a window is START / END")
    opens, closes = _moment(start), _moment(end)
    if closes <= opens:
        raise ValueError("a window ends before it begins")
    return opens, closes


def _moment(text: str) -> float:
    plain = " ".join(text.split())
    try:
        return datetime.strptime(plain[:40], FORM).timestamp()  # noqa: DTZ007 - local
    except (ValueError, OverflowError, OSError):
        raise ValueError("a time is YYYY-MM-DD HH:MM:SS") from None


def next_open(schedule: Iterable[tuple[float, float]], at: float) -> float | None:
    """The first moment from `at` on that lies in a window; None after the last one."""
    waits = [max(start, at) for start, end in schedule if end > at]
    return min(waits, default=None)


def last_end(schedule: Iterable[tuple[float, float]]) -> float:
    """When the last window ends; there is one."""
    return max(end for _, end in schedule)
