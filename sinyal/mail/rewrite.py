"""Rewriting by a `<rewrite-list>`: envelope senders, and domains of From fields.

Source: guide 3.3.18, rules RW; RFC 5322 3.4.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import regex as re

from sinyal.mail.address import MAX_OCTETS, TOKEN, comment_end
from sinyal.mail.header import Field

# The domain of an addr-spec that ends here, a comment behind it left out.
DOMAIN = re.compile(rb'@\s*+([^\s()<>@",;:\[\]\\]++)\s*+(?:\(.*+)?+\Z', re.DOTALL)


_EMPTY = "<>"  # the source of the empty sender


class Rule(Protocol):
    """One `mail-from SOURCE TARGET` line."""

    @property
    def source(self) -> str: ...

    @property
    def target(self) -> str: ...


class Edit(NamedTuple):
    """`content[start:end]` is to become `octets`."""

    start: int
    end: int
    octets: bytes = b""


def rewrite(rules: Sequence[Rule], address: str) -> str:
    """The address as the first matching rule makes it, or as it was.

    Shape: `address` is without angle brackets, "" the empty sender. Letters match in
    either case. The first rule in file order that matches decides.
    """
    targets = _targets(_Identity(rules))
    if not address:
        found = [targets[_EMPTY]] if _EMPTY in targets else []
    else:
        local, _, domain = address.lower().rpartition("@")
        keys = (f"{local}@{domain}", f"{local}@*", f"*@{domain}", "*@*")
        found = [targets[key] for key in keys if key in targets]
    return _applied(min(found)[1], address) if found else address


class _Identity:
    """Rules by what they are, not by what they say: a thousand are not compared."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.rules is self.rules

    def __hash__(self) -> int:
        return id(self.rules)


@lru_cache(maxsize=64)
def _targets(key: _Identity) -> dict[str, tuple[int, str]]:
    """Place and target by source; of equal sources the first."""
    found: dict[str, tuple[int, str]] = {}
    for at, rule in enumerate(key.rules):
        found.setdefault(rule.source.lower(), (at, rule.target))
    return found


def _applied(target: str, address: str) -> str:
    if target == "<>":
        return ""
    local, _, domain = address.rpartition("@")
    new_local, _, new_domain = target.rpartition("@")
    return (
        f"{local if new_local == '*' else new_local}"
        f"@{domain if new_domain == '*' else new_domain}"
    )


def author_edits(
    content: bytes, field: Field, target_of: Callable[[bytes], bytes]
) -> list[Edit]:
    """What changes in a From field; nothing but the octets of domains (RW-2).

    `target_of` gives the new domain for one as it is written, b"" to leave it. A field
    above `MAX_OCTETS` octets stays as it is: nobody writes to so many in From.
    """
    if field.end - field.start > MAX_OCTETS:
        return []
    start = content.index(b":", field.start) + 1
    found = []
    for at, end in _domains(content, start, field.end):
        target = target_of(content[at:end])
        if target:
            found.append(Edit(at, end, target))
    return found


def _domains(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the domain of each mailbox stands, in groups and lists as well."""
    at = bare = start  # `bare`: where an address without brackets would begin
    is_bare = True
    while at < end and (token := TOKEN.match(content, at, end)):
        first, begin, at = token[0][:1], at, token.end()
        if first == b"(":
            at = min(end, comment_end(content, at))
        elif first == b"<":
            yield from _domain(content, begin + 1, at - token[0].endswith(b">"))
            is_bare = False
        elif first in b",;:":
            if is_bare and first != b":":
                yield from _domain(content, bare, begin)
            bare, is_bare = at, True
    if is_bare:
        yield from _domain(content, bare, end)


def _domain(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    found = DOMAIN.search(content, start, end)
    if found:
        yield found.span(1)
