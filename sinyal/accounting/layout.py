"""Accounting records as CSV lines; RFC 4180, guide 11.2."""

import functools
import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sinyal.accounting.privacy import Hide
from sinyal.accounting.selection import Takes
from sinyal.events.columns import (
    ARF_PREFIX,
    HEADER_PREFIX,
    attribute_of,
    columns_of,
    union,
)
from sinyal.events.record import Record

TIMES = frozenset({"timeLogged", "timeQueued", "timeFirstAttempt"})
COUNTS = frozenset({"dlvSize", "totalSecondsQueued"})
FORMER_TIMES = 4096  # seconds whose text is kept, for a batch shares few of them

Cell = Callable[[Any], Any]
Mapped = tuple[int, tuple[str, ...]]  # a place, and headers that may fill it


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What few files ask for.

    `mappings` are lines of map-header-to-field: record, `header_NAME`, field. `takes`
    says whether a record is written at all; `hide` makes it one that names nobody.
    """

    mappings: Sequence[tuple[str, str, str]] = ()
    takes: Takes | None = None
    hide: Hide | None = None
    is_attempt_timed: bool = False


NO_EXTRAS = Extras()


class _Row(msgspec.Struct, frozen=True):
    """How one record type fills the columns of its file.

    `read` gives the attributes of a record and a spare place behind them; `cells`
    says which of them are written in another form; `order` puts them under the
    file's columns, the spare place under those that the type lacks. It is None where
    the type has all columns, in their order. The first header of `mapped` that a
    message has is written in that place.
    """

    read: Callable[[Record], tuple[Any, ...]]
    cells: tuple[tuple[int, Cell], ...]
    order: Callable[[list[Any]], tuple[Any, ...]] | None
    mapped: tuple[Mapped, ...] = ()


class Layout:
    """The columns of one file, and records as lines of it.

    `fields` holds the `record-fields` list of a type where the operator gave one.
    Shape: lines end with CRLF, text is UTF-8.
    """

    def __init__(
        self,
        records: Sequence[str],
        *,
        iso_times: bool = True,
        fields: Mapping[str, Sequence[str]] | None = None,
        user_string: str = "",
        extras: Extras = NO_EXTRAS,
    ) -> None:
        is_timed = extras.is_attempt_timed
        chosen = {
            letter: columns_of(
                letter, (fields or {}).get(letter, ("*",)), is_attempt_timed=is_timed
            )
            for letter in records
        }
        self._extras = extras
        self.columns = union(tuple(chosen.values()))
        self._stamp = functools.lru_cache(FORMER_TIMES)(iso_time if iso_times else str)
        self._user_string = user_string
        self._rows = {
            letter: self._row(letter, names) for letter, names in chosen.items()
        }

    @property
    def types(self) -> frozenset[str]:
        """The record types that are written to this file."""
        return frozenset(self._rows)

    @property
    def header(self) -> bytes:
        """The first line of the file."""
        return _line(self.columns)

    def keeps(self, record_type: str) -> bool:
        """Whether records of this type belong into the file."""
        return record_type in self._rows

    def lines(self, records: Sequence[Record]) -> list[bytes]:
        """The lines of those records that belong into this file, in order."""
        takes = self._extras.takes
        if takes is not None:
            records = [record for record in records if takes(record)]
        return [self.line(record) for record in records if record.type in self._rows]

    def line(self, record: Record) -> bytes:
        """The record as a line; the record's type must be one of `types`."""
        row = self._rows[record.type]
        if self._extras.hide is not None:
            record = self._extras.hide(record)
        values = list(row.read(record))
        values[-1] = ""
        for at, cell in row.cells:
            values[at] = cell(values[at])
        for at, names in row.mapped:
            present = [one for one in names if one in record.headers]
            if present:
                values[at] = record.headers[present[0]]
        if row.order is None:
            del values[-1]
            return _line(values)
        return _line(row.order(values))

    def _row(self, letter: str, names: tuple[str, ...]) -> _Row:
        attributes = [self._attribute(name) for name in names]
        cells = ((at, self._cell(name)) for at, name in enumerate(names))
        return _Row(
            read=operator.attrgetter(*attributes, "type"),
            cells=tuple((at, cell) for at, cell in cells if cell is not None),
            order=None if names == self.columns else self._order(names),
            mapped=tuple(self._mapped(letter, names)),
        )

    def _mapped(self, letter: str, names: tuple[str, ...]) -> Iterator[Mapped]:
        """The places of a type that headers may fill; guide 3.3.11.10."""
        for at, name in enumerate(names):
            headers = tuple(
                header[len(HEADER_PREFIX) :].lower()
                for record, header, field in self._extras.mappings
                if record == letter and field.lower() == name.lower()
            )
            if headers:
                yield at, headers

    def _order(self, names: tuple[str, ...]) -> Callable[[list[Any]], tuple[Any, ...]]:
        spare = len(names)
        return operator.itemgetter(
            *(names.index(name) if name in names else spare for name in self.columns)
        )

    @staticmethod
    def _attribute(column: str) -> str:
        return "type" if column == "userString" else attribute_of(column)

    def _cell(self, column: str) -> Cell | None:
        """The form in which a column is written, None for text as it is."""
        if column in TIMES:
            return self._time
        if column in COUNTS:
            return _count
        if column == "userString":
            return lambda _: self._user_string
        for prefix in (HEADER_PREFIX, ARF_PREFIX):
            if column.lower().startswith(prefix):
                return _entry(column[len(prefix) :].lower())
        return None

    def _time(self, at: float) -> str:
        return self._stamp(int(at)) if at else ""


def iso_time(at_s: int) -> str:
    """Local time as `YYYY-MM-DD HH:MM:SS+hhmm`; guide 11.2."""
    return time.strftime("%Y-%m-%d %H:%M:%S%z", time.localtime(at_s))


def _count(number: int) -> str:
    return str(number) if number else ""


def _entry(name: str) -> Cell:
    return lambda entries: entries.get(name, "")


def _line(cells: Sequence[str]) -> bytes:
    """One CSV line; RFC 4180 2.

    The line is joined first and looked at as a whole: 1.5 us, where csv's writer,
    which looks at every character, takes 5.5 us for 23 columns.
    """
    text = ",".join(cells)
    if '"' in text or "\r" in text or "\n" in text:
        text = ",".join(_quoted(cell) for cell in cells)
    elif text.count(",") >= len(cells):
        text = ",".join([f'"{cell}"' if "," in cell else cell for cell in cells])
    return f"{text}\r\n".encode("utf-8", "replace")


def _quoted(cell: str) -> str:
    if "," in cell or '"' in cell or "\r" in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
