"""What a `<pattern-list>` decides for a message; guide 3.3.14, rules PL."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from time import monotonic
from typing import TypeAlias

import msgspec

from sinyal.config.expression import Pattern, PatternSet
from sinyal.config.vocabulary import PatternRule
from sinyal.mail import header
from sinyal.mail.header import Field

Rules: TypeAlias = tuple[PatternRule, ...]
PatternLists = Mapping[str, Rules]

SLOW_S = 0.5  # of a message


class Choice(msgspec.Struct, frozen=True):
    """A VirtualMTA or pool, "" for none, and a priority, None for none."""

    vmta: str = ""
    priority: int | None = None


NOTHING = Choice()


class Patience:
    """Time that the rules of one message may spend in the engine that backtracks."""

    def __init__(self, seconds: float = SLOW_S) -> None:
        self._left = seconds

    def matches(self, pattern: Pattern, text: str) -> bool:
        """Whether it fits; False without a look once the time is spent."""
        if self._left <= 0:
            return False
        began = monotonic()
        found = pattern.matches(text)
        self._left -= monotonic() - began
        return found


class Sight(msgspec.Struct, frozen=True):
    """What rules may look at.

    `sender` is the envelope sender as it was given; `fields` gives those of `content`.
    """

    sender: str
    recipients: Sequence[str]
    content: bytes
    fields: Callable[[], Sequence[Field]]
    patience: Patience = msgspec.field(default_factory=Patience)


def choose(lists: PatternLists, name: str, sight: Sight) -> Choice:
    """What the list `name` results in, `NOTHING` where no rule fits or there is none.

    Rules are tried in order and the first that fits decides (PL-1). One that leads to
    another list fits only if a rule of that list does; a list met again inside itself
    fits nothing.
    """
    return _Search(lists, sight).in_list(name) or NOTHING


class _Search:
    """One message's way through the lists; each of them is asked once."""

    def __init__(self, lists: PatternLists, sight: Sight) -> None:
        self._lists = lists
        self._sight = sight
        self._found: dict[str, Choice | None] = {}

    def in_list(self, name: str) -> Choice | None:
        if name not in self._found:
            self._found[name] = None
            self._found[name] = self._first(self._lists.get(name, ()))
        return self._found[name]

    def _first(self, rules: Rules) -> Choice | None:
        fitting = _Fitting(rules, self._sight)
        for at, rule in enumerate(rules):
            if fitting.has(at, rule) and (found := self._result(rule)):
                return found
        return None

    def _result(self, rule: PatternRule) -> Choice | None:
        """The rule's results, those of the list it leads to before its own."""
        own = Choice(rule.virtual_mta, rule.recipient_priority)
        if not (rule.rules or rule.call_to):
            return own
        inner = self._first(rule.rules) if rule.rules else self.in_list(rule.call_to)
        if inner is None:
            return None
        priority = own.priority if inner.priority is None else inner.priority
        return Choice(inner.vmta or own.vmta, priority)


class _Identity:
    """Rules by what they are, not by what they say: a thousand are not compared."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.rules is self.rules

    def __hash__(self) -> int:
        return id(self.rules)


class _Together(msgspec.Struct, frozen=True):
    """The linear patterns that look at the same: `rows` are their places."""

    patterns: PatternSet
    rows: tuple[int, ...]


@lru_cache(maxsize=64)
def _together(key: _Identity) -> dict[tuple[str, str], _Together]:
    """What is tried in one pass, by kind and header."""
    rows: dict[tuple[str, str], list[int]] = {}
    for at, rule in enumerate(key.rules):
        if rule.pattern is not None and rule.pattern.is_linear:
            rows.setdefault((rule.kind, rule.header), []).append(at)
    patterns = [rule.pattern for rule in key.rules]
    return {
        seen: _Together(
            PatternSet([one for at in places if (one := patterns[at]) is not None]),
            tuple(places),
        )
        for seen, places in rows.items()
    }


class _Fitting:
    """Which rules of one list fit; each text is looked at once for all of them."""

    def __init__(self, rules: Rules, sight: Sight) -> None:
        self._together = _together(_Identity(rules))
        self._sight = sight
        self._found: dict[tuple[str, str], set[int]] = {}
        self._texts: dict[tuple[str, str], Sequence[str]] = {}

    def has(self, at: int, rule: PatternRule) -> bool:
        if rule.kind == "*" or rule.pattern is None:
            return rule.kind == "*"
        seen = rule.kind, rule.header
        if rule.pattern.is_linear:
            if seen not in self._found:
                self._found[seen] = self._rows(seen)
            return at in self._found[seen]
        patience = self._sight.patience
        return any(patience.matches(rule.pattern, text) for text in self._of(seen))

    def _rows(self, seen: tuple[str, str]) -> set[int]:
        """The places of the rules that fit."""
        patterns, rows = self._together[seen].patterns, self._together[seen].rows
        found = (patterns.matching(text) for text in self._of(seen))
        return {rows[at] for fitting in found for at in fitting}

    def _of(self, seen: tuple[str, str]) -> Sequence[str]:
        if seen not in self._texts:
            kind, name = seen
            self._texts[seen] = _TEXTS[kind](self._sight, name)
        return self._texts[seen]


def _senders(sight: Sight, _: str) -> Sequence[str]:
    """The bare address, and the bracketed one (PL-5)."""
    return sight.sender, f"<{sight.sender}>"


def _recipients(sight: Sight, _: str) -> Sequence[str]:
    return sight.recipients


def _headers(sight: Sight, name: str) -> Sequence[str]:
    """The values as they stand in the message, folds and blanks included (PL-2)."""
    wanted = name.lower().encode()
    return [
        header.text(_raw_value(sight.content, field))
        for field in sight.fields()
        if field.name.lower() == wanted
    ]


def _raw_value(content: bytes, field: Field) -> bytes:
    colon = content.index(b":", field.start)
    value = content[colon + 1 : field.end]
    return value.removesuffix(b"\n").removesuffix(b"\r")


_TEXTS: dict[str, Callable[[Sight, str], Sequence[str]]] = {
    "mail-from": _senders,
    "rcpt-to": _recipients,
    "header": _headers,
}
