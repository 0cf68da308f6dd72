"""What follows from a remote reply: the rules of a smtp-pattern-list; rules SPL."""

from collections.abc import Iterable

import msgspec
import re2

from sinyal.config.expression import Pattern

LONGEST_TEXT = 2048  # of a reply; what lies beyond says nothing new


class Reaction(msgspec.Struct, frozen=True):
    """The actions of one rule, or of all that match a reply.

    Shape: `mode` is `normal`, `backoff` or "". Units: `reenable_after` and
    `backoff_to_normal_after` seconds, None where the rule does not say.
    """

    mode: str = ""
    skip_mx: bool = False
    bounce_queue: bool = False
    bounce_rcpt: bool = False
    disable_source_ip: bool = False
    reenable_after: float | None = None
    defer_queue: bool = False
    backoff_to_normal_after: float | None = None

    def joined(self, later: "Reaction") -> "Reaction":
        """This one and what `later` adds without contradicting it (SPL-1)."""
        has_mode, has_ip = bool(self.mode), self.disable_source_ip
        first = self if has_mode else later
        source = self if has_ip else later
        return Reaction(
            mode=first.mode,
            skip_mx=self.skip_mx or (later.skip_mx and not self.bounce_queue),
            bounce_queue=self.bounce_queue or (later.bounce_queue and not self.skip_mx),
            bounce_rcpt=self.bounce_rcpt or later.bounce_rcpt,
            disable_source_ip=has_ip or later.disable_source_ip,
            reenable_after=source.reenable_after,
            defer_queue=self.defer_queue or later.defer_queue,
            backoff_to_normal_after=first.backoff_to_normal_after,
        )


class ReplyRule(msgspec.Struct, frozen=True):
    """One `reply` line; guide 3.3.15."""

    pattern: Pattern
    reaction: Reaction


NOTHING = Reaction()


class ReplyRules:
    """The rules of a list, tried in one pass over a reply.

    RE2 takes all patterns that it can read as one automaton; the others are tried one
    by one (ADR 0006).
    """

    def __init__(self, rules: Iterable[ReplyRule] = ()) -> None:
        self.rules = tuple(rules)
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        self._slow: list[int] = []
        self._at: list[int] = []  # row of the automaton: its rule
        for at, rule in enumerate(self.rules):
            if rule.pattern.is_linear:
                self._set.Add(rule.pattern.regex)
                self._at.append(at)
            else:
                self._slow.append(at)
        self._set.Compile()

    def reaction(self, reply: str) -> Reaction:
        """What the rules say of `reply`, its code and its text on one line."""
        text = reply[:LONGEST_TEXT]
        rows = self._set.Match(text.encode("utf-8", "replace")) if self._at else None
        found = [self._at[row] for row in rows or ()]
        found += [at for at in self._slow if self.rules[at].pattern.matches(text)]
        whole = NOTHING
        for at in sorted(found):
            whole = whole.joined(self.rules[at].reaction)
        return whole

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReplyRules) and other.rules == self.rules

    def __hash__(self) -> int:
        return hash(self.rules)
