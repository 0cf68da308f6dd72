"""What a changed configuration changes, by effective values; guide 3.3, CFG-21."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from sinyal.config.provenance import Origin, Provenance, Setting
from sinyal.control.difference_pairs import Comparison, Pair, SectionChange
from sinyal.control.difference_places import comparisons
from sinyal.control.layout import (
    Place,
    Row,
    aligned,
    row_of_origin,
    rows_of_setting,
)

ALSO_SHOWN = 3

Lines: TypeAlias = tuple[tuple[str, int], ...]
Key: TypeAlias = tuple[str, Lines, Lines]


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One directive that comes out differently, or a section that came or went.

    Shape: `old` and `new` hold what is only there; of a repeatable directive the lines
    that went and came. `also` are further places where the same lines decide.
    """

    where: str
    directive: str
    old: tuple[Row, ...]
    new: tuple[Row, ...]
    needs_restart: bool = False
    also: tuple[str, ...] = ()


def difference(old: Provenance, new: Provenance) -> tuple[Change, ...]:
    """Every change, each told where it is most general; () when nothing differs."""
    changes: dict[Key, Change] = {}
    also: dict[Key, dict[str, None]] = {}
    for found in comparisons(old, new):
        if isinstance(found, SectionChange):
            changes[_key_of_section(found)] = _section_change(found)
            continue
        for pair in found.pairs:
            key = _key(pair)
            if key in changes:
                also.setdefault(key, {})[found.where] = None
            else:
                changes[key] = _change(found, pair)
    return tuple(
        msgspec.structs.replace(change, also=tuple(also.get(key, ())))
        for key, change in changes.items()
    )


def _key(pair: Pair) -> Key:
    old, new = pair
    return old.row.attribute, _lines(old), _lines(new)


def _lines(setting: Setting) -> Lines:
    return tuple((origin.line.file, origin.line.line) for origin in setting.origins)


def _key_of_section(found: SectionChange) -> Key:
    here: Lines = ((found.block.file, found.block.line),)
    return found.where, () if found.is_new else here, here if found.is_new else ()


def _section_change(found: SectionChange) -> Change:
    place = Place(found.block.file, found.block.line)
    rows = (Row("(section)", "added" if found.is_new else "removed", (place,)),)
    went, came = ((), rows) if found.is_new else (rows, ())
    return Change(found.where, found.block.scope, went, came)


def _change(found: Comparison, pair: Pair) -> Change:
    old, new = pair
    if old.row.repeatable:
        went, came = _only(old, new), _only(new, old)
        if not went and not came:  # the same lines in another order
            went, came = old.origins, new.origins
        rows = _distinct(went), _distinct(came)
    else:
        rows = _said(old, found), _said(new, found)
    return Change(found.where, old.row.name, *rows, needs_restart=not old.row.reload)


def _only(setting: Setting, other: Setting) -> tuple[Origin, ...]:
    """The lines of `setting` whose value `other` does not have."""
    others = [origin.line.value for origin in other.origins]
    return tuple(one for one in setting.origins if one.line.value not in others)


def _distinct(origins: Iterable[Origin]) -> tuple[Row, ...]:
    """The rows, each once: a line with macros stands for several values."""
    return tuple(dict.fromkeys(map(row_of_origin, origins)))


def _said(setting: Setting, found: Comparison) -> tuple[Row, ...]:
    if found.is_overlay and not setting.origins:
        return ()
    return tuple(rows_of_setting(setting))


def needs_restart(changes: Iterable[Change]) -> list[str]:
    """The directives whose change a reload does not bring into effect."""
    return sorted({change.directive for change in changes if change.needs_restart})


def told(changes: Sequence[Change], columns: int) -> list[str]:
    """The changes for a terminal: `-` what was, `+` what will be; then what to do."""
    lines: list[str] = []
    previous = ""
    for change in changes:
        title = change.where + _also(change)
        if title != previous:
            lines += ["", title] if lines else [title]
        previous = title
        lines += _told(change, columns)
    if changes:
        restart = needs_restart(changes)
        need = f"restart needed for: {', '.join(restart)}" if restart else ""
        lines += ["", need or "a reload is enough"]
    return lines


def _told(change: Change, columns: int) -> Iterator[str]:
    signs = "-" * len(change.old) + "+" * len(change.new)
    yield from aligned([*change.old, *change.new], columns, signs)


def _also(change: Change) -> str:
    others = change.also
    if not others:
        return ""
    if len(others) <= ALSO_SHOWN:
        return f" (also {', '.join(others)})"
    return f" (also {others[0]} and {len(others) - 1} more)"
