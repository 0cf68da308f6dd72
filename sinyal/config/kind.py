"""The shape of a value type: how a directive's value is written, read and placed."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sinyal.config.expression import Pattern
from sinyal.config.macros import Macros

Resolve = Callable[[str], str]


def itself(value: Any) -> tuple[str, ...]:
    """The value alone, nothing for an empty one."""
    return (value,) if value else ()


class Type(msgspec.Struct, frozen=True):
    """One way to write a value.

    `form` completes "write ..."; `absent` is the value of a directive without default.
    `place` turns relative paths into absolute ones, `files` lists those that must
    exist; `refers` gives the names of sections that must exist, each with one of the
    tags `refers_to`; `patterns` gives the operator's regular expressions; `expand`
    gives the values that stand for one with macros. A value with `is_secret` is
    repeated to nobody; `is_free` text may look like a placeholder of a template; a file
    of one with `is_pem` is looked into.
    """

    name: str
    form: str
    parse: Callable[[str], Any]
    absent: Any = ""
    place: Callable[[Any, Resolve], Any] | None = None
    files: Callable[[Any], tuple[str, ...]] | None = None
    refers_to: tuple[str, ...] = ()
    refers: Callable[[Any], tuple[str, ...]] = itself
    patterns: Callable[[Any], tuple[Pattern, ...]] | None = None
    expand: Callable[[Any, Macros], Iterable[Any]] | None = None
    is_secret: bool = False
    is_free: bool = False
    is_pem: bool = False
