"""Accounting files as the configuration's `<acct-file>` sections describe them."""

from collections.abc import Iterable
from pathlib import Path

from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.layout import Layout
from sinyal.config.settings import AcctFile


def csv_files(sections: Iterable[AcctFile]) -> list[CsvFile]:
    """One file per section that names a path; guide 3.3.11."""
    return [csv_file(section) for section in sections if section.path]


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
