"""A configuration file into a `Configuration`, or into what is wrong with it."""

import msgspec

from sinyal.config.block import Block
from sinyal.config.build import Builder
from sinyal.config.check import Checker
from sinyal.config.configuration import Configuration
from sinyal.config.files import Files
from sinyal.config.include import Reader
from sinyal.config.problem import Problem
from sinyal.config.references import check_references


class Loaded(msgspec.Struct, frozen=True, eq=False):
    """`configuration` is None when one of the problems is an error.

    For those who look at a file and do not run it: `whole` holds every good line with
    its place, `understood` is what they make; None for a file that was not read.
    """

    configuration: Configuration | None
    problems: tuple[Problem, ...]
    whole: Block | None = None
    understood: Configuration | None = None


def load(path: str, files: Files, *, is_lenient: bool = False) -> Loaded:
    """The configuration of `path`, and every problem of it in one run.

    Relative paths in the file are resolved against the directory of `path`. With
    `is_lenient` unknown directives and sections are left out with a warning.
    Errors: none is raised; a file that cannot be read is a problem too.
    """
    reader = Reader(files, path)
    nodes = reader.read(path)
    if not nodes and any(problem.is_error for problem in reader.problems):
        return Loaded(None, tuple(reader.problems))  # unread, not without a spool
    checker = Checker(files, path)
    whole = checker.check(nodes)
    builder = Builder(whole, files)
    configuration = builder.build()
    found = [
        *reader.problems,
        *checker.problems,
        *check_references(whole),
        *builder.problems,
    ]
    order = {file: at for at, file in enumerate(dict.fromkeys(p.file for p in found))}
    problems = tuple(sorted(found, key=lambda p: (order[p.file], p.line)))
    if is_lenient:
        problems = tuple(map(_pardoned, problems))
    has_error = any(problem.is_error for problem in problems)
    return Loaded(None if has_error else configuration, problems, whole, configuration)


def _pardoned(problem: Problem) -> Problem:
    """The problem as a warning when all that is wrong is an unknown name."""
    if not problem.is_unknown:
        return problem
    return msgspec.structs.replace(problem, is_error=False)
