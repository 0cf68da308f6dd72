"""What a server's owner does with one SMTP connection, and who its peer is."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

import msgspec

from sinyal.smtp.events import Event, Hello
from sinyal.smtp.reply import Reply
from sinyal.smtp.server import ServerSession, Wire


class Peer(msgspec.Struct, frozen=True):
    """The two ends of a connection, and its TLS where there is.

    Shape: `certificate` is the peer's own, verified, as DER; empty without one.
    """

    remote_ip: str
    remote_port: int
    local_ip: str
    local_port: int
    tls_protocol: str = ""
    tls_cipher: str = ""
    certificate: bytes = b""


# Mail data that drips in more slowly than this much per time-out is cut off.
DATA_STEP_OCTETS = 1024


class Dialog(Protocol):
    """What a server's owner does with one connection; subclass it for the defaults.

    Units: `max_octets` octets of a message, 0 for no limit; `timeout_s` the longest
    wait for a command, `data_timeout_s` for `DATA_STEP_OCTETS` of mail data or their
    end, 0 for the same. `features` are those of `ServerSession`.
    """

    max_octets: int = 0
    features: frozenset[str] = frozenset()
    timeout_s: float = 300.0  # RFC 5321 4.5.3.2.7
    data_timeout_s: float = 0.0
    wire: Wire | None = None  # is shown what goes over the wire

    def opened(self, peer: Peer) -> Reply | Awaitable[Reply]:
        """The greeting; 4xx or 5xx closes the connection."""
        ...

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        """The reply to `event`; to an EHLO, `extensions` is added to it."""
        ...

    def extensions(self, is_tls: bool) -> list[str]:
        """The lines of the EHLO reply behind the first one."""
        return []

    def secured(self, peer: Peer) -> None:
        """TLS is active: forget what was learnt in the clear; RFC 3207 4.2."""

    def closed(self) -> None:
        """The connection is gone; a pending answer is of no more use."""


def settle(session: ServerSession, dialog: Dialog, event: Event, reply: Reply) -> None:
    """Give the session the dialog's reply, with the extensions to an EHLO."""
    if isinstance(event, Hello) and event.is_extended and reply.is_positive:
        extensions = dialog.extensions(session.is_secure)
        reply = Reply(reply.code, (*reply.lines, *extensions))
    session.send(reply)
    session.max_octets = dialog.max_octets
    session.features = dialog.features
    session.wire = dialog.wire


def peer_of(
    transport: asyncio.BaseTransport, told: tuple[str, int] | None = None
) -> Peer:
    """Addresses and TLS of a connected transport; `told` is the client's, if known."""
    remote = told or transport.get_extra_info("peername") or ("", 0)
    local = transport.get_extra_info("sockname") or ("", 0)
    cipher = transport.get_extra_info("cipher")
    name, protocol, _ = cipher or ("", "", 0)
    tls = transport.get_extra_info("ssl_object")
    return Peer(
        remote_ip=remote[0],
        remote_port=remote[1],
        local_ip=local[0],
        local_port=local[1],
        tls_protocol=protocol,
        tls_cipher=name,
        certificate=(tls.getpeercert(binary_form=True) if tls else None) or b"",
    )
