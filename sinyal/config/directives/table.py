"""THE table of directives: rows of every scope, and look-ups in it; guide 3.3."""

import msgspec

from sinyal.config.directives import (
    acct_file,
    domain,
    domain_signing,
    global_scope,
    pool,
    signals,
    source,
    virtual_mta,
)
from sinyal.config.directives.later import LATER_NAMES
from sinyal.config.directives.row import Directive, SectionTag
from sinyal.config.directives.sections import SECTIONS, SMALL_SECTION_ROWS

DIRECTIVES: tuple[Directive, ...] = (
    *global_scope.ROWS,
    *source.ROWS,
    *domain.ROWS,
    *domain_signing.ROWS,
    *virtual_mta.ROWS,
    *pool.ROWS,
    *acct_file.ROWS,
    *signals.ROWS,
    *SMALL_SECTION_ROWS,
)


class Table(msgspec.Struct, frozen=True):
    """The rows by (scope, name), the names that have none, and the sections by tag."""

    rows: dict[tuple[str, str], Directive]
    later: frozenset[tuple[str, str]]
    sections: dict[str, SectionTag]

    def row(self, scope: str, name: str) -> Directive | None:
        """The row of `name` in `scope`; letter case is free."""
        return self.rows.get((scope, name.lower()))

    def is_later(self, scope: str, name: str) -> bool:
        """PowerMTA has this directive and sinyal does not do it yet."""
        return (scope, name.lower()) in self.later

    def scopes_of(self, directive: str) -> tuple[str, ...]:
        """The scopes in which `directive` may stand."""
        plain = directive.lower()
        known = [*self.rows, *self.later]
        return tuple(
            sorted({scope for scope, known_name in known if known_name == plain})
        )

    def names_in(self, scope: str) -> list[str]:
        """Every name that may stand in `scope`."""
        return sorted(
            name for known, name in {*self.rows, *self.later} if known == scope
        )


TABLE = Table(
    rows={(row.scope, row.name): row for row in DIRECTIVES},
    later=frozenset(
        (scope, name) for scope, names in LATER_NAMES.items() for name in names.split()
    ),
    sections={section.tag: section for section in SECTIONS},
)
