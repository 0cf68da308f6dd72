"""Domain patterns, and which of many fit a domain; guide 3.3.10, rules PAT and DOM."""

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from sinyal.config.addresses import (
    HOST,
    IpAddress,
    IpNetwork,
    canonical_domain,
    ip,
    network,
)
from sinyal.config.problem import BadValue

EVERY = "*"
SUBDOMAINS = "*."
WITH_SUBDOMAINS = "[*.]"
INTERNAL = re.compile(r"\{[A-Za-z]+\}")  # {sparkpost}, {bounce} (PAT-2)

Found = TypeVar("Found")


class DomainPattern(msgspec.Struct, frozen=True):
    """One pattern: `prefix` is "", `*.`, `[*.]` or `*`; `literals` is for `[ip/mask]`.

    Shape: `name` is canonical, without the prefix.
    """

    prefix: str
    name: str
    literals: IpNetwork | None = None

    @property
    def key(self) -> str:
        return self.prefix + self.name


def domain_pattern(text: str) -> DomainPattern:
    """Errors: `BadValue` for what is none of the five forms of PAT."""
    if text == EVERY:
        return DomainPattern(EVERY, "")
    for prefix in (SUBDOMAINS, WITH_SUBDOMAINS):
        if text.startswith(prefix):
            return DomainPattern(prefix, _name(text[len(prefix) :], text))
    if text.startswith("[") and text.endswith("]"):
        inside = text[1:-1].removeprefix("IPv6:")
        return DomainPattern("", text.lower(), network(inside))
    if INTERNAL.fullmatch(text):
        return DomainPattern("", text)
    return DomainPattern("", _name(text, text))


def _name(text: str, whole: str) -> str:
    name = canonical_domain(text)
    if not HOST.fullmatch(name):
        remedy = "write NAME, *.NAME, [*.]NAME, [IP/MASK] or *"
        if "," in whole:
            remedy = "write one here; several are a domain-macro and $ITS-NAME"
        raise BadValue(f'"{whole[:60]}" is not a domain pattern', remedy)
    return name


class PatternIndex(Generic[Found]):
    """Entries by pattern; a lookup costs one step per label of the domain (DOM-2)."""

    def __init__(self, entries: Iterable[tuple[DomainPattern, Found]] = ()) -> None:
        self._by_key: dict[str, list[Found]] = {}
        self._literals: list[tuple[IpNetwork, Found]] = []
        for pattern, found in entries:
            if pattern.literals is not None:
                self._literals.append((pattern.literals, found))
            else:
                self._by_key.setdefault(pattern.key, []).append(found)
        self._literals.sort(key=lambda literal: literal[0].prefixlen)

    def matches(self, domain: str) -> list[Found]:
        """Everything that fits `domain`, the most general first, the exact name last.

        `domain` must be canonical. Of one name, `*.name` outranks `[*.]name`.
        """
        found = list(self._by_key.get(EVERY, ()))
        if domain.startswith("["):
            return found + self._in_ranges(domain)
        for parent in _parents(domain):
            found += self._by_key.get(WITH_SUBDOMAINS + parent, ())
            found += self._by_key.get(SUBDOMAINS + parent, ())
        found += self._by_key.get(WITH_SUBDOMAINS + domain, ())
        found += self._by_key.get(domain, ())
        return found

    def _in_ranges(self, literal: str) -> list[Found]:
        try:
            address: IpAddress = ip(literal[1:].removesuffix("]").removeprefix("ipv6:"))
        except BadValue:
            return []
        return [found for network, found in self._literals if address in network]


def _parents(domain: str) -> list[str]:
    """The domains above `domain`, shortest first: `c`, `b.c` for `a.b.c`."""
    if len(domain) > 1024:  # no name in DNS is; keeps a hostile one cheap
        return []
    labels = domain.split(".")
    return [".".join(labels[-count:]) for count in range(1, len(labels))]
