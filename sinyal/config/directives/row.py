"""The shape of a row of the directive table."""

from enum import Enum
from typing import Any

import msgspec

from sinyal.config.types import Type


class Status(Enum):
    """What becomes of a directive."""

    DONE = "done"  # with a `reason`: it holds whatever the value
    ACCEPTED = "accepted"  # checked, without effect: `reason` says why
    REFUSED = "refused"  # an error unless the value is the default: `reason` says why


class Modern(msgspec.Struct, frozen=True):
    """What an older name stands for: each of `names`, with the value put into `form`.

    Shape: `{}` in `form` is the value as written. `is_older` false: another name that
    PowerMTA itself keeps, nothing to warn of.
    """

    names: tuple[str, ...]
    form: str = "{}"
    is_older: bool = True


class Directive(msgspec.Struct, frozen=True):
    """One directive in one scope.

    Shape: `default` is written as in a configuration file, "" for none. `reload`
    false: a change needs a restart. `source`: `guide` and section, `seed`, `later` for
    editions after 5.0r1, `observed` for files of operators, or `sinyal` for an
    extension of our own.
    """

    name: str
    scope: str
    type: Type
    default: str
    summary: str
    source: str
    repeatable: bool = False
    reload: bool = True
    status: Status = Status.DONE
    reason: str = ""
    modern: Modern | None = None

    @property
    def is_done(self) -> bool:
        return self.status is Status.DONE

    @property
    def attribute(self) -> str:
        """The name under which settings hold the value."""
        return self.name.replace("-", "_").replace(".", "_")

    @property
    def default_value(self) -> Any:
        """The value of settings in which the directive does not occur."""
        if self.repeatable:
            return ()
        return self.type.parse(self.default) if self.default else self.type.absent


class SectionTag(msgspec.Struct, frozen=True):
    """One kind of section: where it may stand, and what its argument is.

    `argument` is None for a section without one; `is_optional` lets it be absent.
    """

    tag: str
    parents: tuple[str, ...]
    argument: Type | None
    summary: str
    is_optional: bool = False
    status: Status = Status.DONE
    reason: str = ""
    alias_of: str = ""
