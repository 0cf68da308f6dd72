"""Recipients that an accounting file is not to name; guide 3.3.11.16."""

import functools
import hmac
import re
from collections.abc import Callable, Iterator

import msgspec

from sinyal.accounting.siphash import siphash
from sinyal.config.grammar import words
from sinyal.events.record import Record
from sinyal.smtp import xtext

REDACTED = "..."
FORMER_NAMES = 4096  # local parts whose hash is kept: a recipient has several records
# Fields of a complaint that name recipients, maybe several; RFC 5965 3.2, RFC 6650.
RECIPIENT_FIELDS = ("original-rcpt-to", "removal-recipient")
ADDRESS = re.compile(r"[^\s<>,;]+@[^\s<>,;]+")

Hide = Callable[[Record], Record]


def hiding(policy: str) -> Hide | None:
    """What hides the recipients of records as `privacy-policy` says, None for retain.

    The key is in nothing that can be printed.
    """
    method, *rest = words(policy)
    method = method.lower()
    if method == "retain":
        return None
    name = functools.lru_cache(FORMER_NAMES)(_name_by(method, rest))
    return lambda record: _hidden(record, name)


def _name_by(method: str, rest: list[str]) -> Callable[[str], str]:
    """What makes another name of a local part."""
    if method == "redact":
        text = rest[0] if rest else REDACTED
        return lambda _: text
    key = bytes.fromhex(rest[0]) if method.endswith("-hexkey") else rest[0].encode()
    if method.startswith("siphash"):
        return lambda local: siphash(key, _octets(local)).hex().upper()
    return lambda local: hmac.digest(key, _octets(local), "sha256").hex().upper()


def _octets(local: str) -> bytes:
    return local.lower().encode("utf-8", "surrogateescape")


def _hidden(record: Record, name: Callable[[str], str]) -> Record:
    """The record with other local parts wherever it tells the recipient.

    Those are rcpt, orcpt, the address in dsnDiag, in a header and in a report, and the
    recipient in a sender made by VERP.
    """
    changes = list(_changes(record, name))

    def told(text: str) -> str:
        for former, later in changes:
            text = replaced(text, former, later)
        return text

    kind, semicolon, original = record.orcpt.partition(";")
    return msgspec.structs.replace(
        record,
        rcpt=_renamed(record.rcpt, name),
        orcpt=f"{kind}{semicolon}{_renamed(_plain(original), name)}"
        if semicolon
        else _renamed(record.orcpt, name),
        orig=told(record.orig),
        dsn_diag=told(record.dsn_diag),
        headers={one: told(text) for one, text in record.headers.items()},
        arf={one: told(text) for one, text in record.arf.items()},
    )


def _changes(record: Record, name: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """What stands for what: addresses, and recipients as VERP writes them."""
    original = record.orcpt.rpartition(";")[2]
    others = [
        address
        for field in RECIPIENT_FIELDS
        for address in ADDRESS.findall(record.arf.get(field, ""))
    ]
    for address in dict.fromkeys((record.rcpt, original, _plain(original), *others)):
        local, at, domain = address.rpartition("@")
        if local and at:
            yield address, f"{name(local)}@{domain}"
            yield f"{local}={domain}", f"{name(local)}={domain}"


def _renamed(address: str, name: Callable[[str], str]) -> str:
    if not address:
        return ""
    local, at, domain = address.rpartition("@")
    return f"{name(local)}@{domain}" if at else name(domain)


def _plain(original: str) -> str:
    """An ORCPT address as it was before it was encoded; RFC 3461 4.2."""
    found = xtext.decode(original) if original.isascii() else None
    return original if found is None else found.decode("utf-8", "surrogateescape")


def replaced(text: str, former: str, later: str) -> str:
    """The text with `later` wherever it has `former`, in upper or lower case."""
    lowered, wanted = text.lower(), former.lower()
    if wanted not in lowered:
        return text
    pattern = re.compile(re.escape(former), re.IGNORECASE)
    return pattern.sub(lambda _: later, text)
