"""Directives of `<acct-file>`: accounting; guide 3.3.11."""

from sinyal.config.directives.row import Directive
from sinyal.config.types import (
    BOOLEAN,
    DURATION,
    DURATION_OR_NEVER,
    FILE_SIZE,
    PATH,
    RECORD_FIELDS,
    RECORDS,
    TEXT,
)

SCOPE = "acct-file"

ROWS: tuple[Directive, ...] = (
    Directive(
        "records", SCOPE, RECORDS, "d,b", "Record types written", "guide 3.3.11.11"
    ),
    Directive(
        "record-fields",
        SCOPE,
        RECORD_FIELDS,
        "",
        "Columns of a record type",
        "guide 3.3.11.12",
        repeatable=True,
    ),
    Directive(
        "iso-times",
        SCOPE,
        BOOLEAN,
        "true",
        "Times are written in ISO style, else as epoch seconds",
        "guide 3.3.11.7",
    ),
    Directive(
        "max-size",
        SCOPE,
        FILE_SIZE,
        "250M",
        "Size at which a new file begins",
        "guide 3.3.11.4",
    ),
    Directive(
        "delete-after",
        SCOPE,
        DURATION_OR_NEVER,
        "8d",
        "Age at which finished files are deleted",
        "guide 3.3.11.1",
    ),
    Directive(
        "move-to",
        SCOPE,
        PATH,
        "",
        "Directory that finished files move to",
        "guide 3.3.11.2",
    ),
    Directive(
        "move-interval",
        SCOPE,
        DURATION,
        "1d",
        "How often a new file begins, with move-to",
        "guide 3.3.11.3",
    ),
    Directive(
        "user-string", SCOPE, TEXT, "", "Text of the field userString", "guide 3.3.11.8"
    ),
    Directive(
        "world-readable",
        SCOPE,
        BOOLEAN,
        "false",
        "Every local user may read the files",
        "guide 3.3.11.13",
    ),
    Directive(
        "sync",
        SCOPE,
        BOOLEAN,
        "false",
        "Files are flushed to disk regularly",
        "guide 3.3.11.15",
    ),
)
