"""What a page's address says, and addresses that say it: all state is in the URL."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

import msgspec

from sinyal.metrics.definition import DIMENSION
from sinyal.metrics.moment import read_moment, write_moment
from sinyal.metrics.report import step_for

Parameters = Mapping[str, list[str]]
Pairs = tuple[tuple[str, str], ...]

# name in the URL: seconds
RANGES: dict[str, int] = {
    "1h": 3_600,
    "24h": 86_400,
    "7d": 7 * 86_400,
    "30d": 30 * 86_400,
}
RANGE_LABELS = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
DEFAULT_RANGE = "24h"

LATEST = 2**32 - 1


class Window(msgspec.Struct, frozen=True):
    """What time is shown: `preset` is a row of RANGES, or "" for a fixed window.

    Units: epoch seconds, `to_at` exclusive.
    """

    from_at: int
    to_at: int
    preset: str = ""

    @property
    def pairs(self) -> Pairs:
        """The window in an address, moving on when it is a preset."""
        return (("range", self.preset),) if self.preset else self.fixed

    @property
    def fixed(self) -> Pairs:
        """The window in an address, as it stands now."""
        return (("from", write_moment(self.from_at)), ("to", write_moment(self.to_at)))


def read_window(given: Parameters, now: float) -> tuple[Window, str]:
    """The window asked for and what is wrong with it, "" when nothing is.

    A preset begins at the start of a step of the chart, and has the present second.
    """
    preset = first(given, "range")
    if not (first(given, "from") or first(given, "to")):
        wrong = "" if preset in {"", *RANGES} else "The range is not one of the list."
        return _moving(preset if preset in RANGES else DEFAULT_RANGE, now), wrong
    to_text = first(given, "to")
    to_at = read_moment(to_text) if to_text else int(now) + 1.0
    from_text = first(given, "from")
    from_at = read_moment(from_text) if from_text else (to_at or now) - 86_400
    if from_at is None or to_at is None:
        wrong = "A time is not of the form 2026-11-22T18:05."
    elif not 0 <= from_at < to_at <= LATEST:
        wrong = "The window ends before it begins."
    else:
        return Window(int(from_at), int(to_at)), ""
    return _moving(DEFAULT_RANGE, now), wrong


def read_exact(given: Parameters) -> Pairs:
    """The values that the page is narrowed to; an empty value means "not given"."""
    return tuple((name, given[name][0]) for name in DIMENSION if given.get(name))


def first(given: Parameters, name: str) -> str:
    """The first value of a parameter without surrounding space, or ""."""
    values = given.get(name, [])
    return values[0].strip() if values else ""


def values(given: Parameters, name: str) -> tuple[str, ...]:
    """All values of a list parameter: repeated, or parted by commas."""
    parts = (part.strip() for text in given.get(name, []) for part in text.split(","))
    return tuple(part for part in parts if part)


def link(path: str, *pairs: Iterable[tuple[str, str]]) -> str:
    """The address of `path` with the parameters."""
    query = urlencode([pair for group in pairs for pair in group], safe=":,")
    return f"{path}?{query}" if query else path


def message_link(message_id: str) -> str:
    """The address of a message's page."""
    return _page_of("/messages", "messages", message_id)


def event_link(event_id: str) -> str:
    """The address of an event's page."""
    return _page_of("/events", "event_ids", event_id)


def _page_of(path: str, parameter: str, identity: str) -> str:
    # Servers take a quoted slash for a part of the path: search instead.
    if "/" in identity or identity in {".", ".."}:
        return link("/events", [("range", "30d"), (parameter, identity)])
    return f"{path}/{quote(identity, safe='')}"


def _moving(preset: str, now: float) -> Window:
    to_at = int(now) + 1
    step = step_for(RANGES[preset])
    return Window((to_at - RANGES[preset]) // step * step, to_at, preset)
