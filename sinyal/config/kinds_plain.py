"""Value types that stand for themselves: switches, amounts, texts, rules, secrets."""

from collections.abc import Callable
from typing import Any

from sinyal.config import addresses, amounts, limits, reporting, rules, values
from sinyal.config.kind import Type

OTHER_WAYS = ("pipe", "file", "http-delivery")
NOT_OVER_SMTP = "mail would go out over SMTP: other ways are not done yet"
SWITCH_FORM = "write yes or no"
TIME_FORM = "write numbers with w, d, h, m or s, like 4d12h"
SIZE_FORM = "write a number with b, k, m, g or t, like 250M"
WORD_FORM = "write one word, or text in double quotes"
RATE_FORM = "write N/UNIT, like 100/15m, or unlimited"


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
        "write smtp or discard",
        values.one_of(
            "smtp",
            "discard",
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
    _text(
        "record, header and field",
        "write TYPE header_NAME FIELD",
        reporting.mapping,
    ),
    _text("queues", "write [!]DOMAIN[/VMTA] with commas", reporting.queues, ()),
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
