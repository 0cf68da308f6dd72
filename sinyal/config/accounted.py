"""Which header fields of mail the accounting files ask for; guide 3.3.11.10, .12."""

from collections.abc import Iterable, Iterator

from sinyal.config.settings import AcctFile

PREFIX = "header_"
OF_MAIL = frozenset({"d", "b", "t", "r"})  # the other records are about reports


def headers_asked(files: Iterable[AcctFile]) -> tuple[bytes, ...]:
    """Names in lower case; none where no file has them as a column or maps them."""
    names = {name.lower().encode() for file in files for name in _of(file)}
    return tuple(sorted(names))


def _of(file: AcctFile) -> Iterator[str]:
    letters = OF_MAIL.intersection(file.records)
    columns = [
        *(
            field
            for listed in file.record_fields
            if listed.record in letters
            for field in listed.fields
        ),
        *(
            header
            for letter, header, _field in file.map_header_to_field
            if letter in letters
        ),
    ]
    for column in columns:
        if column.lower().startswith(PREFIX):
            yield column[len(PREFIX) :]
