"""XCLIENT: the client of a trusted relay takes the relay's place (own extension)."""

from collections.abc import Mapping

from msgspec.structs import replace

from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.events import Hello


def client_of(peer: Peer, told: Mapping[str, str]) -> Peer:
    """The peer with the addresses and ports that were told; unknown ones stay.

    The TLS is the relay's, its certificate nobody's.
    """
    return replace(
        peer,
        remote_ip=told.get("ADDR") or peer.remote_ip,
        remote_port=int(told.get("PORT") or peer.remote_port),
        local_ip=told.get("DESTADDR") or peer.local_ip,
        local_port=int(told.get("DESTPORT") or peer.local_port),
        certificate=b"",
    )


def hello_of(told: Mapping[str, str]) -> Hello | None:
    """How the client has introduced itself, None where nothing is said of it."""
    name = told.get("HELO")
    return Hello(name, is_extended=told.get("PROTO") != "SMTP") if name else None
