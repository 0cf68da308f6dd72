"""A configuration checked for a reader: every problem as a line, and an exit code."""

from collections.abc import Sequence

import msgspec

from sinyal.config import Problem

ERRORS_FOUND = 2


def report(problems: Sequence[Problem]) -> tuple[list[str], int]:
    """One line a problem, and the exit code: 2 with any error, else 0."""
    lines = [
        str(problem) if problem.is_error else f"{problem} (warning)"
        for problem in problems
    ]
    has_error = any(problem.is_error for problem in problems)
    return lines, ERRORS_FOUND if has_error else 0


def report_json(problems: Sequence[Problem]) -> str:
    """The problems as a JSON array of objects."""
    return msgspec.json.encode(problems).decode()
