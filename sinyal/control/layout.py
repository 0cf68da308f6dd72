"""Settings with their places as lines for a terminal."""

from collections.abc import Iterable, Iterator

import msgspec

from sinyal.config.provenance import Origin, Setting
from sinyal.config.redaction import shown

NAME_COLUMNS = 34
VALUE_COLUMNS = 28
MARGIN = "  "


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a line stands; `section` as `<domain *>`, "" outside every section."""

    file: str
    line: int
    section: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name, its value as an operator writes it, and the lines that say so.

    Shape: `places` is empty for a default and for what follows from other rows;
    `overrides` are lines that say otherwise and do not count.
    """

    name: str
    value: str
    places: tuple[Place, ...] = ()
    is_default: bool = False
    overrides: tuple[Place, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """Rows that answer one question."""

    title: str
    rows: tuple[Row, ...] = ()


def place_of(origin: Origin) -> Place:
    """Where the line stands."""
    return Place(origin.line.file, origin.line.line, origin.section)


def shown_value(origin: Origin) -> str:
    """The value as written, secrets hidden."""
    return shown(origin.line.row.name, origin.line.text) or '""'


def rows_of_setting(setting: Setting) -> Iterator[Row]:
    """One row a line; one marked as default where no line says anything."""
    name = setting.row.name
    if not setting.origins:
        yield Row(name, setting.row.default or "-", is_default=True)
    overrides = tuple(place_of(origin) for origin in setting.beaten)
    for origin in setting.origins:
        yield Row(name, shown_value(origin), (place_of(origin),), overrides=overrides)


def rows_of_settings(settings: Iterable[Setting], *, with_defaults: bool) -> list[Row]:
    """The rows of what is set; with the defaults, of everything."""
    return [
        row
        for setting in settings
        if setting.origins or with_defaults
        for row in rows_of_setting(setting)
    ]


def folded(groups: Iterable[Group], columns: int) -> list[str]:
    """The groups as text, names and values in columns.

    A line wider than `columns` first loses its section, then its place goes on in the
    next line; values are never cut. 0 columns: no line is folded.
    """
    lines: list[str] = []
    for group in groups:
        lines += ["", group.title] if lines else [group.title]
        lines += aligned(group.rows, columns)
    return lines


def aligned(rows: Iterable[Row], columns: int) -> list[str]:
    """The rows of one group."""
    listed = list(rows)
    names = min(NAME_COLUMNS, max((len(row.name) for row in listed), default=0))
    values = min(VALUE_COLUMNS, max((len(row.value) for row in listed), default=0))
    lines: list[str] = []
    for row in listed:
        head = f"{MARGIN}{row.name:<{names}}  {row.value:<{values}}"
        lines += _fitted(head, row, columns)
    return lines


def _fitted(head: str, row: Row, columns: int) -> list[str]:
    place = "default" if row.is_default else ", ".join(map(str, row.places))
    section = row.places[0].section if row.places else ""
    for tail in (f"{place}  {section}", place):
        line = f"{head}  {tail}".rstrip()
        if not columns or len(line) <= columns:
            return [line]
    return [head.rstrip(), f"{MARGIN * 3}{place}"]


def json_of(groups: Iterable[Group]) -> str:
    """The groups as a JSON array; what a row does not have is left out."""
    return msgspec.json.encode(list(groups)).decode()
