"""Which line of which file set each effective setting; rules DOM, SRC, VM.

The order of the layers is that of `Domains` and `Sources`, which the stages ask.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sinyal.config.block import Block, Value
from sinyal.config.configuration import Configuration
from sinyal.config.directives.row import Directive
from sinyal.config.directives.table import TABLE
from sinyal.config.entries import domain_entries, source_blocks
from sinyal.config.problem import BadValue

ADDED = frozenset({"domain_key", "include_headers_from"})  # DOM-7, DOM-8
ONE_FILE = frozenset({"include_headers_from"})  # its own in place of the pool's
FROM_GLOBAL = ADDED | {"smtp_source_host", "enable_signals"}  # DOM-9, signals


class Origin(msgspec.Struct, frozen=True):
    """A line, and the section it stands in, shown as in a file; "" for the file."""

    line: Value
    section: str = ""


class Setting(msgspec.Struct, frozen=True):
    """One directive's effective value.

    Shape: `origins` set it, several for a repeatable one; () where the default holds.
    `beaten` are lines of more general sections that say otherwise.
    """

    row: Directive
    origins: tuple[Origin, ...] = ()
    beaten: tuple[Origin, ...] = ()

    @property
    def value(self) -> Any:
        """The value as understood, a tuple for a repeatable directive."""
        if not self.origins:
            return self.row.default_value
        if self.row.repeatable:
            return tuple(origin.line.value for origin in self.origins)
        return self.origins[-1].line.value


class Layer(msgspec.Struct, frozen=True):
    """Lines that count together: those of one section."""

    section: str
    lines: Sequence[Value]


def effective(
    scope: str, layers: Iterable[Layer], added: frozenset[str] = frozenset()
) -> list[Setting]:
    """Every directive of `scope`, with the lines that decide, or its default."""
    found = decided(layers, added)
    return [found.get(row.attribute) or Setting(row) for row in rows_of(scope)]


def decided(
    layers: Iterable[Layer], added: frozenset[str] = frozenset()
) -> dict[str, Setting]:
    """What some line says, by attribute; the last layer wins.

    Of the attributes in `added` the lines of all layers count, the last layer's first.
    """
    winning: dict[str, list[Origin]] = {}
    beaten: dict[str, list[Origin]] = {}
    for layer in layers:
        for attribute, found in _by_attribute(layer).items():
            earlier = winning.get(attribute, [])
            if attribute in added:
                winning[attribute] = found + earlier
            else:
                beaten.setdefault(attribute, []).extend(earlier)
                winning[attribute] = found
    return {
        attribute: Setting(
            found[-1].line.row, tuple(found), tuple(beaten.get(attribute, ()))
        )
        for attribute, found in winning.items()
    }


def _by_attribute(layer: Layer) -> dict[str, list[Origin]]:
    """The lines of one section; of a scalar the last (CFG-20)."""
    found: dict[str, list[Origin]] = {}
    for line in layer.lines:
        origins = found.setdefault(line.row.attribute, [])
        if not line.row.repeatable:
            origins.clear()
        origins.append(Origin(line, layer.section))
    return found


def rows_of(scope: str) -> list[Directive]:
    """The directives of a scope under their present names, in the table's order."""
    return [
        row
        for (place, name), row in TABLE.rows.items()
        if place == scope and name != "include" and getattr(row, "modern", None) is None
    ]


def shown_section(block: Block, owner: Block | None = None) -> str:
    """`<domain x>`, with the section around it; "" for the file itself."""
    if block.scope == "global":
        return ""
    own = f"<{block.scope} {block.key}".rstrip() + ">"
    around = shown_section(owner) if owner is not None else ""
    return f"{around} {own}".lstrip()


def of_section(block: Block) -> list[Setting]:
    """What one section says by itself."""
    return effective(block.scope, [_layer(block)])


class Provenance:
    """Answers where settings come from, for one file that loaded."""

    def __init__(self, whole: Block, configuration: Configuration) -> None:
        self.whole = whole
        self.configuration = configuration
        self._sources = [_layer(block) for block in source_blocks(whole)]
        owners = {
            block.key: block
            for tag in ("virtual-mta", "virtual-mta-pool")
            for block in whole.tagged(tag)
        }
        self.entries = domain_entries(whole, _ignore)
        self._domains = [
            _layer(block, owners.get(owner)) for _, block, owner in self.entries
        ]

    def of_file(self) -> list[Setting]:
        """What stands outside every section."""
        return of_section(self.whole)

    def of_queue(self, domain: str, vmta: str) -> list[Setting]:
        """The settings of the queue `domain/vmta` (DOM-1 to DOM-5)."""
        layers = self.configuration.domains.layers(domain, vmta)
        return effective("domain", [self._domains[at] for at in layers])

    def of_entries(self, numbers: Iterable[int]) -> Iterable[Setting]:
        """What `<domain>` entries write together, by their places in `entries`."""
        return decided(self._domains[at] for at in numbers).values()

    def of_connection(
        self, ip: str, listener_source: str = "", user: str = ""
    ) -> list[Setting]:
        """What a connection from `ip` may do (SRC-1 to SRC-4)."""
        overlay = self.configuration.overlay_for(user)
        layers = self.configuration.sources.layers(ip, listener_source, overlay)
        return effective("source", [self._sources[at] for at in layers])

    def of_virtual_mta(
        self, name: str, shared: frozenset[str] = FROM_GLOBAL
    ) -> list[Setting]:
        """A VirtualMTA with what its pool and the file give it (DOM-7 to DOM-9).

        Of the file's lines those count whose attribute is in `shared`.
        """
        layers = [_layer(self.whole, only=shared)]
        known = {row.attribute for row in rows_of("virtual-mta")}
        own = self.whole.blocks.get(("virtual-mta", name))
        member = self.configuration.virtual_mtas.get(name)
        pool = member.pool if member else ""
        group = self.whole.blocks.get(("virtual-mta-pool", pool))
        if group is not None:
            written = {line.row.attribute for line in own.lines} if own else set()
            layers.append(_layer(group, only=known - (written & ONE_FILE)))
        if own is not None:
            layers.append(_layer(own))
        return effective("virtual-mta", layers, ADDED)


def _layer(
    block: Block, owner: Block | None = None, only: Iterable[str] | None = None
) -> Layer:
    lines = block.lines
    if only is not None:
        lines = [line for line in lines if line.row.attribute in only]
    return Layer(shown_section(block, owner), lines)


def _ignore(_block: Block, _directive: str, _bad: BadValue) -> None:
    """What is no pattern was reported when the file was loaded."""
