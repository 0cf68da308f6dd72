"""Directives of `<signals>`: upload of events; guide 10.1.4.2, seed."""

from sinyal.config.directives.row import Directive
from sinyal.config.types import (
    API_KEY,
    BOOLEAN,
    DURATION,
    ENGAGEMENT,
    INTEGER,
    SIZE,
    STRING,
    URL,
)

SCOPE = "signals"

ROWS: tuple[Directive, ...] = (
    Directive(
        "api-key",
        SCOPE,
        API_KEY,
        "",
        "Key with the permission to write incoming events",
        "guide 10.1.4.2.1",
    ),
    Directive(
        "upload-url",
        SCOPE,
        URL,
        "https://api.sparkpost.com/api/v1/ingest/events",
        "Where event files are posted",
        "guide 10.1.4.2.2",
    ),
    Directive(
        "upload-interval", SCOPE, DURATION, "1m", "Time between two uploads", "sinyal"
    ),
    Directive(
        "engagement-tracking",
        SCOPE,
        ENGAGEMENT,
        "no",
        "With sparkpost, pixels and links are put into mail",
        "guide 10.1.4.2.3, seed",
    ),
    Directive(
        "customer-id",
        SCOPE,
        INTEGER,
        "0",
        "Account number, part of tracking links",
        "seed",
    ),
    Directive(
        "tracking-domain",
        SCOPE,
        STRING,
        "",
        "Host of tracking links, else upload-url's; https:// and a port may be given",
        "seed, sinyal",
    ),
    Directive(
        "log-verbose",
        SCOPE,
        BOOLEAN,
        "false",
        "Each file is logged",
        "guide 10.1.4.2.7",
    ),
    Directive(
        "min-free-space",
        SCOPE,
        SIZE,
        "20M",
        "Free space below which the oldest files are deleted",
        "guide 10.1.4.2.8",
    ),
)
