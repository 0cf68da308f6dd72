"""THE table of value types: how a directive's value is written, read and placed."""

from collections.abc import Callable
from typing import Any

import msgspec

from sinyal.config import addresses, values
from sinyal.config.grammar import words
from sinyal.config.patterns import domain_pattern
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import (
    DomainKey,
    EnableSignals,
    FilterRule,
    Macro,
    SignalsDecision,
)

Resolve = Callable[[str], str]


class Type(msgspec.Struct, frozen=True):
    """One way to write a value.

    `form` completes "write ..."; `absent` is the value of a directive without default.
    `place` turns relative paths into absolute ones, `files` lists those that must
    exist; `refers` gives the name of a section that must exist, with one of the tags
    `refers_to`.
    """

    name: str
    form: str
    parse: Callable[[str], Any]
    absent: Any = ""
    place: Callable[[Any, Resolve], Any] | None = None
    files: Callable[[Any], tuple[str, ...]] | None = None
    refers_to: tuple[str, ...] = ()
    refers: Callable[[Any], str] = str


def _resolve_path(path: str, resolve: Resolve) -> str:
    return resolve(path) if path else path


def _resolve_key(key: DomainKey, resolve: Resolve) -> DomainKey:
    return msgspec.structs.replace(key, filename=resolve(key.filename))


def _certificate(text: str) -> str:
    found = words(text)
    if len(found) > 1:
        raise BadValue(
            "a password for the certificate is not done yet",
            "store the key without a password, readable by the server only",
        )
    return values.word(text)


def _macro(text: str) -> Macro:
    label, *rest = text.split(None, 1) or [""]
    if not (label.isascii() and label.replace("_", "a").isalnum()):
        raise BadValue(
            f'"{label[:40]}" is not a macro name', "use letters, digits and _"
        )
    return Macro(label, values.items(rest[0] if rest else ""))


def _filter_rule(text: str) -> FilterRule:
    pattern, *rest = text.split(None, 1) or [""]
    action = ",".join(values.items(rest[0])) if rest else ""
    domain_pattern(pattern)
    if action == "disable-signals":
        return FilterRule(pattern, SignalsDecision(enabled=False))
    if action.partition(",")[0] != "enable-signals":
        raise BadValue("neither enable-signals nor disable-signals follows the pattern")
    switch = values.enable_signals("true" + action.removeprefix("enable-signals"))
    return FilterRule(
        pattern, SignalsDecision(enabled=True, subaccount_id=switch.subaccount_id)
    )


def _relay_domain(text: str) -> str:
    found = values.word(text)
    domain_pattern(found)
    return found


def _virtual_mta_or_pool(name: str) -> str:
    return "" if name == "by-smtp-source-ip" else name


def _filter_name(switch: EnableSignals) -> str:
    return switch.filter_name


SWITCH_FORM = "write yes or no"
TIME_FORM = "write numbers with w, d, h, m or s, like 4d12h"
SIZE_FORM = "write a number with b, k, m, g or t, like 250M"

