"""The table of sections, and the directives of the small ones; guide 3.3."""

from sinyal.config import addresses
from sinyal.config.directives.row import Directive, SectionTag, Status
from sinyal.config.types import (
    BOOLEAN,
    DOMAIN,
    FILE,
    FILTER_RULE,
    LIST_ADDRESS,
    PATH,
    REWRITE_RULE,
    SECRET,
    SOURCE_NAME,
    STRING,
    Type,
    choice,
)

LATER = Status.LATER

NAME = Type("name", "write <tag NAME>", addresses.name)
SOURCE = Type(
    "address, range or name", "write an IP, a range or a name", addresses.source_entry
)
PATTERN = Type("domain pattern", "write NAME, *.NAME, [*.]NAME or *", STRING.parse)
FILE_OR_PIPE = Type('path or "|command"', "write a path", STRING.parse)
PLACE = Type("address:port", "write IP:PORT", addresses.listener_place)

GLOBAL = ("global",)
PROCESSORS = ("bounce-processor", "feedback-loop-processor")
WITH_DOMAINS = ("global", "virtual-mta", "virtual-mta-pool")

SECTIONS: tuple[SectionTag, ...] = (
    SectionTag("spool", GLOBAL, PATH, "A directory that keeps mail until delivery"),
    SectionTag("source", GLOBAL, SOURCE, "What a feeder may do"),
    SectionTag("smtp-user", GLOBAL, NAME, "A login name and its password"),
    SectionTag("smtp-listener", GLOBAL, PLACE, "Where mail is accepted"),
    SectionTag("domain", WITH_DOMAINS, PATTERN, "How queues are delivered"),
    SectionTag(
        "virtual-mta", GLOBAL, NAME, "A sender with its own addresses and queues"
    ),
    SectionTag("virtual-mta-pool", GLOBAL, NAME, "VirtualMTAs used in turn"),
    SectionTag("rewrite-list", GLOBAL, NAME, "Rules for the envelope sender"),
    SectionTag("acct-file", GLOBAL, FILE_OR_PIPE, "An accounting file"),
    SectionTag("bounce-processor", GLOBAL, None, "What becomes of bounces"),
    SectionTag("feedback-loop-processor", GLOBAL, None, "What becomes of complaints"),
    SectionTag(
        "address-list",
        (*GLOBAL, *PROCESSORS),
        NAME,
        "Addresses that a processor reads",
        is_optional=True,
    ),
    SectionTag("signals", GLOBAL, None, "Upload of events"),
    SectionTag(
        "sparkpost-analytics",
        GLOBAL,
        None,
        "Former name of signals",
        alias_of="signals",
    ),
    SectionTag("signals-filter", GLOBAL, NAME, "Which senders' events are uploaded"),
    SectionTag(
        "suppression-list",
        GLOBAL,
        NAME,
        "Other name of address-list",
        alias_of="address-list",
    ),
    SectionTag("email-patterns", PROCESSORS, None, "Further formats", status=LATER),
    SectionTag("source-group", GLOBAL, NAME, "Shared limits", status=LATER),
    SectionTag("pattern-list", GLOBAL, NAME, "Rules of selection", status=LATER),
    SectionTag("smtp-pattern-list", GLOBAL, NAME, "Rules on replies", status=LATER),
    SectionTag("dns", GLOBAL, None, "Cached domains", status=LATER),
    SectionTag("domain-key-list", GLOBAL, NAME, "Keys by request", status=LATER),
    SectionTag("transmissions-api", GLOBAL, None, "HTTP injection", status=LATER),
    SectionTag(
        "transmissions-api-listener", GLOBAL, PLACE, "HTTP injection", status=LATER
    ),
    SectionTag("proxy", GLOBAL, NAME, "Outgoing proxies", status=LATER),
    SectionTag("aliases", GLOBAL, None, "Forwarding", status=LATER),
    SectionTag("mx-rollup-list", GLOBAL, None, "Queues by MX", status=LATER),
    SectionTag("bounce-category-patterns", GLOBAL, None, "Categories", status=LATER),
    SectionTag("vault", GLOBAL, None, "Keys from a server", status=LATER),
)


def _processor_rows(scope: str, section: str, what: str) -> tuple[Directive, ...]:
    return (
        Directive(
            "deliver-matched-email",
            scope,
            BOOLEAN,
            "false",
            f"Recognised {what} are delivered as well",
            f"guide {section}.2",
        ),
        Directive(
            "deliver-unmatched-email",
            scope,
            BOOLEAN,
            "true",
            f"Mail that is none of the {what} is delivered",
            f"guide {section}.1",
        ),
    )


SMALL_SECTION_ROWS: tuple[Directive, ...] = (
    *_processor_rows("bounce-processor", "3.3.3", "bounces"),
    *_processor_rows("feedback-loop-processor", "3.3.4", "complaints"),
    Directive(
        "address",
        "address-list",
        LIST_ADDRESS,
        "",
        "An address, a local part, or a pattern",
        "guide 3.3.5.1",
        repeatable=True,
        reload=False,
    ),
    Directive(
        "address-file",
        "address-list",
        FILE,
        "",
        "A file with one address or local part per line",
        "guide 3.3.5.2",
        repeatable=True,
        reload=False,
    ),
    Directive(
        "domain",
        "address-list",
        DOMAIN,
        "",
        "Every address of the domain",
        "guide 3.3.5.3",
        repeatable=True,
        reload=False,
    ),
    Directive("password", "smtp-user", SECRET, "", "The password", "guide 3.3.8.1"),
    Directive(
        "authentication-method",
        "smtp-user",
        choice("password", later=("system", "certificate")),
        "password",
        "How the user proves the identity",
        "guide 3.3.8.2",
    ),
    Directive(
        "source",
        "smtp-user",
        SOURCE_NAME,
        "",
        "Source applied after the login, {auth} without it",
        "guide 3.3.8.4",
    ),
    Directive(
        "source",
        "smtp-listener",
        SOURCE_NAME,
        "",
        "Source applied to connections to this listener",
        "guide 3.3.17.3",
    ),
    Directive(
        "mail-from",
        "rewrite-list",
        REWRITE_RULE,
        "",
        "Rewrites the envelope sender",
        "guide 3.3.18.1",
        repeatable=True,
    ),
    Directive(
        "sender-or-from",
        "signals-filter",
        FILTER_RULE,
        "",
        "Switches events by the domain of Sender or From",
        "guide 10.1.4.3.1",
        repeatable=True,
    ),
)
