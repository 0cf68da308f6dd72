"""Where a configuration listens: each address once, ranges spelt out."""

import msgspec

from sinyal.config import Configuration
from sinyal.config.vocabulary import Listener
from sinyal.runtime.interfaces import within


class Place(msgspec.Struct, frozen=True, order=True):
    """An address and port of this machine."""

    ip: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{host}:{self.port}"


class NothingWithin(OSError):
    """A range that holds no address of this machine."""


def places(configuration: Configuration) -> dict[Place, Listener]:
    """Every place with the listener that speaks there.

    An address that has a line of its own is left out of the ranges around it. Errors:
    `NothingWithin`.
    """
    found: dict[Place, Listener] = {}
    for listener in sorted(configuration.listeners, key=lambda one: "/" in one.host):
        for ip in _addresses(listener):
            found.setdefault(Place(ip, listener.port), listener)
    return found


def _addresses(listener: Listener) -> list[str]:
    if "/" not in listener.host:
        return [listener.host]
    inside = within(listener.host)
    if not inside:
        place = f"smtp-listener {listener.host}:{listener.port}"
        raise NothingWithin(0, "no address of this machine is in the range", place)
    return inside


def blackhole(configuration: Configuration) -> Place | None:
    """Where mail is taken only to be dropped, None without dummy-smtp-port (MISC-7)."""
    settings = configuration.settings
    if not settings.dummy_smtp_port:
        return None
    return Place(settings.dummy_smtp_ip or "0.0.0.0", settings.dummy_smtp_port)
