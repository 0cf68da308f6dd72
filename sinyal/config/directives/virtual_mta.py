"""Directives of `<virtual-mta>`; guide 3.3.12."""

from sinyal.config.directives.row import Directive, Status
from sinyal.config.types import (
    DOMAIN,
    DOMAIN_KEY,
    ENABLE_SIGNALS,
    LIMIT,
    REWRITE_LIST,
    SOURCE_HOST,
    STRING,
)

LATER = Status.LATER
SCOPE = "virtual-mta"

ROWS: tuple[Directive, ...] = (
    Directive(
        "smtp-source-host",
        SCOPE,
        SOURCE_HOST,
        "",
        "Its local addresses and names, used in turn",
        "guide 3.3.1.16, 8.2",
        repeatable=True,
    ),
    Directive(
        "host-name",
        SCOPE,
        DOMAIN,
        "",
        "Name of its connections",
        "guide 3.3.12.5",
        repeatable=True,
        status=LATER,
    ),
    Directive(
        "domain-key",
        SCOPE,
        DOMAIN_KEY,
        "",
        "DKIM keys tried before the global ones",
        "guide 3.3.12.6",
        repeatable=True,
    ),
    Directive(
        "max-smtp-out",
        SCOPE,
        LIMIT,
        "unlimited",
        "Connections over all its queues",
        "guide 3.3.12.8",
    ),
    Directive(
        "rewrite-list",
        SCOPE,
        REWRITE_LIST,
        "",
        "Rules for the envelope sender of its mail",
        "guide 3.3.12.9",
    ),
    Directive(
        "enable-signals",
        SCOPE,
        ENABLE_SIGNALS,
        "",
        "Upload of its events; above pool and global",
        "guide 10.1.4.1.1",
    ),
    Directive(
        "include",
        SCOPE,
        STRING,
        "",
        "Files read in this place",
        "guide 3.3.12.10",
        repeatable=True,
    ),
)
