"""What a `<pattern-list>` decides for a message; guide 3.3.14, rules PL."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from sinyal.config.expression import Pattern
from sinyal.config.vocabulary import PatternRule
from sinyal.mail import header
from sinyal.mail.header import Field

PatternLists = Mapping[str, tuple[PatternRule, ...]]


class Choice(msgspec.Struct, frozen=True):
    """A VirtualMTA or pool, "" for none, and a priority, None for none."""

    vmta: str = ""
    priority: int | None = None


NOTHING = Choice()


class Sight(msgspec.Struct, frozen=True):
    """What rules may look at.

    `sender` is the envelope sender as it was given; `fields` gives those of `content`.
    """

    sender: str
    recipients: Sequence[str]
    content: bytes
    fields: Callable[[], Sequence[Field]]


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

    def _first(self, rules: Sequence[PatternRule]) -> Choice | None:
        for rule in rules:
            if self._fits(rule) and (found := self._result(rule)):
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

    def _fits(self, rule: PatternRule) -> bool:
        if rule.kind == "*" or rule.pattern is None:
            return rule.kind == "*"
        return _FITS[rule.kind](rule.pattern, rule.header, self._sight)


def _fits_sender(pattern: Pattern, _: str, sight: Sight) -> bool:
    """The bare address, or the bracketed one (PL-5)."""
    return pattern.matches(sight.sender) or pattern.matches(f"<{sight.sender}>")


def _fits_recipient(pattern: Pattern, _: str, sight: Sight) -> bool:
    return any(pattern.matches(address) for address in sight.recipients)


def _fits_header(pattern: Pattern, name: str, sight: Sight) -> bool:
    """The value as it stands in the message, folds and blanks included (PL-2)."""
    wanted = name.encode()
    return any(
        pattern.matches(header.text(_raw_value(sight.content, field)))
        for field in sight.fields()
        if field.name.lower() == wanted
    )


def _raw_value(content: bytes, field: Field) -> bytes:
    colon = content.index(b":", field.start)
    value = content[colon + 1 : field.end]
    return value.removesuffix(b"\n").removesuffix(b"\r")


_FITS = {
    "mail-from": _fits_sender,
    "rcpt-to": _fits_recipient,
    "header": _fits_header,
}
