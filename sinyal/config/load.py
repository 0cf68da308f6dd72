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

    `whole` holds every good line with its place; None for a file that was not read.
    """

    configuration: Configuration | None
    problems: tuple[Problem, ...]
    whole: Block | None = None


def load(path: str, files: Files) -> Loaded:
    """The configuration of `path`, and every problem of it in one run.

    Relative paths in the file are resolved against the directory of `path`.
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
    if any(problem.is_error for problem in problems):
        return Loaded(None, problems, whole)
    return Loaded(configuration, problems, whole)
