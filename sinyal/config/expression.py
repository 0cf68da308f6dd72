"""Regular expressions that an operator writes; guide 3.2 (CFG-15)."""

import functools

import re2

from sinyal.config.problem import BadValue


@functools.cache
def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return options


class Pattern:
    """An operator's `/REGEX/`: searched anywhere, any letter case (CFG-15)."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        try:
            self._compiled = re2.compile(regex, _options())
        except re2.error as error:
            said = error.args[0]
            reason = said.decode() if isinstance(said, bytes) else str(said)
            raise BadValue(f"not a regular expression: {reason[:80]}") from None

    @property
    def advice(self) -> tuple[str, ...]:
        """What the operator should know of the pattern."""
        return ()

    def matches(self, text: str) -> bool:
        return bool(self._compiled.search(text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.regex == self.regex

    def __hash__(self) -> int:
        return hash(self.regex)

    def __repr__(self) -> str:
        return f"/{self.regex}/"
