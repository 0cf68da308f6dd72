"""What the operator's patterns make of a reply; rules SPL and CAT."""

from collections.abc import Iterable

import msgspec

from sinyal.config.expression import Pattern, PatternSet

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
    """The rules of a list, tried in one pass over a reply."""

    def __init__(self, rules: Iterable[ReplyRule] = ()) -> None:
        self.rules = tuple(rules)
        self._patterns = PatternSet([rule.pattern for rule in self.rules])

    def reaction(self, reply: str) -> Reaction:
        """What the rules say of `reply`, its code and its text on one line."""
        whole = NOTHING
        for at in self._patterns.matching(reply[:LONGEST_TEXT]):
            whole = whole.joined(self.rules[at].reaction)
        return whole

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReplyRules) and other.rules == self.rules

    def __hash__(self) -> int:
        return hash(self.rules)


class CategoryRules:
    """The operator's bounce categories; guide 10.8 (CAT-1)."""

    def __init__(self, rules: Iterable[tuple[Pattern, str]] = ()) -> None:
        self.rules = tuple(rules)
        self._patterns = PatternSet([pattern for pattern, _ in self.rules])

    def category(self, status: str, diagnostic: str) -> str:
        """The category of the first rule that matches, "" when none does.

        A rule sees `5.1.1;550 5.1.1 no such user` (CAT-2).
        """
        text = f"{status};{diagnostic}"[:LONGEST_TEXT]
        found = self._patterns.matching(text) if self.rules else ()
        return self.rules[found[0]][1] if found else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CategoryRules) and other.rules == self.rules

    def __hash__(self) -> int:
        return hash(self.rules)
