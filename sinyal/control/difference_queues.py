"""Queues whose settings come out differently; rules DOM."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from sinyal.config.configuration import DEFAULT_VMTA
from sinyal.config.provenance import Provenance
from sinyal.control.difference_pairs import Comparison, Pair, differing
from sinyal.control.queue_examples import examples

Layers: TypeAlias = tuple[int, ...]


def queues(old: Provenance, new: Provenance) -> Iterator[Comparison]:
    """Each pattern of either file, for the unnamed VirtualMTA, and for those whose
    own or whose pool's `<domain>` entries differ.

    All others differ where the unnamed one does, by the same lines.
    """
    names = examples({entry[0] for entry in (*old.entries, *new.entries)})
    known: dict[tuple[Layers, Layers], tuple[Pair, ...]] = {}
    for vmta in (DEFAULT_VMTA, *_changed(old, new)):
        for domain, shown in names:
            mine = old.configuration.domains.layers(domain, vmta)
            its = new.configuration.domains.layers(domain, vmta)
            if (mine, its) not in known:
                known[mine, its] = differing(old.of_entries(mine), new.of_entries(its))
            suffix = f"/{vmta}" if vmta != DEFAULT_VMTA else ""
            yield Comparison(f"queue {shown}{suffix}", known[mine, its])


def _changed(old: Provenance, new: Provenance) -> list[str]:
    """The VirtualMTAs of both files that have other entries above the global ones."""
    before, after = _by_owner(old), _by_owner(new)
    owners = {*before, *after}
    differ = {owner for owner in owners if before.get(owner) != after.get(owner)}
    mine, its = old.configuration.virtual_mtas, new.configuration.virtual_mtas
    return [
        name
        for name in mine
        if name in its
        and (
            name in differ
            or mine[name].pool in differ
            or before.get(mine[name].pool) != after.get(its[name].pool)
        )
    ]


def _by_owner(one: Provenance) -> dict[str, list[tuple[str, Any]]]:
    """What the `<domain>` entries of each owner say, wherever they stand."""
    found: dict[str, list[tuple[str, Any]]] = {"": []}
    for pattern, block, owner in one.entries:
        if owner:
            found.setdefault(owner, []).append((pattern.key, block.settings()))
    for entries in found.values():
        entries.sort(key=lambda entry: entry[0])
    return found
