"""Trace and identification fields of a message: Received, Date, Message-ID.

Source: RFC 5321 4.4, RFC 5322 3.3 and 3.6.4, guide 5 (rule HDR-6).
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
# What a peer may not bring into a field: line ends, controls, and marks that would end
# a comment, a path or the clause; anything not ASCII as well.
UNSAFE = re.compile(r"[^!-'*-:=?-~]")
PRODUCT = "sinyal"


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """What the Received field says; `rcpt` is given only for a single recipient.

    Units: `at` epoch seconds UTC. `with_protocol` is ESMTP, ESMTPS, ESMTPSA, ...
    (RFC 3848). `from_ip` and `helo` are "" when the source is hidden.
    """

    helo: str
    from_ip: str
    by: str
    with_protocol: str
    id: str
    at: float
    rcpt: str = ""
    mail_from: str = ""
    tls: str = ""


def date(at: float) -> str:
    """The moment as `Wed, 04 Mar 2026 09:15:20 +0000`; RFC 5322 3.3."""
    return _date(int(at))


@lru_cache(maxsize=4)
def _date(at: int) -> str:
    # Cached: a busy server writes the same second a thousand times.
    when = datetime.fromtimestamp(at, UTC)
    return (
        f"{WEEKDAYS[when.weekday()]}, {when.day:02} {MONTHS[when.month - 1]}"
        f" {when.year:04} {when.hour:02}:{when.minute:02}:{when.second:02} +0000"
    )


def received(hop: Hop) -> bytes:
    """The Received field with its line end; RFC 5321 4.4."""
    lines = []
    if hop.helo or hop.from_ip:
        lines.append(f"from {_safe(hop.helo) or 'unknown'} ({_safe(hop.from_ip)})")
    protocol = f" with {hop.with_protocol}"
    if hop.tls:
        protocol += f" ({' '.join(map(_safe, hop.tls.split()))})"
    lines.append(f"by {_safe(hop.by)} ({PRODUCT}){protocol} id {_safe(hop.id)}")
    if hop.rcpt:
        lines.append(f"for <{_safe(hop.rcpt)}>")
    lines[-1] += ";"
    lines.append(f"{date(hop.at)} (envelope-from <{_safe(hop.mail_from)}>)")
    joined = "\r\n\t".join(lines)
    return f"Received: {joined}\r\n".encode()


def date_field(at: float) -> bytes:
    """The Date field with its line end; RFC 5322 3.6.1."""
    return f"Date: {date(at)}\r\n".encode()


def message_id_field(unique: str, host: str) -> bytes:
    """The Message-ID field with its line end; RFC 5322 3.6.4."""
    return f"Message-ID: <{_safe(unique)}@{_safe(host)}>\r\n".encode()


def _safe(text: str) -> str:
    return UNSAFE.sub("_", text)
