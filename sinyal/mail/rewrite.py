"""Rewriting of envelope senders by a `<rewrite-list>`; guide 3.3.13, rules RW."""

from collections.abc import Iterable
from typing import Protocol


class Rule(Protocol):
    """One `mail-from SOURCE TARGET` line."""

    @property
    def source(self) -> str: ...

    @property
    def target(self) -> str: ...


def rewrite(rules: Iterable[Rule], address: str) -> str:
    """The address as the first matching rule makes it, or as it was.

    Shape: `address` is without angle brackets, "" the empty sender. Letters match in
    either case. The first rule in file order that matches decides.
    """
    for rule in rules:
        if _matches(rule.source, address):
            return _applied(rule.target, address)
    return address


def _matches(source: str, address: str) -> bool:
    if source == "<>" or not address:
        return source == "<>" and not address
    local, _, domain = address.lower().rpartition("@")
    wanted_local, _, wanted_domain = source.lower().rpartition("@")
    return wanted_local in {"*", local} and wanted_domain in {"*", domain}


def _applied(target: str, address: str) -> str:
    if target == "<>":
        return ""
    local, _, domain = address.rpartition("@")
    new_local, _, new_domain = target.rpartition("@")
    return (
        f"{local if new_local == '*' else new_local}"
        f"@{domain if new_domain == '*' else new_domain}"
    )
