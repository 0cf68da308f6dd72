"""Which of many entries apply, merged into one record; rules DOM and SRC."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from sinyal.config.addresses import IpNetwork, canonical_domain, ip
from sinyal.config.patterns import DomainPattern, PatternIndex
from sinyal.config.problem import BadValue
from sinyal.config.settings import DomainSettings, SourceSettings

AUTHENTICATED = "{auth}"
CACHE_ENTRIES = 20_000

Settings: TypeAlias = Mapping[str, Any]  # attribute: value, only what is written
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Cache(Generic[Question, Answer]):
    """Answers already worked out; emptied when full, as peers choose the questions."""

    def __init__(self, work_out: Callable[[Question], Answer]) -> None:
        self._work_out = work_out
        self._answers: dict[Question, Answer] = {}

    def answer(self, question: Question) -> Answer:
        found = self._answers.get(question)
        if found is None:
            if len(self._answers) >= CACHE_ENTRIES:
                self._answers.clear()
            found = self._answers[question] = self._work_out(question)
        return found


class SourceEntry(msgspec.Struct, frozen=True):
    """A `<source>` of the file; `place` is its range, or its name."""

    place: IpNetwork | str
    settings: Settings


class Sources:
    """Every `<source>`, and what they say together for a connection (SRC-1 to 4)."""

    def __init__(self, entries: Sequence[SourceEntry] = ()) -> None:
        self._layers = [entry.settings for entry in entries]
        self._named: dict[str, int] = {}
        self._ranges: list[tuple[IpNetwork, int]] = []
        for at, entry in enumerate(entries):
            if isinstance(entry.place, str):
                self._named[entry.place] = at
            else:
                self._ranges.append((entry.place, at))
        self._ranges.sort(key=lambda entry: entry[0].prefixlen)
        self._by_layers = Cache[tuple[int, ...], SourceSettings](self._merge)
        self._by_question = Cache[tuple[str, str, str], SourceSettings](self._find)

    def settings(self, ip_text: str, listener: str, overlay: str) -> SourceSettings:
        """Address entries, the listener's source over them, `overlay` over both."""
        return self._by_question.answer((ip_text, listener, overlay))

    def layers(self, ip_text: str, listener: str, overlay: str) -> tuple[int, ...]:
        """Numbers of the entries that apply, the one that wins last."""
        layers = self._in_ranges(ip_text)
        names = (listener, overlay)
        layers += [self._named[name] for name in names if name in self._named]
        return tuple(layers)

    def _find(self, question: tuple[str, str, str]) -> SourceSettings:
        return self._by_layers.answer(self.layers(*question))

    def _merge(self, layers: tuple[int, ...]) -> SourceSettings:
        return SourceSettings(**_merged(self._layers[at] for at in layers))

    def _in_ranges(self, ip_text: str) -> list[int]:
        """The entries that hold the address, widest first; 0/0 holds IPv6 as well."""
        try:
            address = ip(ip_text)
        except BadValue:
            return []
        return [
            at
            for network, at in self._ranges
            if network.prefixlen == 0 or address in network
        ]


class DomainEntry(msgspec.Struct, frozen=True):
    """A `<domain>` of the file; `owner` is "", a VirtualMTA's or a pool's name."""

    pattern: DomainPattern
    settings: Settings
    owner: str = ""


class Domains:
    """Every `<domain>`, and what they say together for a queue (DOM-1 to DOM-5)."""

    def __init__(
        self,
        entries: Sequence[DomainEntry] = (),
        pools: Mapping[str, str] | None = None,
    ) -> None:
        self._layers = [entry.settings for entry in entries]
        self._pools = dict(pools or {})
        by_owner: dict[str, list[tuple[DomainPattern, int]]] = {}
        for at, entry in enumerate(entries):
            by_owner.setdefault(entry.owner, []).append((entry.pattern, at))
        self._indexes = {
            owner: PatternIndex(found) for owner, found in by_owner.items()
        }
        self._by_layers = Cache[tuple[int, ...], DomainSettings](self._merge)
        self._by_question = Cache[tuple[str, str], DomainSettings](self._find)

    def says(self, attribute: str) -> bool:
        """Whether any `<domain>` has that directive."""
        return any(attribute in layer for layer in self._layers)

    def settings(self, domain: str, vmta: str) -> DomainSettings:
        """Global entries, the pool's over them, the VirtualMTA's over both."""
        return self._by_question.answer((domain, vmta))

    def layers(self, domain: str, vmta: str) -> tuple[int, ...]:
        """Numbers of the entries that apply, the one that wins last."""
        plain = canonical_domain(domain)
        layers: list[int] = []
        for owner in dict.fromkeys(("", self._pools.get(vmta, ""), vmta)):
            if index := self._indexes.get(owner):
                layers += index.matches(plain)
        return tuple(layers)

    def _find(self, question: tuple[str, str]) -> DomainSettings:
        return self._by_layers.answer(self.layers(*question))

    def _merge(self, layers: tuple[int, ...]) -> DomainSettings:
        return DomainSettings(**_merged(self._layers[at] for at in layers))


def _merged(layers: Iterable[Settings]) -> dict[str, Any]:
    """One mapping, later layers over earlier ones; per attribute."""
    whole: dict[str, Any] = {}
    for layer in layers:
        whole.update(layer)
    return whole
