"""Points of time as the API writes them in a query.

Source: API events-search (common parameters): seconds, milliseconds and zone may be
missing; without a zone it is UTC.
"""

import re
from datetime import UTC, datetime

_SHAPE = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


def read_moment(text: str) -> float | None:
    """Epoch seconds of `2026-11-22T18:05[:30[.250]][Z|+07:00]`, or None."""
    # A plus sign that was not quoted in a URL arrives as a space.
    text = text.strip().replace(" ", "+")
    if not _SHAPE.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def write_moment(at: float) -> str:
    """`2026-11-22T18:05:30Z`. Units: epoch seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
