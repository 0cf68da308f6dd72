"""THE table of value types: how a directive's value is written, read and placed."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sinyal.config import addresses, amounts, limits, reporting, rules, values
from sinyal.config.expression import Pattern
from sinyal.config.macros import Macros
from sinyal.config.patterns import domain_pattern
from sinyal.config.vocabulary import DomainKey, TlsFiles

Resolve = Callable[[str], str]


def _itself(value: Any) -> tuple[str, ...]:
    return (value,) if value else ()


class Type(msgspec.Struct, frozen=True):
    """One way to write a value.

    `form` completes "write ..."; `absent` is the value of a directive without default.
    `place` turns relative paths into absolute ones, `files` lists those that must
    exist; `refers` gives the names of sections that must exist, each with one of the
    tags `refers_to`; `patterns` gives the operator's regular expressions; `expand`
    gives the values that stand for one with macros. A value with `is_secret` is
    repeated to nobody; `is_free` text may look like a placeholder of a template; a file
    of one with `has_key` holds a private key.
    """

    name: str
    form: str
    parse: Callable[[str], Any]
    absent: Any = ""
    place: Callable[[Any, Resolve], Any] | None = None
    files: Callable[[Any], tuple[str, ...]] | None = None
    refers_to: tuple[str, ...] = ()
    refers: Callable[[Any], tuple[str, ...]] = _itself
    patterns: Callable[[Any], tuple[Pattern, ...]] | None = None
    expand: Callable[[Any, Macros], Iterable[Any]] | None = None
    is_secret: bool = False
    is_free: bool = False
    has_key: bool = False


def _resolve_path(path: str, resolve: Resolve) -> str:
    return resolve(path) if path else path


def _resolve_pair(paths: tuple[str, ...], resolve: Resolve) -> tuple[str, ...]:
    return tuple(resolve(path) for path in paths)


def _resolve_key(key: DomainKey, resolve: Resolve) -> DomainKey:
    if key.filename.startswith("{vault}:"):
        return key
    return msgspec.structs.replace(key, filename=resolve(key.filename))


def _resolve_tls(files: TlsFiles, resolve: Resolve) -> TlsFiles:
    return TlsFiles(resolve(files.path), files.password) if files else files


def _expand_key(key: DomainKey, macros: Macros) -> list[DomainKey]:
    return [
        msgspec.structs.replace(key, domain=domain)
        for domain in macros.expand(key.domain)
    ]


def _expand_text(text: str, macros: Macros) -> list[str]:
    found = macros.expand(text)
    for domain in found:
        domain_pattern(domain)
    return [addresses.canonical_domain(domain) for domain in found]


def _own_pattern(value: Any) -> tuple[Pattern, ...]:
    return (value,) if isinstance(value, Pattern) else ()


def _rule_pattern(value: Any) -> tuple[Pattern, ...]:
    return (value.pattern,) if value.pattern else ()


def _first(value: Any) -> tuple[Pattern, ...]:
    return (value[0],)


OTHER_WAYS = ("pipe", "file", "discard", "http-delivery")
NOT_OVER_SMTP = "mail would go out over SMTP: other ways are not done yet"
SWITCH_FORM = "write yes or no"
TIME_FORM = "write numbers with w, d, h, m or s, like 4d12h"
SIZE_FORM = "write a number with b, k, m, g or t, like 250M"
WORD_FORM = "write one word, or text in double quotes"
RATE_FORM = "write N/UNIT, like 100/15m, or unlimited"
CERTIFICATE_FORM = "write the path of a PEM file with certificate and key"


def _text(name: str, form: str, parse: Callable[[str], Any], absent: Any = "") -> Type:
    return Type(name, form, parse, absent)


PLAIN = (
    _text("boolean", SWITCH_FORM, values.boolean),
    _text(
        "boolean or if-x-dkim-options-present",
        "write yes, no or if-x-dkim-options-present",
        values.signing,
    ),
    _text(
        "way of delivery",
        "write smtp",
        values.one_of(
            "smtp",
            refused=dict.fromkeys(OTHER_WAYS, NOT_OVER_SMTP),
        ),
    ),
    _text(
        "signature algorithm",
        "write rsa-sha256",
        values.one_of(
            "rsa-sha256",
            refused={"rsa-sha1": "nobody counts such a signature any more, RFC 8301"},
        ),
    ),
    _text(
        "boolean or time interval",
        "write yes, no, never or a time interval",
        amounts.switch_with("never"),
    ),
    _text("number", "write a whole number", amounts.integer, 0),
    _text("number or unlimited", "write a number or unlimited", amounts.limit, 0),
    _text("number or auto", "write a number or auto", limits.number_or("auto", 0), 0),
    _text("0 to 100", "write a number from 0 to 100", limits.between(0, 100), 0),
    _text("1 to 100", "write a number from 1 to 100", limits.between(1, 100), 0),
    _text("port", "write a port, like 25", amounts.port, 0),
    _text("port or 0", "write a port, or 0 for none", limits.between(0, 65_535), 0),
    _text("text", WORD_FORM, values.word),
    _text("line of text", "write the text", values.text_line),
    _text("time interval", TIME_FORM, amounts.duration, 0.0),
    _text("time interval, 10m at most", TIME_FORM, amounts.idle_duration),
    _text(
        "time interval or never", TIME_FORM + ", or never", amounts.duration_or_never
    ),
    _text("time intervals", TIME_FORM + ", with commas", amounts.durations, ()),
    _text("size", SIZE_FORM, amounts.size, 0),
    _text("size, 1M at least", SIZE_FORM, amounts.file_size, 0),
    _text("rate", RATE_FORM, amounts.rate, None),
    _text("data rate", "write SIZE/UNIT, like 10g/2h", limits.data_rate, None),
    _text("daily limits", "write N/day with commas", limits.daily_limits, ()),
    _text("range and number", "write CIDR N", limits.by_range_limit),
    _text("range and rate", "write CIDR N/UNIT", limits.by_range_rate),
    _text("range and data rate", "write CIDR SIZE/UNIT", limits.by_range_data_rate),
    _text("MX pattern and number", "write MX-NAME N", limits.by_name_limit),
    _text("range", "write an IP or CIDR", addresses.network),
    _text(
        "range and right",
        "write CIDR and monitor, operator, admin or none",
        limits.access,
    ),
    _text(
        "IP", "write an IP address", lambda text: str(addresses.ip(values.word(text)))
    ),
    _text("URL", "write http://HOST/PATH or https://HOST/PATH", reporting.http_url),
    _text(
        "yes, no or sparkpost", "write sparkpost, yes or no", reporting.engagement, "no"
    ),
    _text("header name", "write the name of a header", values.header_name),
    _text("header names", "write names with commas", values.header_names, ()),
    _text(
        "record types",
        "write letters out of d, b, t, tq, r, f, rb, rs",
        reporting.record_types,
        (),
    ),
    _text(
        "record type and fields", "write TYPE FIELD[,FIELD...]", reporting.record_fields
    ),
    _text("record, header and field", "write TYPE header_NAME FIELD", rules.mapping),
    _text("queues", "write [!]DOMAIN[/VMTA] with commas", rules.queues, ()),
    _text("mail address", "write NAME@DOMAIN", addresses.email),
    _text("mail address or empty", 'write NAME@DOMAIN or ""', addresses.email_or_none),
    _text("mail addresses", "write NAME@DOMAIN with commas", limits.emails, ()),
    _text("domain name", "write a domain name", addresses.domain),
    _text("name or empty", 'write a name or ""', values.word),
    _text("signing identity", "write NAME@DOMAIN, @DOMAIN or a domain", rules.identity),
    _text("alias", "write SOURCE TARGET[,TARGET...]", rules.alias),
    _text("address[:port]", "write ADDRESS or ADDRESS:PORT", addresses.name_server),
    _text("address:port", "write IP:PORT [source=NAME]", addresses.listener),
    _text("address and name", "write IP HOST-NAME", addresses.source_host),
    _text(
        "hosts",
        "write HOST[:PORT] or [IP][:PORT] or lookup-mx:DOMAIN, with , and ;",
        addresses.smtp_hosts,
        (),
    ),
    _text("rewrite rule", "write SOURCE TARGET", addresses.rewrite_rule),
    _text("domain pattern and domain", "write PATTERN DOMAIN", rules.from_domain_rule),
    _text("name and values", "write NAME VALUE[,VALUE...]", rules.macro),
    _text(
        "domain pattern and switch",
        "write PATTERN enable-signals[,subaccount=N] or PATTERN disable-signals",
        rules.filter_rule,
    ),
    _text("rollup rule", "write MX NAME.rollup [rollup-by-ip]", rules.rollup_rule),
    _text("host:port", "write HOST:PORT", limits.proxy_place),
    _text("address and name of a proxy", "write IP[:PORT] NAME", limits.proxy_client),
    _text(
        "proxied source", "write CIDR PROXY:PORT IP[:PORT] NAME", limits.proxy_source
    ),
)

ON_DISK = (
    Type("path", "write a path", values.word, place=_resolve_path),
    Type(
        "path of a file",
        "write the path of a file",
        values.word,
        place=_resolve_path,
        files=_itself,
    ),
    Type(
        "two paths",
        "write PICKUP-DIRECTORY BAD-FILE-DIRECTORY",
        values.two_paths,
        (),
        place=_resolve_pair,
    ),
    Type(
        "path of a PEM file",
        CERTIFICATE_FORM + ", and its password",
        values.certificate,
        TlsFiles(),
        place=_resolve_tls,
        files=lambda files: _itself(files.path),
        is_secret=True,
        has_key=True,
    ),
    Type(
        "selector, domain and file",
        "write SELECTOR, DOMAIN, FILE",
        addresses.domain_key,
        place=_resolve_key,
        files=lambda key: (
            () if key.filename.startswith("{vault}:") else (key.filename,)
        ),
        expand=_expand_key,
        is_free=True,
        has_key=True,
    ),
)

NAMES = (
    Type(
        "VirtualMTA",
        "write a VirtualMTA's name",
        addresses.name_or_none,
        refers_to=("virtual-mta",),
    ),
    Type(
        "VirtualMTA or pool",
        "write the name of a VirtualMTA or pool, or by-smtp-source-ip",
        addresses.name_or_none,
        refers_to=("virtual-mta", "virtual-mta-pool"),
        refers=lambda name: () if name == "by-smtp-source-ip" else _itself(name),
    ),
    Type(
        "source",
        "write a source's name",
        addresses.name,
        refers_to=("source",),
    ),
    Type(
        "source-group",
        "write a source-group's name",
        addresses.name,
        refers_to=("source-group",),
    ),
    Type(
        "rewrite-list",
        "write a rewrite-list's name",
        addresses.name_or_none,
        refers_to=("rewrite-list",),
    ),
    Type(
        "pattern-list",
        "write a pattern-list's name",
        addresses.name_or_none,
        refers_to=("pattern-list",),
    ),
    Type(
        "smtp-pattern-list",
        "write a smtp-pattern-list's name",
        addresses.name_or_none,
        refers_to=("smtp-pattern-list",),
    ),
    Type(
        "address-lists",
        "write names of address-lists with commas",
        addresses.names,
        (),
        refers_to=("address-list",),
        refers=tuple,
    ),
    Type(
        "proxies",
        "write names of proxies with commas",
        addresses.names,
        (),
        refers_to=("proxy",),
        refers=tuple,
    ),
    Type(
        "switch or signals-filter",
        "write true[,subaccount=N], false or a filter's name",
        reporting.enable_signals,
        None,
        refers_to=("signals-filter",),
        refers=lambda switch: _itself(switch.filter_name),
    ),
)

WITH_MACROS = (
    Type(
        "domain name, macros allowed",
        "write a domain name",
        addresses.domain_with_macros,
        expand=_expand_text,
    ),
    Type(
        "domain pattern",
        "write NAME, *.NAME, [*.]NAME or [IP/MASK]",
        rules.pattern_with_macros,
        expand=_expand_text,
    ),
)

PATTERNS = (
    Type(
        "address or /REGEX/",
        "write NAME@DOMAIN or /REGEX/",
        addresses.address_or_pattern(bare=False),
        patterns=_own_pattern,
        is_free=True,
    ),
    Type(
        "address, local part or /REGEX/",
        "write NAME@DOMAIN, NAME or /REGEX/",
        addresses.address_or_pattern(bare=True),
        patterns=_own_pattern,
        is_free=True,
    ),
    Type(
        "header names or /REGEX/",
        "write names and /REGEX/ with commas",
        rules.header_patterns,
        (),
        is_free=True,
    ),
    *(
        Type(
            f"rule on {kind}",
            f"write {kind} {form}RESULT[,RESULT]",
            rules.pattern_rule(kind),
            refers_to=("virtual-mta", "virtual-mta-pool"),
            refers=lambda rule: _itself(rule.virtual_mta),
            patterns=_rule_pattern,
            is_free=True,
        )
        for kind, form in (
            ("mail-from", "/REGEX/ "),
            ("rcpt-to", "/REGEX/ "),
            ("header", "NAME /REGEX/ "),
            ("*", ""),
        )
    ),
    Type(
        "/REGEX/ and actions",
        "write /REGEX/ ACTION[,ACTION...]",
        rules.reply_rule,
        patterns=lambda rule: (rule.pattern,),
        is_free=True,
    ),
    Type(
        "/REGEX/ and category",
        "write /REGEX/ CATEGORY",
        rules.category_rule,
        patterns=_first,
        is_free=True,
    ),
    Type("template", "write the text in double quotes", values.text_line, is_free=True),
    Type(
        "path with $ variables",
        "write a path",
        values.text_line,
        place=_resolve_path,
        is_free=True,
    ),
)

SECRETS = (
    Type("secret", WORD_FORM, values.secret, is_secret=True),
    Type("40 hex digits", "write 40 hex digits", reporting.api_key, is_secret=True),
    Type(
        "key of 32 to 128",
        "write 32 to 128 letters, digits or _",
        limits.key_of(32, 128),
        is_secret=True,
    ),
    Type(
        "privacy policy",
        'write retain, redact ["TEXT"], or a method and its key',
        reporting.privacy,
        "retain",
        is_secret=True,
    ),
)

TYPES: dict[str, Type] = {
    kind.name: kind
    for kinds in (PLAIN, ON_DISK, NAMES, WITH_MACROS, PATTERNS, SECRETS)
    for kind in kinds
}


def choice(*words: str) -> Type:
    """A type of one word out of `words`."""
    listed = ", ".join(words)
    return Type(listed, f"write one of: {listed}", values.one_of(*words))
