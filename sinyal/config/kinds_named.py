"""Value types that name something: files, sections, domains with macros, patterns."""

from typing import Any

import msgspec

from sinyal.config import addresses, reporting, rules, values
from sinyal.config.expression import Pattern
from sinyal.config.kind import Resolve, Type, itself
from sinyal.config.macros import Macros
from sinyal.config.patterns import domain_pattern
from sinyal.config.vocabulary import DomainKey, TlsFiles

CERTIFICATE_FORM = "write the path of a PEM file with certificate and key"


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


ON_DISK = (
    Type("path", "write a path", values.word, place=_resolve_path),
    Type(
        "path of a file",
        "write the path of a file",
        values.word,
        place=_resolve_path,
        files=itself,
    ),
    Type(
        "path of certificates",
        "write the path of a PEM file with certificates",
        values.word,
        place=_resolve_path,
        files=itself,
        is_pem=True,
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
        files=lambda files: itself(files.path),
        is_secret=True,
        is_pem=True,
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
        is_pem=True,
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
        refers=lambda name: () if name == "by-smtp-source-ip" else itself(name),
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
        refers=lambda switch: itself(switch.filter_name),
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
            refers=lambda rule: itself(rule.virtual_mta),
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
