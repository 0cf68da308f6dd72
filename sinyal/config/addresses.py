"""Text into network places and mail addresses; guide 3.2, rules CFG-14, LIM-6, RW."""

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from sinyal.config.amounts import port
from sinyal.config.expression import Pattern
from sinyal.config.grammar import words
from sinyal.config.problem import BadValue
from sinyal.config.values import items, word
from sinyal.config.vocabulary import (
    DomainKey,
    Listener,
    RewriteRule,
    SmtpHost,
    SourceHost,
)

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}")
DOTTED_FOUR = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?\.?")
NAME = re.compile(r"[^\s<>\",/#|]{1,128}")
BRACED = re.compile(r"\{[^{}<>\s]{1,126}\}")
MAX_DOMAIN = 255
SPARKPOST = ".sparkpost.com"


def canonical_domain(text: str) -> str:
    """`text` in lower case, as A-labels, without the last dot (PAT-1).

    A name that has no A-label form is kept in lower case.
    """
    plain = text.lower().rstrip(".")
    if plain.isascii() or len(plain) > MAX_DOMAIN:
        return plain
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return plain


def is_sparkpost(upload_url: str) -> bool:
    """Whether events go up to SparkPost's own service, which cannot serve our links."""
    return f".{urlsplit(upload_url).hostname}".endswith(SPARKPOST)


def domain(text: str) -> str:
    """A domain or host name in canonical form."""
    found = word(text)
    name = canonical_domain(found)
    if not HOST.fullmatch(name):
        raise BadValue(f'"{found[:60]}" is not a domain name')
    return name


def name(text: str) -> str:
    """The name of a section; letters are compared as written."""
    found = word(text)
    if not NAME.fullmatch(found):
        raise BadValue(f'"{found[:60]}" is not a name')
    return found


def name_or_none(text: str) -> str:
    """A section's name, or "" for the explicit empty value (CFG-6)."""
    return name(text) if word(text) else ""


def names(text: str) -> tuple[str, ...]:
    """Names of sections with commas; `""` is none of them (CFG-6)."""
    return tuple(name(part) for part in items(text))


def domain_with_macros(text: str) -> str:
    """A domain name; one with `$NAME` is read when the macros are known (CFG-17)."""
    return word(text) if "$" in text else domain(text)


def ip(text: str) -> IpAddress:
    """An address; a mapped IPv4 address (`::ffff:10.0.0.1`) becomes that IPv4 one."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise BadValue(f'"{text[:60]}" is not an IP address') from None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def network(text: str) -> IpNetwork:
    """A range; `10/8`, `0/0` and a plain address are understood (CFG-14)."""
    base, slash, mask = text.partition("/")
    if "-" in text:
        remedy = "write a range as 10.0.0.0/24, or each address"
        raise BadValue(f'"{text[:60]}" is not an IP address or range', remedy)
    if DOTTED.fullmatch(base) and slash:
        base = ".".join([*base.split("."), "0", "0", "0"][:4])
    if slash and not (mask.isascii() and mask.isdigit() and len(mask) <= 3):
        raise BadValue(f'"{text[:60]}" is not an IP address or range')
    try:
        return ipaddress.ip_network(base + slash + mask, strict=False)
    except ValueError:
        raise BadValue(f'"{text[:60]}" is not an IP address or range') from None


def source_entry(text: str) -> IpNetwork | str:
    """The argument of `<source>`: a range, a name, or a name in braces (SRC-3)."""
    found = word(text)
    if BRACED.fullmatch(found):
        return found
    if found[:1].isdigit() or ":" in found or "/" in found:
        return network(found)
    return name(found)


def source_host(text: str) -> SourceHost:
    """`{IP or CIDR} HOST-NAME`; guide 3.3.1.16."""
    first, host = _two(text)
    found = network(first)
    whole = found.prefixlen == found.max_prefixlen
    return SourceHost(str(found.network_address if whole else found), domain(host))


def name_server(text: str) -> tuple[str, int]:
    """`ADDRESS[:PORT]`; the port is an extension, 53 without it."""
    host, number = place(word(text), 53)
    return str(ip(host)), number


class Place(NamedTuple):
    """Where a listener is: an address or a range, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def listener_place(text: str) -> Place:
    """`IP:PORT` or `CIDR:PORT`, for IPv6 `[IP]:PORT`; guide 3.3.1.20."""
    host, number = place(word(text), 0)
    if not number:
        raise BadValue("the port is missing")
    if "/" not in host:
        return Place(str(ip(host)), number)
    found = network(host)
    is_all = found.prefixlen == 0
    return Place(str(found.network_address if is_all else found), number)


