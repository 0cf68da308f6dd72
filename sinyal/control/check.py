"""A configuration checked for a reader: every problem as a line, and an exit code."""

from collections.abc import Sequence

import msgspec

from sinyal.config import Problem
from sinyal.control.ceiling import Ceiling

ERRORS_FOUND = 2


class Finding(msgspec.Struct, frozen=True):
    """A problem as a program reads it; `severity` is `error` or `warning`."""

    file: str
    line: int
    directive: str
    text: str
    remedy: str
    severity: str


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole answer of a check as one JSON document."""

    file: str
    errors: int
    warnings: int
    problems: tuple[Finding, ...]
    ceiling: tuple[Ceiling, ...] | None = None


def report(problems: Sequence[Problem]) -> tuple[list[str], int]:
    """One line a problem, and the exit code: 2 with any error, else 0."""
    lines = [
        str(problem) if problem.is_error else f"{problem} (warning)"
        for problem in problems
    ]
    has_error = any(problem.is_error for problem in problems)
    return lines, ERRORS_FOUND if has_error else 0


def report_json(
    file: str,
    problems: Sequence[Problem],
    ceiling: tuple[Ceiling, ...] | None = None,
) -> str:
    """The problems, and the ceiling where one was asked for, as a JSON object."""
    findings = tuple(map(_finding, problems))
    errors = sum(problem.is_error for problem in problems)
    whole = Report(file, errors, len(problems) - errors, findings, ceiling)
    return msgspec.json.encode(whole).decode()


def _finding(problem: Problem) -> Finding:
    return Finding(
        problem.file,
        problem.line,
        problem.directive,
        problem.text,
        problem.remedy,
        "error" if problem.is_error else "warning",
    )
