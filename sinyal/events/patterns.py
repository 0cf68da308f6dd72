"""A list of patterns tried in one pass: the first row that matches decides.

google-re2 runs in time linear in the text, whatever the pattern.
"""

from collections.abc import Iterable

import re2

# A diagnostic is one SMTP reply; what lies beyond says nothing new.
LONGEST_TEXT = 1024


class Patterns:
    """Rows of (pattern, answer), compiled into one automaton, case ignored."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        self._answers: list[str] = []
        self._set = re2.Set.SearchSet(options)
        for pattern, answer in rows:
            self._set.Add(pattern)
            self._answers.append(answer)
        self._set.Compile()

    def first(self, text: str) -> str:
        """The answer of the first row whose pattern occurs in `text`, or ""."""
        octets = text[:LONGEST_TEXT].encode("utf-8", "replace")
        rows = self._set.Match(octets)
        return self._answers[min(rows)] if rows else ""
