"""`$NAME` in a domain pattern turned into every value; guide 3.3.1.33.4 (CFG-17)."""

import itertools
import re

from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import Macro

MENTION = re.compile(r"\$([A-Za-z0-9_]+)")
MAX_PATTERNS = 10_000  # out of one text
MAX_WHOLE = 250_000  # out of a file: hundreds of VirtualMTAs name the same macros
MAX_DEPTH = 32
MAX_LENGTH = 255


class Macros:
    """The macros of a configuration; what comes out of them is bounded."""

    def __init__(self, macros: tuple[Macro, ...]) -> None:
        self._values = {macro.name: macro.values for macro in macros}
        self._known: dict[str, list[str]] = {}
        self._count = 0

    def expand(self, text: str, inside: tuple[str, ...] = ()) -> list[str]:
        """`text` with each mention replaced: the cross product of all values.

        Errors: `BadValue` for an unknown name, a loop, or too many values.
        """
        parts = MENTION.split(text)  # text, name, text, name, ... text
        choices = [
            self._macro(part, inside) if at % 2 else [part]
            for at, part in enumerate(parts)
        ]
        found: list[str] = []
        for combination in itertools.product(*choices):
            value = "".join(combination)
            self._count += 1
            is_too_much = len(found) >= MAX_PATTERNS or self._count > MAX_WHOLE
            if is_too_much or len(value) > MAX_LENGTH:
                raise BadValue(
                    "too many patterns, or too long ones", "shorten the list"
                )
            found.append(value)
        return found

    def _macro(self, name: str, inside: tuple[str, ...]) -> list[str]:
        known = self._known.get(name)
        if known is not None:
            return known
        if name not in self._values:
            raise BadValue(f"${name} is not a macro", f"add domain-macro {name} ...")
        if name in inside or len(inside) >= MAX_DEPTH:
            raise BadValue(f"${name} leads back to itself", "break the loop")
        values = [
            value
            for text in self._values[name]
            for value in self.expand(text, (*inside, name))
        ]
        self._known[name] = values
        return values
