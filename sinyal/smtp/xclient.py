"""XCLIENT: a trusted relay tells who its client is; Postfix XCLIENT_README."""

import ipaddress
from collections.abc import Callable

import regex as re

from sinyal.smtp import status, xtext
from sinyal.smtp.events import XClient
from sinyal.smtp.reply import Reply

FEATURE = "XCLIENT"
UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
PORT = re.compile("[0-9]{1,5}")
PROTOCOLS = ("SMTP", "ESMTP")


def read(argument: bytes) -> XClient | Reply:
    """The event: addresses without `IPV6:`, ports and protocols checked."""
    words = argument.decode("latin-1").split()
    attributes: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        meant = _value(name.upper(), value)
        if meant is None or name.upper() in attributes:
            return status.BAD_ARGUMENT
        attributes[name.upper()] = meant
    return XClient(attributes) if attributes else status.BAD_ARGUMENT


def _value(name: str, value: str) -> str | None:
    """What `value` stands for, None where it cannot stand."""
    if value.upper() in UNKNOWN:
        return "" if name in _READERS else None
    text = _decoded(value)
    read = _READERS.get(name)
    return read(text) if read and text else None


def _decoded(value: str) -> str:
    """Printable text, "" for all else."""
    try:
        text = (xtext.decode(value) or b"").decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


def _address(text: str) -> str | None:
    try:
        if text[:5].upper() == "IPV6:":
            return str(ipaddress.IPv6Address(text[5:]))
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _port(text: str) -> str | None:
    return text if PORT.fullmatch(text) and int(text) < 65536 else None


def _protocol(text: str) -> str | None:
    return text.upper() if text.upper() in PROTOCOLS else None


# attribute: what reads its decoded value
_READERS: dict[str, Callable[[str], str | None]] = {
    "NAME": str,
    "ADDR": _address,
    "PORT": _port,
    "PROTO": _protocol,
    "HELO": str,
    "LOGIN": str,
    "DESTADDR": _address,
    "DESTPORT": _port,
}
