"""Settings with their places as lines for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sinyal.config.directives.row import Status
from sinyal.config.provenance import Origin, Setting
from sinyal.config.redaction import shown

NAME_COLUMNS = 34
VALUE_COLUMNS = 28
MARGIN = "  "
NO_EFFECT = "(no effect here)"


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
    `overrides` are lines that say otherwise and do not count. `has_effect` false: the
    directive is known and does nothing here.
    """

    name: str
    value: str
    places: tuple[Place, ...] = ()
    is_default: bool = False
    overrides: tuple[Place, ...] = ()
    has_effect: bool = True


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


def row_of_origin(origin: Origin, beaten: Iterable[Origin] = ()) -> Row:
    """The line as a row, secrets hidden."""
    row = origin.line.row
    return Row(
        row.name,
        shown_value(origin),
        (place_of(origin),),
        overrides=tuple(map(place_of, beaten)),
        has_effect=row.status is Status.DONE,
    )


def rows_of_setting(setting: Setting) -> Iterator[Row]:
    """One row a line; one marked as default where no line says anything."""
    if not setting.origins:
        default = setting.row.default or "(none)"
        yield Row(setting.row.name, default, is_default=True)
    for origin in setting.origins:
        yield row_of_origin(origin, setting.beaten)


def rows_of_settings(settings: Iterable[Setting], *, with_defaults: bool) -> list[Row]:
    """The rows of what is set; with the defaults, of everything."""
    rows = (
        row
        for setting in settings
        if setting.origins or with_defaults
        for row in rows_of_setting(setting)
    )
    return list(dict.fromkeys(rows))  # a line with macros stands for several values


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


def aligned(rows: Sequence[Row], columns: int, signs: str = "") -> list[str]:
    """The rows of one group; the letters of `signs` stand before them."""
    names = _widest((row.name for row in rows), NAME_COLUMNS)
    values = _widest((row.value for row in rows), VALUE_COLUMNS)
    lines: list[str] = []
    for row, sign in zip(rows, signs or " " * len(rows), strict=True):
        head = f"{sign} {row.name:<{names}}  {row.value:<{values}}"
        lines += _fitted(head, row, columns)
    return lines


def _widest(texts: Iterable[str], limit: int) -> int:
    """The width of a column; longer texts than `limit` stick out of it."""
    return max((len(text) for text in texts if len(text) <= limit), default=0)


def _fitted(head: str, row: Row, columns: int) -> list[str]:
    place = "default" if row.is_default else ", ".join(map(str, row.places))
    if not row.has_effect:
        place += f"  {NO_EFFECT}"
    section = row.places[0].section if row.places else ""
    for tail in (f"{place}  {section}", place):
        line = f"{head}  {tail}".rstrip()
        if not columns or len(line) <= columns:
            return [line]
    return [head.rstrip(), f"{MARGIN * 3}{place}"]


def json_of(groups: Iterable[Group]) -> str:
    """The groups as a JSON array; what a row does not have is left out."""
    return msgspec.json.encode(list(groups)).decode()
