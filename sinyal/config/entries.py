"""The `<source>` and `<domain>` entries of a file, in the order that numbers them."""

from sinyal.config.block import Block

WITH_DOMAINS = ("global", "virtual-mta", "virtual-mta-pool")


def source_blocks(whole: Block) -> list[Block]:
    """Every `<source>` whose argument is understood."""
    return [block for block in whole.tagged("source") if block.argument is not None]


def domain_blocks(whole: Block) -> list[tuple[Block, Block]]:
    """Every `<domain>` and the section around it.

    Written-out patterns come last: they win over expanded ones (DOM-3).
    """
    found = [
        (block, owner)
        for owner in whole.walk()
        if owner.scope in WITH_DOMAINS
        for block in owner.tagged("domain")
    ]
    return sorted(found, key=lambda entry: "$" not in entry[0].key)


def pools_of_members(whole: Block) -> dict[str, Block]:
    """The pool each VirtualMTA inherits from: one with domains, else the first."""
    owners: dict[str, Block] = {}
    pools = whole.tagged("virtual-mta-pool")
    for pool in sorted(pools, key=lambda pool: not pool.tagged("domain")):
        for member in pool.settings().get("virtual_mta", ()):
            owners.setdefault(member, pool)
    return owners
