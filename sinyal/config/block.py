"""A section whose every line has been read by the directive table."""

from collections.abc import Iterator
from typing import Any

import msgspec

from sinyal.config.directives.row import Directive


class Value(msgspec.Struct, frozen=True):
    """One line's value, as understood and as written, and where it stands."""

    row: Directive
    value: Any
    file: str
    line: int
    text: str = ""


class Block(msgspec.Struct):
    """A section: `argument` as understood, `key` its text, `written_key` as written.

    `lines` holds every good line in file order; sections of one tag and argument are
    one block (CFG-20). The file itself is the block with the scope `global`.
    """

    scope: str
    key: str = ""
    argument: Any = None
    file: str = ""
    line: int = 0
    lines: list[Value] = []
    written: dict[str, int] = {}  # directive: its last line, good or bad
    blocks: dict[tuple[str, str], "Block"] = {}
    written_key: str = ""

    def settings(self) -> dict[str, Any]:
        """What is written, by attribute: the last of a scalar, all of a repeatable."""
        whole: dict[str, Any] = {}
        for line in self.lines:
            attribute = line.row.attribute
            if line.row.repeatable:
                whole.setdefault(attribute, []).append(line.value)
            else:
                whole[attribute] = line.value
        return {
            attribute: tuple(value) if isinstance(value, list) else value
            for attribute, value in whole.items()
        }

    def tagged(self, tag: str) -> list["Block"]:
        """The sections of that tag inside, in file order."""
        return [block for block in self.blocks.values() if block.scope == tag]

    def walk(self) -> Iterator["Block"]:
        """This block and every one inside."""
        yield self
        for block in self.blocks.values():
            yield from block.walk()
