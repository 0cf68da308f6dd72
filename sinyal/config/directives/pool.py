"""Directives of `<virtual-mta-pool>`; guide 3.3.13."""

from sinyal.config.directives.row import Directive
from sinyal.config.types import (
    DOMAIN_KEY,
    ENABLE_SIGNALS,
    LIMIT,
    REWRITE_LIST,
    VIRTUAL_MTA,
)

SCOPE = "virtual-mta-pool"

ROWS: tuple[Directive, ...] = (
    Directive(
        "virtual-mta",
        SCOPE,
        VIRTUAL_MTA,
        "",
        "Members, used in turn",
        "guide 3.3.13.1",
        repeatable=True,
    ),
    Directive(
        "domain-key",
        SCOPE,
        DOMAIN_KEY,
        "",
        "DKIM keys of its members",
        "guide 3.3.13.3",
        repeatable=True,
    ),
    Directive(
        "max-smtp-out",
        SCOPE,
        LIMIT,
        "unlimited",
        "Connections of each member",
        "guide 3.3.13.6",
    ),
    Directive(
        "rewrite-list",
        SCOPE,
        REWRITE_LIST,
        "",
        "Rules for the envelope sender of its members' mail",
        "guide 3.3.13.7",
    ),
    Directive(
        "enable-signals",
        SCOPE,
        ENABLE_SIGNALS,
        "",
        "Upload of its members' events; above global",
        "guide 10.1.4.1.1",
    ),
)
