"""THE table of directives: rows of every scope, and look-ups in it; guide 3.3."""

import msgspec

from sinyal.config.directives import (
    acct_file,
    domain,
    domain_signing,
    entrances,
    global_scope,
    lists,
    pool,
    services,
    signals,
    source,
    virtual_mta,
)
from sinyal.config.directives.row import Directive, SectionTag
from sinyal.config.directives.sections import SECTIONS

DIRECTIVES: tuple[Directive, ...] = (
    *global_scope.ROWS,
    *source.ROWS,
    *entrances.ROWS,
    *domain.ROWS,
    *domain_signing.ROWS,
    *virtual_mta.ROWS,
    *pool.ROWS,
    *lists.ROWS,
    *acct_file.ROWS,
    *services.ROWS,
    *signals.ROWS,
)
REGEX = "/REGEX/"  # the row of lines that begin with a pattern


class Table(msgspec.Struct, frozen=True):
    """The rows by (scope, name), and the sections by tag."""

    rows: dict[tuple[str, str], Directive]
    sections: dict[str, SectionTag]
    scopes: frozenset[str]  # those that have rows
    places: dict[str, tuple[str, ...]]  # by name, without those of old files

    def row(self, scope: str, name: str) -> Directive | None:
        """The row of `name` in `scope`; letter case is free."""
        if name.startswith("/") and (scope, REGEX) in self.rows:
            return self.rows[scope, REGEX]
        return self.rows.get((scope, name.lower()))

    def scopes_of(self, directive: str) -> tuple[str, ...]:
        """The scopes in which `directive` may stand, without those of old files."""
        return self.places.get(directive.lower(), ())

    def names_in(self, scope: str) -> list[str]:
        """Every name that may stand in `scope`."""
        return sorted(name for known, name in self.rows if known == scope)


def _places() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for row in DIRECTIVES:
        if row.source != "observed":
            found.setdefault(row.name, set()).add(row.scope)
    return {name: tuple(sorted(scopes)) for name, scopes in found.items()}


TABLE = Table(
    rows={(row.scope, row.name): row for row in DIRECTIVES},
    sections={section.tag: section for section in SECTIONS},
    scopes=frozenset(row.scope for row in DIRECTIVES),
    places=_places(),
)
