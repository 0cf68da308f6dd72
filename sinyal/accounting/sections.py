"""Accounting files as the configuration's `<acct-file>` sections describe them."""

from collections.abc import Mapping
from pathlib import Path

from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.layout import Extras, Layout
from sinyal.accounting.pipe import Pipe, PipeSettings
from sinyal.accounting.privacy import hiding
from sinyal.accounting.selection import queue_filter
from sinyal.config.settings import AcctFile

# What makes two sections the same: all that they say, and whether the time of the first
# attempt is tracked.
Key = tuple[AcctFile, bool]
Book = CsvFile | Pipe
Books = dict[Key, Book]
NONE: Mapping[Key, Book] = {}


def books(
    sections: tuple[AcctFile, ...],
    *,
    is_attempt_timed: bool = False,
    kept: Mapping[Key, Book] = NONE,
) -> Books:
    """The file or the program of each section; guide 3.3.11.

    A section that is in `kept` goes on with what it has.
    """
    keys = keys_of(sections, is_attempt_timed=is_attempt_timed)
    return {key: kept[key] if key in kept else _book(*key) for key in keys}


def keys_of(
    sections: tuple[AcctFile, ...], *, is_attempt_timed: bool = False
) -> list[Key]:
    """What `books` has one of; two sections that say the same are one."""
    return list(dict.fromkeys((section, is_attempt_timed) for section in sections))


def _book(section: AcctFile, is_attempt_timed: bool) -> Book:
    layout = Layout(
        section.records,
        iso_times=section.iso_times,
        fields={row.record: row.fields for row in section.record_fields},
        user_string=section.user_string,
        extras=Extras(
            mappings=section.map_header_to_field,
            takes=queue_filter(section.queue_filter),
            hide=hiding(section.privacy_policy),
            is_attempt_timed=is_attempt_timed,
        ),
    )
    if section.command:
        settings = PipeSettings(
            command=section.command,
            retry_interval_s=section.retry_interval,
            write_timeout_s=section.write_timeout,
        )
        return Pipe(settings, layout)
    return CsvFile(_csv_settings(section), layout)


def _csv_settings(section: AcctFile) -> CsvSettings:
    return CsvSettings(
        path=Path(section.path),
        max_octets=section.max_size,
        move_to=Path(section.move_to) if section.move_to else None,
        move_interval_s=section.move_interval,
        delete_after_s=section.delete_after,
        is_world_readable=section.world_readable,
        counts_moved=section.count_moved_records,
    )
