"""A queue for each kind of domain that a file tells apart; rules PAT."""

from collections.abc import Iterable, Iterator

from sinyal.config.patterns import EVERY, SUBDOMAINS, DomainPattern

ANY_LABEL = "any-other-name"  # a name that no entry has


def examples(patterns: Iterable[DomainPattern]) -> list[tuple[str, str]]:
    """A domain for every kind of queue, and how to call it; general ones first."""
    found: dict[str, str] = {}
    for pattern in sorted(set(patterns), key=_generality):
        for domain, shown in _examples(pattern):
            found.setdefault(domain, shown)
    return list(found.items())


def _generality(pattern: DomainPattern) -> tuple[bool, int, bool, str]:
    labels = pattern.name.count(".")
    return pattern.prefix != EVERY, labels, not pattern.prefix, pattern.key


def _examples(pattern: DomainPattern) -> Iterator[tuple[str, str]]:
    if pattern.literals is not None:
        yield f"[{pattern.literals.network_address}]", pattern.name
    elif pattern.prefix == EVERY:
        yield ANY_LABEL, EVERY
    else:
        if pattern.prefix:
            below = f"{SUBDOMAINS}{pattern.name}"
            yield f"{ANY_LABEL}.{pattern.name}", below
        if pattern.prefix != SUBDOMAINS:
            yield pattern.name, pattern.name
