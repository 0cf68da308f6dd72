"""A DNS in memory for checks that yield their questions."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sinyal.mail.lookup import FAILURE, NOTHING, Asking, Question, Told

T = TypeVar("T")
TIMEOUT = "timeout"
Zone = Mapping[tuple[str, str], Sequence[str] | str]


def run(check: Asking[T], zone: Zone) -> T:
    """The end of the check; names of `zone` in lower case, TIMEOUT for a failure."""
    try:
        question = next(check)
        while True:
            question = check.send(told(question, zone))
    except StopIteration as end:
        return end.value


def told(question: Question, zone: Zone) -> Told:
    found = zone.get((question.name.lower(), question.kind))
    if found is None:
        found = zone.get((question.name.lower(), "*"))
    if found is None:
        return NOTHING
    return FAILURE if found == TIMEOUT else Told(tuple(found))
