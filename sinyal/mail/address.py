"""Addresses: read from a field and taken apart; RFC 5322 3.4, RFC 5321 4.1.2."""

import msgspec
import regex as re

from sinyal.mail import header

TOKEN = re.compile(
    rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|<[^>]*+(?:>|\Z)|[^"<(,;:]++|.', re.DOTALL
)
PAREN = re.compile(rb"[()]|\\.", re.DOTALL)
# `Name <local@domain>` without any mark that needs a second look:
# nearly all mail, at a third of the price.
PLAIN = re.compile(
    rb'([^"<>(),;:\\\x00-\x1f]*+)<([^\s"<>(),;:@\\]++@[^\s"<>(),;:@\\]++)>'
)
MAX_OCTETS = 8192  # what is worth reading of a field: a hostile one costs 70 ms
ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


class Mailbox(msgspec.Struct, frozen=True, gc=False):
    """A display name, decoded, and an address; either may be ""."""

    name: str
    address: str


def parse(value: bytes) -> Mailbox:
    """The first mailbox of an address field's value; both parts "" if there is none.

    Of a longer value `MAX_OCTETS` are read.
    Source: RFC 5322 3.4, with the older form `address (name)`.
    """
    value = value[:MAX_OCTETS]
    if plain := PLAIN.fullmatch(value):
        return Mailbox(_shown(plain[1]), header.text(plain[2]))
    phrase: list[bytes] = []
    comments: list[bytes] = []
    at = 0
    while token := TOKEN.match(value, at):
        at = token.end()
        first = token[0][:1]
        if first == b"<":
            return _mailbox(phrase, comments, token[0].strip(b"<>"))
        if first == b"(":
            at = comment_end(value, at)
            comments.append(value[token.end() : at].removesuffix(b")"))
        elif first in b",;" and b"".join(phrase).strip():
            break
        elif first in b",;:":
            phrase.clear()  # a group's name, or an empty member
        else:
            phrase.append(token[0])
    return _mailbox([], comments, b"".join(phrase))


def comment_end(value: bytes, at: int) -> int:
    """Where the comment ends whose text begins at `at`."""
    depth = 1
    for mark in PAREN.finditer(value, at):
        depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    return len(value)


def _mailbox(phrase: list[bytes], comments: list[bytes], address: bytes) -> Mailbox:
    name = b"".join(_unquoted(word) for word in phrase) if phrase else b""
    if not name.strip() and comments:
        name = comments[0]
    route_end = address.rfind(b":") if address.startswith(b"@") else -1
    spec = address[route_end + 1 :].strip()
    return Mailbox(_shown(name), header.text(spec) if b"@" in spec else "")


def _shown(name: bytes) -> str:
    """A display name as people read it, on one line."""
    return " ".join(header.decode(name).split())


def _unquoted(word: bytes) -> bytes:
    if not word.startswith(b'"'):
        return word
    return ESCAPE.sub(rb"\1", word[1:].removesuffix(b'"'))


def local(address: str) -> str:
    """What stands before the last "@", as written."""
    return address.rpartition("@")[0]


def domain(address: str) -> str:
    """The domain in lower case and without a final dot, or ""."""
    at = address.rfind("@")
    return address[at + 1 :].lower().rstrip(".") if at >= 0 else ""
