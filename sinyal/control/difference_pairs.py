"""Settings of one place in two files, held against each other."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from sinyal.config.block import Block
from sinyal.config.provenance import Setting

RULES = "pattern-list"

Pair: TypeAlias = tuple[Setting, Setting]


class Comparison(msgspec.Struct, frozen=True):
    """The directives that come out differently in one place.

    With `is_overlay` a directive that is not written says nothing, not its default.
    """

    where: str
    pairs: tuple[Pair, ...]
    is_overlay: bool = False


class SectionChange(msgspec.Struct, frozen=True):
    """A section that only one of the files has: the new one if `is_new`."""

    where: str
    block: Block
    is_new: bool


Found: TypeAlias = Iterator[Comparison | SectionChange]


def differing(
    old: Iterable[Setting], new: Iterable[Setting], *, is_overlay: bool = False
) -> tuple[Pair, ...]:
    """The pairs that differ; a setting that only one of them has is there as default.

    With `is_overlay` a directive that is not written says nothing, not its default.
    """
    before, after = _written(old), _written(new)
    rows = {key: one.row for key, one in (before | after).items()}
    pairs = [
        (before.get(key) or Setting(row), after.get(key) or Setting(row))
        for key, row in rows.items()
    ]
    return tuple(pair for pair in pairs if not _is_same(*pair, is_overlay=is_overlay))


def _written(settings: Iterable[Setting]) -> dict[str, Setting]:
    return {one.row.attribute: one for one in settings if one.origins}


def _is_same(old: Setting, new: Setting, *, is_overlay: bool) -> bool:
    if is_overlay and bool(old.origins) != bool(new.origins):
        return False
    if old.value == new.value:
        return True
    # A relative path stands for another file only because the copy lies elsewhere; the
    # rules of a list inside a list are compared by themselves.
    by_text = old.row.type.place is not None or old.row.scope == RULES
    return by_text and _texts(old) == _texts(new) != []


def _texts(setting: Setting) -> list[str]:
    return [origin.line.text for origin in setting.origins]
