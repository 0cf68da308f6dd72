"""The table of sections; guide 3.3."""

from sinyal.config import addresses, reporting, values
from sinyal.config.directives.row import SectionTag, Status
from sinyal.config.types import Type

NAME = Type("name", "write <tag NAME>", addresses.name)
SOURCE = Type(
    "address, range or name", "write an IP, a range or a name", addresses.source_entry
)
PATTERN = Type("domain pattern", "write NAME, *.NAME, [*.]NAME or *", values.word)
FILE_OR_PIPE = Type(
    'path or "|command"', "write a path, or |COMMAND", reporting.accounting_place
)
DIRECTORY = Type(
    "path",
    "write a path",
    values.word,
    place=lambda path, resolve: resolve(path) if path else path,
)
PLACE = Type("address:port", "write IP:PORT or CIDR:PORT", addresses.listener_place)

ACCEPTED = Status.ACCEPTED
GLOBAL = ("global",)
PROCESSORS = ("bounce-processor", "feedback-loop-processor")
WITH_DOMAINS = ("global", "virtual-mta", "virtual-mta-pool")
DELIVERY = "delivery does not use it yet"

SECTIONS: tuple[SectionTag, ...] = (
    SectionTag(
        "spool", GLOBAL, DIRECTORY, "A directory that keeps mail until delivery"
    ),
    SectionTag("source", GLOBAL, SOURCE, "What a feeder may do"),
    SectionTag("source-group", GLOBAL, NAME, "Connections that sources share"),
    SectionTag("smtp-user", GLOBAL, NAME, "A login name and its password"),
    SectionTag("smtp-listener", GLOBAL, PLACE, "Where mail is accepted"),
    SectionTag("transmissions-api", GLOBAL, None, "Injection over HTTP"),
    SectionTag(
        "transmissions-api-listener", GLOBAL, PLACE, "Where HTTP injection is accepted"
    ),
    SectionTag("domain", WITH_DOMAINS, PATTERN, "How queues are delivered"),
    SectionTag(
        "virtual-mta", GLOBAL, NAME, "A sender with its own addresses and queues"
    ),
    SectionTag("virtual-mta-pool", GLOBAL, NAME, "VirtualMTAs used in turn"),
    SectionTag(
        "pattern-list",
        (*GLOBAL, "pattern-list"),
        NAME,
        "Rules that select a VirtualMTA",
    ),
    SectionTag("rewrite-list", GLOBAL, NAME, "Rules for senders"),
    SectionTag("domain-key-list", GLOBAL, NAME, "DKIM keys that a message asks for"),
    SectionTag("aliases", GLOBAL, None, "Mail for one address that goes to others"),
    SectionTag("acct-file", GLOBAL, FILE_OR_PIPE, "An accounting file"),
    SectionTag("bounce-processor", GLOBAL, None, "What becomes of bounces"),
    SectionTag("feedback-loop-processor", GLOBAL, None, "What becomes of complaints"),
    SectionTag(
        "address-list",
        (*GLOBAL, *PROCESSORS),
        NAME,
        "Addresses that a processor reads, or that a source refuses",
        is_optional=True,
    ),
    SectionTag(
        "suppression-list",
        GLOBAL,
        NAME,
        "Other name of address-list",
        alias_of="address-list",
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
        "email-patterns",
        PROCESSORS,
        None,
        "Reports of another form",
        status=ACCEPTED,
        reason="reports are read in their usual forms so far",
    ),
    SectionTag("smtp-pattern-list", GLOBAL, NAME, "Rules on replies"),
    SectionTag("mx-rollup-list", GLOBAL, None, "Queues by MX"),
    SectionTag(
        "proxy",
        GLOBAL,
        NAME,
        "A proxy of outgoing connections",
        status=ACCEPTED,
        reason=DELIVERY,
    ),
    SectionTag(
        "dns",
        GLOBAL,
        None,
        "Domains looked up before they are needed",
        status=ACCEPTED,
        reason="domains are looked up when they are needed",
    ),
    SectionTag(
        "bounce-category-patterns",
        GLOBAL,
        None,
        "Categories of bounces, before those built in",
    ),
    SectionTag(
        "pattern",
        ("bounce-category-patterns",),
        NAME,
        "Older form of a line /REGEX/ CATEGORY",
        is_optional=True,
        status=ACCEPTED,
        reason="write /REGEX/ CATEGORY in its place",
    ),
    SectionTag(
        "smtp-source",
        GLOBAL,
        SOURCE,
        "Older name of source",
        alias_of="source",
    ),
    SectionTag(
        "bounce-log",
        GLOBAL,
        None,
        "Older form of an accounting file",
        status=ACCEPTED,
        reason="write <acct-file FILE> with records b in its place",
    ),
    SectionTag(
        "route",
        (*WITH_DOMAINS, "domain"),
        NAME,
        "Older form of smtp-hosts",
        is_optional=True,
        status=ACCEPTED,
        reason="write smtp-hosts in <domain> in its place",
    ),
    SectionTag(
        "policy",
        GLOBAL,
        NAME,
        "Older rules, not part of the language any more",
        is_optional=True,
        status=ACCEPTED,
        reason="nothing took its place; write <domain> sections",
    ),
    SectionTag(
        "vault",
        GLOBAL,
        None,
        "A server that keeps keys",
        status=ACCEPTED,
        reason="keys are read from files so far",
    ),
)
