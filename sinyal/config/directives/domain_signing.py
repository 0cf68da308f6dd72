"""Directives of `<domain>` on DKIM signatures; guide 3.3.10.19-30."""

from sinyal.config.directives.row import Directive, Status
from sinyal.config.types import (
    BOOLEAN,
    DURATION_OR_NEVER,
    HEADERS,
    SIGNING_SWITCH,
    STRING,
    choice,
)

LATER = Status.LATER
SCOPE = "domain"

ROWS: tuple[Directive, ...] = (
    Directive(
        "dkim-sign",
        SCOPE,
        SIGNING_SWITCH,
        "false",
        "Mail to this domain is signed",
        "guide 3.3.10.19",
    ),
    Directive(
        "dkim-identity",
        SCOPE,
        STRING,
        "sender-or-from",
        "Whose key signs, and what i= says",
        "guide 3.3.10.28",
    ),
    Directive(
        "dkim-identity-fallback",
        SCOPE,
        STRING,
        "",
        "Identity tried when the first has no key",
        "guide 3.3.10.29",
    ),
    Directive(
        "dkim-algorithm",
        SCOPE,
        choice("rsa-sha256", later=("rsa-sha1",)),
        "rsa-sha256",
        "Signature algorithm",
        "guide 3.3.10.22",
    ),
    Directive(
        "dkim-headers-canon",
        SCOPE,
        choice("simple", "relaxed"),
        "relaxed",
        "Canonical form of headers",
        "guide 3.3.10.24",
    ),
    Directive(
        "dkim-body-canon",
        SCOPE,
        choice("simple", "relaxed"),
        "relaxed",
        "Canonical form of the body",
        "guide 3.3.10.23",
    ),
    Directive(
        "dkim-headers",
        SCOPE,
        HEADERS,
        "",
        "Headers signed beside the fixed set",
        "guide 3.3.10.27",
        status=LATER,
    ),
    Directive(
        "dkim-disallow-adding-headers",
        SCOPE,
        HEADERS,
        "",
        "Headers that nobody may add after signing",
        "guide 3.3.10.30",
    ),
    Directive(
        "dkim-add-timestamp",
        SCOPE,
        BOOLEAN,
        "false",
        "The signature says when it was made (t=)",
        "guide 3.3.10.21",
        status=LATER,
    ),
    Directive(
        "dkim-expire-after",
        SCOPE,
        DURATION_OR_NEVER,
        "never",
        "The signature ends so long after it was made (x=)",
        "guide 3.3.10.25",
        status=LATER,
    ),
    Directive(
        "dkim-add-body-limit",
        SCOPE,
        BOOLEAN,
        "false",
        "The signature says the body's length (l=)",
        "guide 3.3.10.20",
        status=LATER,
    ),
)
