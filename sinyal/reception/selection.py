"""What a `<pattern-list>` decides for a message; guide 3.3.14, rules PL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
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
    """Time that the rules of one message may spend in the engine that backtracks.

    `headers` keeps which rules fit its header: that is asked once for all recipients.
    """

    def __init__(self, seconds: float = SLOW_S) -> None:
        self._left = seconds
        self.headers: dict[tuple[int, int], set[int]] = {}

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
        for at in fitting.rows():
            if found := self._result(rules[at]):
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


class _Run(msgspec.Struct, frozen=True):
    """Rules in a row that look at the same text, one alone that is not linear."""

    kind: str
    header: str
    rows: range
    patterns: PatternSet | None = None


@lru_cache(maxsize=64)
def _runs(key: _Identity) -> tuple[_Run, ...]:
    """The rules in their order; what stands together is tried in one pass."""

    def alike(at: int) -> tuple[str, str, int]:
        rule = key.rules[at]
        is_linear = rule.pattern is not None and rule.pattern.is_linear
        return rule.kind, rule.header, -1 if is_linear else at

    found = []
    for (kind, header_name, single), places in groupby(range(len(key.rules)), alike):
        rows = list(places)
        patterns = [one for at in rows if (one := key.rules[at].pattern) is not None]
        together = PatternSet(patterns) if single < 0 else None
        span = range(rows[0], rows[-1] + 1)
        found.append(_Run(kind, header_name, span, together))
    return tuple(found)


class _Fitting:
    """Which rules of one list fit; each text is looked at once for a run of them."""

    def __init__(self, rules: Rules, sight: Sight) -> None:
        self._rules = rules
        self._sight = sight

    def rows(self) -> Iterator[int]:
        """The places of the rules that fit, in order, as far as they are asked for."""
        for run in _runs(_Identity(self._rules)):
            if run.kind == "*":
                yield from run.rows
            elif run.kind == "header":
                yield from sorted(self._of_header(run))
            else:
                yield from sorted(self._fitting(run))

    def _of_header(self, run: _Run) -> set[int]:
        known = self._sight.patience.headers
        key = id(self._rules), run.rows.start
        if key not in known:
            known[key] = self._fitting(run)
        return known[key]

    def _fitting(self, run: _Run) -> set[int]:
        texts = _TEXTS[run.kind](self._sight, run.header)
        start = run.rows.start
        if run.patterns is not None:
            matching = run.patterns.matching
            return {start + at for text in texts for at in matching(text)}
        pattern, patience = self._rules[start].pattern, self._sight.patience
        is_fit = pattern is not None and any(
            patience.matches(pattern, text) for text in texts
        )
        return {start} if is_fit else set()


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
