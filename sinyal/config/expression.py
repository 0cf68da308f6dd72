"""Regular expressions that an operator writes; guide 3.2 (CFG-15).

RE2 matches in time linear in the text, so it comes first. What PCRE has and RE2 has
not goes to the engine of the library `regex`, which backtracks: each of its matches is
stopped after `TIMEOUT_S` and then counts as none.
"""

import functools
from collections.abc import Sequence
from typing import Any

import re2
import regex

from sinyal.config.problem import BadValue

TIMEOUT_S = 0.05
SET_OCTETS = 64 << 20  # memory that the automaton of a set of patterns may take
MAX_BACKTRACKING = 4096  # characters of a pattern that the second engine takes
CASE_MATTERS = "(?-i)"

# What RE2 refuses, by the way it is written, without a backslash before it.
FEATURES = tuple(
    (name, regex.compile(rf"(?<!\\)(?:\\\\)*{form}"))
    for name, form in (
        ("a lookahead", r"\(\?[=!]"),
        ("a lookbehind", r"\(\?<[=!]"),
        ("an atomic group", r"\(\?>"),
        ("a backreference", r"\\[1-9]|\(\?P="),
        ("a conditional", r"\(\?\("),
        ("recursion", r"\(\?(?:R|0|&|P>)"),
        ("a control verb", r"\(\*[A-Z]"),
        ("a callout", r"\(\?C"),
        ("a possessive quantifier", r"[*+?}]\+"),
    )
)
TOKEN = regex.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|\(\?[^):(]*:?|\{\d+,\d*\}|.", regex.DOTALL
)
UNBOUNDED = regex.compile(r"[*+]|\{\d+,\d*\}")


@functools.cache
def _options(octets: int = 8 << 20) -> re2.Options:
    options = re2.Options()
    options.max_mem = octets
    options.log_errors = False
    options.case_sensitive = False
    return options


class Pattern:
    """An operator's `/REGEX/`: searched anywhere, any letter case (CFG-15).

    Errors: `BadValue` for what neither engine reads.
    """

    def __init__(self, text: str) -> None:
        self.regex = text
        self._slow: regex.Pattern[str] | None = None
        self._compiled: Any = None
        try:
            self._compiled = re2.compile(text, _options())
        except re2.error as error:
            said = error.args[0]
            reason = said.decode() if isinstance(said, bytes) else str(said)
            self._slow = _backtracking(text, reason)

    @property
    def is_linear(self) -> bool:
        """Whether RE2 matches it."""
        return self._slow is None

    def matches(self, text: str) -> bool:
        if self._slow is None:
            return bool(self._compiled.search(text))
        try:
            return bool(self._slow.search(text, timeout=TIMEOUT_S))
        except TimeoutError:
            return False

    @property
    def advice(self) -> tuple[str, ...]:
        """What the operator should know of the pattern, a sentence each."""
        found = []
        if self._slow is not None:
            what = _feature(self.regex) or "more than RE2 reads"
            found.append(
                f"the pattern has {what}: a match is given up after"
                f" {TIMEOUT_S * 1000:.0f} ms and counts as none"
            )
        if has_nested_quantifiers(self.regex):
            found.append(
                "the pattern has a repetition inside a repetition, like (a+)+:"
                " PowerMTA may take very long for it"
            )
        return tuple(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.regex == self.regex

    def __hash__(self) -> int:
        return hash(self.regex)

    def __repr__(self) -> str:
        return f"/{self.regex}/"


class PatternSet:
    """Patterns tried together over a text: RE2 takes those it reads in one pass.

    Patterns too large to be one automaton are tried one after the other.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._set = re2.Set.SearchSet(_options(SET_OCTETS))
        self._linear: list[int] = []  # row of the automaton: its pattern
        self._slow: list[tuple[int, Pattern]] = []
        for at, pattern in enumerate(patterns):
            if pattern.is_linear:
                self._set.Add(pattern.regex)
                self._linear.append(at)
            else:
                self._slow.append((at, pattern))
        try:
            self._set.Compile()
        except re2.error:
            self._linear = []
            self._slow = list(enumerate(patterns))

    def matching(self, text: str) -> list[int]:
        """Which patterns occur in `text`, in their order."""
        octets = text.encode("utf-8", "replace")
        rows = self._set.Match(octets) if self._linear else None
        found = [self._linear[row] for row in rows or ()]
        found += [at for at, pattern in self._slow if pattern.matches(text)]
        return sorted(found)


def _backtracking(text: str, reason: str) -> "regex.Pattern[str]":
    """`text` for the second engine; `reason` is what the first one said."""
    feature = _feature(text)
    is_strict = text.startswith(CASE_MATTERS)
    flags = 0 if is_strict else regex.IGNORECASE
    if len(text) > MAX_BACKTRACKING:
        raise BadValue(f"not a regular expression: {reason[:80]}")
    try:
        return regex.compile(text.removeprefix(CASE_MATTERS), flags)
    except (regex.error, OverflowError, RecursionError):
        said = f"{feature} of PCRE is not supported" if feature else reason[:80]
        raise BadValue(f"not a regular expression: {said}") from None


def _feature(text: str) -> str:
    """The first thing in the pattern that RE2 has not, "" for none."""
    return next((name for name, form in FEATURES if form.search(text)), "")


def has_nested_quantifiers(text: str) -> bool:
    """Whether an unbounded repetition stands inside another, like `(a+)+`."""
    open_groups = [False]  # whether each open group holds a repetition
    closed = False  # whether the group that has just ended does
    for token in TOKEN.findall(text):
        if UNBOUNDED.fullmatch(token):
            if closed:
                return True
            open_groups[-1] = True
        is_end = token == ")" and len(open_groups) > 1
        if token.startswith("(") and token != "(?":
            open_groups.append(False)
        closed = open_groups.pop() if is_end else False
        open_groups[-1] = open_groups[-1] or closed
    return False
