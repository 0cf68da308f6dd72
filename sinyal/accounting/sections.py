"""Accounting files as the configuration's `<acct-file>` sections describe them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.layout import Layout
from sinyal.config.settings import AcctFile

NONE: Mapping[AcctFile, CsvFile] = {}


def csv_files(sections: Iterable[AcctFile]) -> list[CsvFile]:
    """One file per section that names a path; guide 3.3.11."""
    return list(files_by_section(sections).values())


def files_by_section(
    sections: Iterable[AcctFile], kept: Mapping[AcctFile, CsvFile] = NONE
) -> dict[AcctFile, CsvFile]:
    """The file of each section that names a path.

    A section that is in `kept` goes on with the file that it has.
    """
    return {
        section: kept[section] if section in kept else csv_file(section)
        for section in sections
        if section.path
    }


def csv_file(section: AcctFile) -> CsvFile:
    """The accounting file of one section."""
    layout = Layout(
        section.records,
        iso_times=section.iso_times,
        fields={row.record: row.fields for row in section.record_fields},
        user_string=section.user_string,
    )
    settings = CsvSettings(
        path=Path(section.path),
        max_octets=section.max_size,
        move_to=Path(section.move_to) if section.move_to else None,
        move_interval_s=section.move_interval,
        delete_after_s=section.delete_after,
        is_world_readable=section.world_readable,
    )
    return CsvFile(settings, layout)
