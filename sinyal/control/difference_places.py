"""The sections, ranges and queues in which two configurations are compared."""

from collections.abc import Iterable

import msgspec

from sinyal.config.addresses import IpNetwork
from sinyal.config.block import Block
from sinyal.config.entries import source_blocks
from sinyal.config.provenance import (
    ADDED,
    FROM_GLOBAL,
    Origin,
    Provenance,
    Setting,
    effective,
    of_section,
    shown_section,
)
from sinyal.config.vocabulary import PatternRule
from sinyal.control.difference_pairs import (
    RULES,
    Comparison,
    Found,
    Pair,
    SectionChange,
    differing,
)
from sinyal.control.difference_queues import queues

# Compared as they come out after inheritance, not section by section.
MERGED = {"domain", "source", "virtual-mta", "virtual-mta-pool"}
COUNTED_ELSEWHERE = "domain_macro"  # by the entries that it stands for


def comparisons(old: Provenance, new: Provenance) -> Found:
    """Every place in which something differs, the most general first."""
    yield Comparison("global", differing(_of_file(old), _of_file(new)))
    yield from _sections(old.whole, new.whole, {"virtual-mta-pool"})
    yield from _virtual_mtas(old, new)
    yield from queues(old, new)
    yield from _ranges(old, new)
    yield from _named_sources(old.whole, new.whole)
    tags = {block.scope for one in (old, new) for block in one.whole.blocks.values()}
    yield from _sections(old.whole, new.whole, tags - MERGED)


def _of_file(one: Provenance) -> list[Setting]:
    return [
        setting
        for setting in one.of_file()
        if setting.row.attribute != COUNTED_ELSEWHERE
    ]


def _of(block: Block | None, scope: str) -> list[Setting]:
    return of_section(block) if block is not None else effective(scope, [])


def _sections(old: Block, new: Block, tags: Iterable[str]) -> Found:
    """Sections inside both blocks, by tag and argument, and those inside them."""
    wanted = set(tags)
    before, after = _by_place(old), _by_place(new)
    for key in dict.fromkeys((*before, *after)):
        if key[0] in wanted:
            mine, its = before.get(key), after.get(key)
            yield from _pair(mine, its)
            if key[0] != "virtual-mta-pool":  # its <domain> entries count in queues
                inside = [block for block in (mine, its) if block is not None]
                tags_inside = {tag for block in inside for tag, _ in block.blocks}
                empty = Block(key[0])
                yield from _sections(mine or empty, its or empty, tags_inside)


def _by_place(block: Block) -> dict[tuple[str, str], Block]:
    """The sections inside by tag and argument: a relative path as it is written, a
    list inside a list by its place among them.
    """
    found: dict[tuple[str, str], Block] = {}
    for (tag, key), inner in block.blocks.items():
        if tag == block.scope == RULES:
            key = str(len(found))
        found[tag, inner.written_key if tag == "spool" else key] = inner
    return found


def _pair(mine: Block | None, its: Block | None, *, is_overlay: bool = False) -> Found:
    """One section in both files; all that it writes when one of them lacks it."""
    present = its or mine
    if present is None:
        return
    where = shown_section(present)
    if mine is None or its is None:
        yield SectionChange(where, present, is_new=mine is None)
        is_overlay = True
    pairs = differing(
        _of(mine, present.scope), _of(its, present.scope), is_overlay=is_overlay
    )
    if mine is not None and its is not None and not pairs:
        pairs = _reordered(mine, its)
    yield Comparison(where, pairs, is_overlay=is_overlay)


def _reordered(mine: Block, its: Block) -> tuple[Pair, ...]:
    """The rules of both lists, when their order is all that differs (PL-1)."""
    if mine.scope != RULES or _rules(mine) == _rules(its):
        return ()
    row = mine.lines[0].row
    return ((Setting(row, _origins(mine)), Setting(row, _origins(its))),)


def _rules(block: Block) -> list[PatternRule]:
    """Without those of lists inside, which are compared by themselves."""
    return [msgspec.structs.replace(line.value, rules=()) for line in block.lines]


def _origins(block: Block) -> tuple[Origin, ...]:
    return tuple(Origin(line, shown_section(block)) for line in block.lines)


def _virtual_mtas(old: Provenance, new: Provenance) -> Found:
    """VirtualMTAs with what they inherit; the file's own keys are compared there."""
    shared = FROM_GLOBAL - ADDED
    for tag, name in dict.fromkeys((*old.whole.blocks, *new.whole.blocks)):
        if tag != "virtual-mta":
            continue
        mine, its = (one.whole.blocks.get((tag, name)) for one in (old, new))
        if mine is None or its is None:
            yield from _pair(mine, its)
        else:
            left, right = (one.of_virtual_mta(name, shared) for one in (old, new))
            yield Comparison(shown_section(its), differing(left, right))


def _ranges(old: Provenance, new: Provenance) -> Found:
    """What clients of each range may do, the widest range first."""
    places: dict[str, IpNetwork] = {
        block.key: block.argument
        for one in (old, new)
        for block in source_blocks(one.whole)
        if not isinstance(block.argument, str)
    }
    for key, place in sorted(places.items(), key=lambda item: item[1].prefixlen):
        ip = _address(place, places.values())
        pairs = differing(old.of_connection(ip), new.of_connection(ip))
        yield Comparison(f"<source {key}>", pairs)


def _address(place: IpNetwork, ranges: Iterable[IpNetwork]) -> str:
    """An address of the range that no narrower one holds, where one is found."""
    narrower = [
        one
        for one in ranges
        if one.prefixlen > place.prefixlen and one.version == place.version
    ]
    tried = [place.network_address, place.broadcast_address]
    for one in narrower:
        if int(one.broadcast_address) < int(place.broadcast_address):
            tried.append(one.broadcast_address + 1)
    for address in tried:
        if address in place and not any(address in one for one in narrower):
            return str(address)
    return str(place.network_address)


def _named_sources(old: Block, new: Block) -> Found:
    """Sources that lie over others: what they write counts, not what they leave."""
    for key in dict.fromkeys((*old.blocks, *new.blocks)):
        mine, its = old.blocks.get(key), new.blocks.get(key)
        present = its or mine
        is_named = present is not None and isinstance(present.argument, str)
        if key[0] == "source" and is_named:
            yield from _pair(mine, its, is_overlay=True)