def listener(text: str) -> Listener:
    """`IP:PORT [source=NAME]`; guide 3.3.1.20."""
    first, *rest = words(text) or [""]
    host, number = listener_place(first)
    if not rest:
        return Listener(host, number)
    key, equals, source = rest[0].partition("=")
    if len(rest) > 1 or key != "source" or not equals:
        raise BadValue(f'"{rest[-1][:40]}" is not understood here')
    return Listener(host, number, name(source))


def smtp_hosts(text: str) -> tuple[tuple[SmtpHost, ...], ...]:
    """Preference levels, best first; `;` parts levels, `,` equals (LIM-6)."""
    plain = word(text) if text.startswith('"') else text
    if not plain:
        return ()
    return tuple(
        tuple(_smtp_host(host) for host in items(level)) for level in plain.split(";")
    )


def _smtp_host(text: str) -> SmtpHost:
    if text.lower().startswith("lookup-mx:"):
        return SmtpHost(domain(text[len("lookup-mx:") :]), is_mx_lookup=True)
    if not text.startswith("["):
        host, colon, number = text.partition(":")
        if DOTTED_FOUR.fullmatch(host):  # brackets are often left out
            host = f"[{ip(host)}]"
            return SmtpHost(host, port(number) if colon else 0)
        return SmtpHost(domain(host), port(number) if colon else 0)
    host, bracket, number = text[1:].partition("]")
    if not bracket or (number and not number.startswith(":")):
        raise BadValue(f'"{text[:60]}" is not a host')
    found = str(ip(host.removeprefix("IPv6:")))
    return SmtpHost(f"[{found}]", port(number[1:]) if number else 0)


def place(text: str, usual: int) -> tuple[str, int]:
    """Split at the last colon; an IPv6 address with a port stands in brackets."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, port(rest[1:]) if rest.startswith(":") else usual
    host, colon, number = text.rpartition(":")
    if not colon or (usual and text.count(":") > 1):
        return text, usual
    return host, port(number)


def domain_key(text: str) -> DomainKey:
    """`SELECTOR, DOMAIN, FILENAME`, blanks free; guide 3.3.1.33.1."""
    parts = [part.strip() for part in text.split(",", 2)]
    if len(parts) != 3 or not all(parts):
        raise BadValue("a key has a selector, a domain and a file")
    owner = parts[1] if parts[1] == "*" or "$" in parts[1] else domain(parts[1])
    return DomainKey(word(parts[0]), owner, word(parts[2]))


def email(text: str) -> str:
    """One mail address without angle brackets."""
    found = word(text)
    local, at, host = found.rpartition("@")
    is_local = local.startswith('"') or (local and "@" not in local)
    if not (is_local and at and HOST.fullmatch(canonical_domain(host))):
        raise BadValue(f'"{found[:60]}" is not a mail address')
    return found


def email_or_none(text: str) -> str:
    """A mail address, or "" for the explicit empty value (CFG-6)."""
    return email(text) if word(text) else ""


def rewrite_rule(text: str) -> RewriteRule:
    """`SOURCE TARGET` of a mail-from rule; guide 3.3.18.1 (RW-1)."""
    source, target = _two(text)
    for side in (source, target):
        local, at, host = side.rpartition("@")
        if side != "<>" and not (local and at and host):
            raise BadValue(f'"{side[:60]}" is not of the form name@domain or <>')
    if "*" in target and source == "<>":
        raise BadValue("* in the target has nothing to stand for")
    if not target.isascii():
        raise BadValue("the target is not ASCII", "write the domain as xn--...")
    return RewriteRule(source, target)


def _two(text: str) -> tuple[str, str]:
    found = words(text)
    if len(found) != 2:
        raise BadValue(f"{len(found)} words where two belong")
    return found[0], found[1]


def address_or_pattern(*, bare: bool) -> Callable[[str], "str | Pattern"]:
    """A reader of an address or `/REGEX/`; `bare` admits a local part alone."""

    def entry(text: str) -> str | Pattern:
        if text.startswith("/"):
            if len(text) < 2 or not text.endswith("/"):
                raise BadValue("the closing / is missing")
            return Pattern(text[1:-1].replace("\\/", "/"))
        found = word(text)
        return found if bare and "@" not in found and found else email(found)

    return entry
