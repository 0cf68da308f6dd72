"""The text of an SPF record, all of it checked before any of it is used.

Source: RFC 7208 4.5, 4.6, 5, 6, 12.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import msgspec

from sinyal.mail.spf_macro import MacroError, MacroString, parse, parse_domain

VERSION = "v=spf1"
MAX_RECORD = 8192  # characters; longer ones are refused before any work
MAX_TERMS = 600  # as many addresses fit into such a record
VISIBLE = re.compile(r"[ -~]*")
MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9\-_.]*)=(.*)")
MECHANISM = re.compile(r"([-+?~]?)([A-Za-z][A-Za-z0-9\-_.]*)((?:[:/].*)?)")
DUAL_CIDR = re.compile(r"(.*?)(?:/(\d{1,3}))?(?://(\d{1,3}))?")
QUALIFIERS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
Network = IPv4Network | IPv6Network


class RecordError(ValueError):
    """A record that breaks the grammar."""


class Mechanism(msgspec.Struct, frozen=True):
    """One mechanism and the result where it matches.

    `domain` is () for the domain of the record. `prefixes` are the lengths for IPv4 and
    IPv6 of `a` and `mx`.
    """

    kind: str
    result: str
    domain: MacroString = ()
    prefixes: tuple[int, int] = (32, 128)
    network: Network | None = None


class Record(msgspec.Struct, frozen=True):
    """A whole record; () for a modifier that is not there."""

    mechanisms: tuple[Mechanism, ...] = ()
    redirect: MacroString = ()
    explanation: MacroString = ()


def is_record(text: str) -> bool:
    """Whether a TXT record is an SPF record; RFC 7208 4.5."""
    return text[:7].lower().rstrip(" ") == VERSION


def parse_record(text: str) -> Record:
    """The record that `is_record` found. Errors: RecordError."""
    if len(text) > MAX_RECORD:
        raise RecordError(f"longer than {MAX_RECORD} characters")
    if not VISIBLE.fullmatch(text):
        raise RecordError("a character that is not printable ASCII")
    terms = text[len(VERSION) :].split()
    if len(terms) > MAX_TERMS:
        raise RecordError(f"more than {MAX_TERMS} terms")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, MacroString] = {}
    try:
        for term in terms:
            if found := MODIFIER.fullmatch(term):
                _add_modifier(modifiers, found[1].lower(), found[2])
            else:
                mechanisms.append(_mechanism(term))
    except MacroError as error:
        raise RecordError(str(error)) from error
    return Record(
        tuple(mechanisms), modifiers.get("redirect", ()), modifiers.get("exp", ())
    )


def _add_modifier(modifiers: dict[str, MacroString], name: str, value: str) -> None:
    if name not in {"redirect", "exp"}:
        parse(value)
        return
    if name in modifiers:
        raise RecordError(f"{name} stands twice")
    modifiers[name] = parse_domain(value)


def _mechanism(term: str) -> Mechanism:
    found = MECHANISM.fullmatch(term)
    read = _READERS.get(found[2].lower()) if found else None
    if found is None or read is None:
        raise RecordError(f"unknown term {term[:80]!r}")
    return read(found[2].lower(), QUALIFIERS[found[1]], found[3])


def _read_all(kind: str, result: str, rest: str) -> Mechanism:
    if rest:
        raise RecordError("all takes no argument")
    return Mechanism(kind, result)


def _read_domain(kind: str, result: str, rest: str) -> Mechanism:
    if not rest.startswith(":"):
        raise RecordError(f"{kind} needs a domain")
    return Mechanism(kind, result, parse_domain(rest[1:]))


def _read_pointer(kind: str, result: str, rest: str) -> Mechanism:
    return _read_domain(kind, result, rest) if rest else Mechanism(kind, result)


def _read_addresses(kind: str, result: str, rest: str) -> Mechanism:
    """`a` and `mx`: a domain or none, and lengths of prefixes."""
    found = DUAL_CIDR.fullmatch(rest)
    domain, four, six = found.groups() if found else (rest, None, None)
    prefixes = _prefix(four, 32), _prefix(six, 128)
    if not domain:
        return Mechanism(kind, result, prefixes=prefixes)
    if not domain.startswith(":"):
        raise RecordError(f"no prefix length: {rest[:80]!r}")
    return Mechanism(kind, result, parse_domain(domain[1:]), prefixes)


def _read_ip4(kind: str, result: str, rest: str) -> Mechanism:
    text, prefix = _address_and_prefix(kind, rest, 32)
    try:
        network = IPv4Network((IPv4Address(text), prefix), strict=False)
    except ValueError as error:
        raise RecordError(str(error)) from error
    return Mechanism(kind, result, network=network)


def _read_ip6(kind: str, result: str, rest: str) -> Mechanism:
    text, prefix = _address_and_prefix(kind, rest, 128)
    try:
        network = IPv6Network((IPv6Address(text), prefix), strict=False)
    except ValueError as error:
        raise RecordError(str(error)) from error
    return Mechanism(kind, result, network=network)


def _address_and_prefix(kind: str, rest: str, longest: int) -> tuple[str, int]:
    text, slash, prefix = rest[1:].partition("/")
    if not rest.startswith(":") or "%" in text:
        raise RecordError(f"{kind} needs an address")
    return text, _prefix(prefix if slash else None, longest)


def _prefix(text: str | None, longest: int) -> int:
    if text is None:
        return longest
    is_number = text.isascii() and text.isdecimal() and len(text) < 4
    if not is_number or text != str(int(text)) or int(text) > longest:
        raise RecordError(f"no prefix length: {text[:80]!r}")
    return int(text)


_READERS: dict[str, Callable[[str, str, str], Mechanism]] = {
    "all": _read_all,
    "include": _read_domain,
    "exists": _read_domain,
    "ptr": _read_pointer,
    "a": _read_addresses,
    "mx": _read_addresses,
    "ip4": _read_ip4,
    "ip6": _read_ip6,
}
