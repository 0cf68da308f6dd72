"""What checks of a message found, as an Authentication-Results field; RFC 8601."""

import re
import textwrap
from collections.abc import Iterable

from sinyal.mail.address import comment_end

FIELD = b"Authentication-Results"
MAX_VALUE = 320  # characters of a property: the longest address; RFC 5321 4.5.3.1
MAX_COMMENT = 3000
WIDTH = 78  # of a line where words allow it; RFC 5322 2.1.1
TOKEN = r"[!#$%&'*+\-.^_`{|}~A-Za-z0-9]"
PLAIN = re.compile(rf"{TOKEN}+|{TOKEN}*@[A-Za-z0-9.\-]+")
OUTSIDE = re.compile(r"[^ -~]")
SPECIAL = re.compile(r"[()\\]")
# An identifier as an intruder may spell it: behind comments, quoted.
COMMENT = re.compile(rb"\s*\(")
IDENTIFIER = re.compile(rb'\s*"?([^\s";(/]+)')


def clause(
    method: str,
    result: str,
    properties: Iterable[tuple[str, str]] = (),
    comment: str = "",
) -> str:
    """One resinfo: `spf=pass (comment) smtp.mailfrom=a@example.org`; RFC 8601 2.2.

    Properties without a value are left out.
    """
    words = [f"{method}={result}"]
    if comment:
        shown = OUTSIDE.sub("?", comment[:MAX_COMMENT])
        words.append(f"({SPECIAL.sub(_escaped, shown)})")
    words += [f"{name}={_value(value)}" for name, value in properties if value]
    return " ".join(words)


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]


def _value(text: str) -> str:
    """The value as a token or an address, otherwise as a quoted string."""
    shown = OUTSIDE.sub("?", text[:MAX_VALUE])
    if PLAIN.fullmatch(shown):
        return shown
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


def field(host_name: str, results: Iterable[str]) -> bytes:
    """The field with its line end; `results` are clauses, none where there are none."""
    clauses = list(results) or ["none"]
    lines = [f"{FIELD.decode()}: {host_name};"]
    for at, one in enumerate(clauses):
        end = ";" if at < len(clauses) - 1 else ""
        lines += textwrap.wrap(
            one + end, WIDTH, break_long_words=False, break_on_hyphens=False
        )
    return "\r\n\t".join(lines).encode() + b"\r\n"


def is_from(value: bytes, host_name: str) -> bool:
    """Whether a field claims to be of this host: nobody else may; RFC 8601 5."""
    at = 0
    while found := COMMENT.match(value, at):
        at = comment_end(value, found.end())
    identifier = IDENTIFIER.match(value, at)
    return identifier is not None and (
        identifier[1].decode("latin-1").lower().rstrip(".") == host_name.lower()
    )
