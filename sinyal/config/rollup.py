"""Which domains share a queue because their mail goes to the same hosts; guide 10.17.

Rules ROLL-1 to ROLL-4. The DNS is asked by the caller.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sinyal.config.addresses import canonical_domain
from sinyal.config.patterns import PatternIndex, domain_pattern

Addresses = Mapping[str, frozenset[str]]  # of hosts, by canonical name


class RollupRule(msgspec.Struct, frozen=True):
    """One `mx PATTERN NAME.rollup [rollup-by-ip]` line."""

    pattern: str
    queue: str
    is_by_ip: bool = False


class Rollup(msgspec.Struct, frozen=True):
    """The queue that takes the domain's mail, and the hosts it goes to.

    Shape: `hosts` in the order of preference; () means smtp-hosts of the queue's own
    `<domain>`, as a pattern with `*` names no host (ROLL-3).
    """

    queue: str
    hosts: tuple[str, ...] = ()


def rollup(
    rules: Iterable[RollupRule],
    answers: Sequence[tuple[int, str]],
    addresses: Addresses | None = None,
) -> Rollup | None:
    """Where a domain with these MX records is rolled up to, or None.

    `answers` are (preference, host); only the lowest preference counts, and every
    pattern of a queue must be found in it. Of several queues that fit, the one that
    stands first in the file wins. `addresses` of the hosts and of the rules' names are
    needed for rollup-by-ip.
    """
    lowest = min((preference for preference, _ in answers), default=0)
    found = [canonical_domain(host) for at, host in answers if at == lowest]
    hosts = tuple(dict.fromkeys(found))
    queues: dict[str, list[RollupRule]] = {}
    for rule in rules:
        queues.setdefault(rule.queue, []).append(rule)
    for queue, members in queues.items():
        if all(_is_met(rule, hosts, addresses or {}) for rule in members):
            return Rollup(queue, _hosts(members, hosts))
    return None


def _is_met(rule: RollupRule, hosts: Sequence[str], addresses: Addresses) -> bool:
    if rule.is_by_ip and "*" not in rule.pattern:
        own = addresses.get(canonical_domain(rule.pattern), frozenset())
        return any(own & addresses.get(host, frozenset()) for host in hosts)
    index = PatternIndex([(domain_pattern(rule.pattern), True)])
    return any(index.matches(host) for host in hosts)


def _hosts(rules: Sequence[RollupRule], hosts: tuple[str, ...]) -> tuple[str, ...]:
    if any(rule.is_by_ip for rule in rules):
        return hosts
    if any("*" in rule.pattern for rule in rules):
        return ()
    return tuple(canonical_domain(rule.pattern) for rule in rules)
