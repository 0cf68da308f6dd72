"""The `<source>` and `<domain>` entries of a file, in the order that numbers them.

Whoever merges entries and whoever tells where a setting comes from count alike.
"""

from collections.abc import Callable

from sinyal.config.block import Block
from sinyal.config.macros import Macros
from sinyal.config.patterns import DomainPattern, domain_pattern
from sinyal.config.problem import BadValue

WITH_DOMAINS = ("global", "virtual-mta", "virtual-mta-pool")


def source_blocks(whole: Block) -> list[Block]:
    """Every `<source>` whose argument is understood."""
    return [block for block in whole.tagged("source") if block.argument is not None]


def domain_entries(
    whole: Block, report: Callable[[Block, str, BadValue], None]
) -> list[tuple[DomainPattern, Block, str]]:
    """Each pattern of each `<domain>`, the entry, and the name of its owner or "".

    Written-out patterns come last: they win over expanded ones (DOM-3). What is no
    pattern goes to `report`, with the directive's name.
    """
    macros = Macros(whole.settings().get("domain_macro", ()))
    found = [
        (block, owner.key)
        for owner in whole.walk()
        if owner.scope in WITH_DOMAINS
        for block in owner.tagged("domain")
    ]
    entries: list[tuple[DomainPattern, Block, str]] = []
    for block, owner in sorted(found, key=lambda entry: "$" not in entry[0].key):
        try:
            patterns = [domain_pattern(text) for text in macros.expand(block.key)]
        except BadValue as bad:
            report(block, f"<domain {block.key}>", bad)
            continue
        entries += [(pattern, block, owner) for pattern in patterns]
    return entries


def pools_of_members(whole: Block) -> dict[str, Block]:
    """The pool each VirtualMTA inherits from: one with domains, else the first."""
    owners: dict[str, Block] = {}
    pools = whole.tagged("virtual-mta-pool")
    for pool in sorted(pools, key=lambda pool: not pool.tagged("domain")):
        for member in pool.settings().get("virtual_mta", ()):
            owners.setdefault(member, pool)
    return owners