BOOLEAN = Type("boolean", SWITCH_FORM, values.boolean)
SIGNING_SWITCH = Type(
    "boolean", SWITCH_FORM, values.switch_with("if-x-dkim-options-present")
)
ROUTING_SWITCH = Type("boolean", SWITCH_FORM, values.switch_with("never"))
SECRET = Type("text", "write one word, or text in double quotes", values.secret)
INTEGER = Type("number", "write a whole number", values.integer, 0)
LIMIT = Type("number or unlimited", "write a number or unlimited", values.limit, 0)
PORT = Type("port", "write a port, like 25", values.port)
STRING = Type("text", "write one word, or text in double quotes", values.word)
TEXT = Type("line of text", "write the text", values.text_line)
DURATION = Type("time interval", TIME_FORM, values.duration)
IDLE = Type("time interval, 10m at most", TIME_FORM, values.idle_duration)
DURATION_OR_NEVER = Type(
    "time interval or never", TIME_FORM + ", or never", values.duration_or_never
)
DURATIONS = Type("time intervals", TIME_FORM + ", with commas", values.durations, ())
SIZE = Type("size", SIZE_FORM, values.size, 0)
FILE_SIZE = Type("size, 1M at least", SIZE_FORM, values.file_size, 0)
RATE = Type("rate", "write N/UNIT, like 100/15m, or unlimited", values.rate, None)
URL = Type("URL", "write http://HOST/PATH or https://HOST/PATH", values.http_url)
API_KEY = Type("40 hex digits", "write 40 hex digits", values.api_key)
ENGAGEMENT = Type(
    "yes, no or sparkpost", "write sparkpost, yes or no", values.engagement, "no"
)
HEADERS = Type("header names", "write names with commas", values.header_names, ())
RECORDS = Type(
    "record types",
    "write letters out of d, b, t, tq, r, f, rb, rs",
    values.record_types,
)
RECORD_FIELDS = Type(
    "record type and fields", "write TYPE FIELD[,FIELD...]", values.record_fields
)
EMAIL = Type("mail address", "write NAME@DOMAIN", addresses.email)
DOMAIN = Type("domain name", "write a domain name", addresses.domain)
RELAY_DOMAIN = Type(
    "domain pattern", "write NAME, *.NAME, [*.]NAME or [IP/MASK]", _relay_domain
)
RELAY_ADDRESS = Type(
    "address or /REGEX/",
    "write NAME@DOMAIN or /REGEX/",
    addresses.address_or_pattern(bare=False),
)
LIST_ADDRESS = Type(
    "address, local part or /REGEX/",
    "write NAME@DOMAIN, NAME or /REGEX/",
    addresses.address_or_pattern(bare=True),
)
NAME_SERVER = Type(
    "address[:port]", "write ADDRESS or ADDRESS:PORT", addresses.name_server
)
LISTENER = Type("address:port", "write IP:PORT [source=NAME]", addresses.listener)
SOURCE_HOST = Type(
    "address or range, and name", "write IP HOST-NAME", addresses.source_host
)
SMTP_HOSTS = Type(
    "hosts",
    "write HOST[:PORT] or [IP][:PORT] or lookup-mx:DOMAIN, with , and ;",
    addresses.smtp_hosts,
    (),
)
REWRITE_RULE = Type("rewrite rule", "write SOURCE TARGET", addresses.rewrite_rule)
MACRO = Type("name and values", "write NAME VALUE[,VALUE...]", _macro)
FILTER_RULE = Type(
    "domain pattern and switch",
    "write PATTERN enable-signals[,subaccount=N] or PATTERN disable-signals",
    _filter_rule,
)

PATH = Type("path", "write a path", values.word, place=_resolve_path)
FILE = Type(
    "path of a file",
    "write the path of a file",
    values.word,
    place=_resolve_path,
    files=lambda path: (path,),
)
CERTIFICATE = Type(
    "path of a PEM file",
    "write the path of a PEM file with certificate and key",
    _certificate,
    place=_resolve_path,
    files=lambda path: (path,),
)
DOMAIN_KEY = Type(
    "selector, domain and file",
    "write SELECTOR, DOMAIN, FILE",
    addresses.domain_key,
    place=_resolve_key,
    files=lambda key: (key.filename,),
)

VIRTUAL_MTA = Type(
    "VirtualMTA",
    "write a VirtualMTA's name",
    addresses.name,
    refers_to=("virtual-mta",),
)
VIRTUAL_MTA_OR_POOL = Type(
    "VirtualMTA or pool",
    "write the name of a VirtualMTA or pool, or by-smtp-source-ip",
    addresses.name_or_none,
    refers_to=("virtual-mta", "virtual-mta-pool"),
    refers=_virtual_mta_or_pool,
)
SOURCE_NAME = Type(
    "source", "write a source's name", addresses.name, refers_to=("source",)
)
REWRITE_LIST = Type(
    "rewrite-list",
    "write a rewrite-list's name",
    addresses.name_or_none,
    refers_to=("rewrite-list",),
)
ENABLE_SIGNALS = Type(
    "switch or signals-filter",
    "write true[,subaccount=N], false or a filter's name",
    values.enable_signals,
    None,
    refers_to=("signals-filter",),
    refers=_filter_name,
)


def choice(*words: str, later: tuple[str, ...] = ()) -> Type:
    """A type of one word out of `words`; `later` are known words not done yet."""
    listed = ", ".join(words)
    return Type(listed, f"write one of: {listed}", values.one_of(*words, later=later))
