"""Which hosts the sink may visit: loopback, and those that the operator names."""

import ipaddress
from urllib.parse import urlsplit

import msgspec


class Visit(msgspec.Struct, frozen=True):
    """Where to connect for a URL, and the Host field to send there."""

    url: str
    host: str


class Sites:
    """The hosts that may be visited. `named` is `NAME` or `NAME=ADDRESS:PORT` each.

    A name with an address is visited there, whatever the DNS says: no look-up is made.
    """

    def __init__(self, named: tuple[str, ...] = ()) -> None:
        rows = (one.partition("=") for one in named)
        self._named = {name.lower(): address for name, _, address in rows}

    def visit(self, url: str) -> Visit | None:
        """How to fetch the URL, or None when its host may not be visited."""
        try:
            parts = urlsplit(url)
            name, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return None
        if parts.scheme not in {"http", "https"} or parts.username is not None:
            return None
        host = parts.netloc
        for known in (f"{name}:{port}", name):
            if address := self._named.get(known):
                return Visit(parts._replace(netloc=address).geturl(), host)
            if known in self._named:
                return Visit(url, host)
        return Visit(url, host) if is_loopback(name) else None


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only mean this machine; RFC 6761 6.3."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
