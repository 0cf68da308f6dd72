"""Rows of the directive table out of their short form, one row a line.

    NAME | TYPE | DEFAULT | SOURCE | SUMMARY

TYPE is a key of `TYPES`, or `one of A B C`. SOURCE is a section of the guide, or names
another source (row.py); after it `many` says that the line may be repeated, `restart`
that a change needs one. A longer SUMMARY goes on in the next line, indented. A line
`: accepted REASON` or `: refused REASON` gives the status of the rows below it, and
`: done REASON` that of rows that hold whatever the value. `: older` begins rows of
older names:

    NAME | MODERN-NAME[ MODERN-NAME...][ = FORM] | SOURCE | SUMMARY

A modern name in `<>` is a section, with the value as its argument.
"""

from collections.abc import Iterator

import msgspec

from sinyal.config.directives.row import Directive, Modern, Status
from sinyal.config.types import TYPES, Type, choice

OTHER_SOURCES = ("seed", "later", "observed", "sinyal")
ONE_OF = "one of "
SECTION_LINE = Directive("", "", TYPES["text"], "", "", "", repeatable=True)


def rows(scope: str, text: str) -> tuple[Directive, ...]:
    """The rows of `scope` that `text` holds.

    Errors: `KeyError`, `ValueError` for text that is not of the form above; the table
    is read when the program starts, so a test finds them.
    """
    found: list[Directive] = []
    known: dict[str, Directive] = {}
    status, reason, is_older = Status.DONE, "", False
    for line in _joined(text):
        if line.startswith(": "):
            word, _, reason = line[2:].partition(" ")
            is_older = word == "older"
            status = Status.DONE if is_older else Status(word)
            continue
        cells = [cell.strip() for cell in line.split("|")]
        if is_older:
            row = _older(scope, cells, known)
        else:
            made = _row(scope, cells)
            row = msgspec.structs.replace(made, status=status, reason=reason)
        known[row.name] = row
        found.append(row)
    return tuple(found)


def _joined(text: str) -> Iterator[str]:
    """The lines of `text`; an indented one belongs to the line above it."""
    whole = ""
    for line in text.strip("\n").split("\n"):
        if line.startswith(" "):
            whole += " " + line.strip()
        else:
            if whole.strip():
                yield whole
            whole = line
    if whole.strip():
        yield whole


def _row(scope: str, cells: list[str]) -> Directive:
    name, kind, default, source, summary = cells
    words = source.split()
    is_many, is_restart = "many" in words, "restart" in words
    return Directive(
        name,
        scope,
        named_type(kind),
        default,
        summary,
        _source(" ".join(word for word in words if word not in {"many", "restart"})),
        repeatable=is_many,
        reload=not is_restart,
    )


def _older(scope: str, cells: list[str], known: dict[str, Directive]) -> Directive:
    """A row of another name; type and status are those of the modern directive."""
    name, target, source, summary = cells
    names, _, form = target.partition(" = ")
    is_older = not names.startswith("same as ")
    plain = tuple(names.removeprefix("same as ").split())
    first = known.get(plain[0], SECTION_LINE)
    return Directive(
        name,
        scope,
        first.type,
        first.default,
        summary,
        _source(source),
        repeatable=first.repeatable,
        status=first.status,
        reason=first.reason,
        modern=Modern(plain, form.strip() or "{}", is_older),
    )


def _source(text: str) -> str:
    return text if text.split()[0].rstrip(",") in OTHER_SOURCES else f"guide {text}"


def named_type(name: str) -> Type:
    """The type called `name`; `one of A B C` makes one."""
    if name.startswith(ONE_OF):
        return choice(*name.removeprefix(ONE_OF).split())
    return TYPES[name]
