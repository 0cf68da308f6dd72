"""An SMTP server: the session machine of `sinyal.smtp` on asyncio's transports."""

import asyncio
import socket
from collections.abc import Callable

from sinyal.runtime.entrance import entrance
from sinyal.runtime.listening import BACKLOG, Connections, Listening
from sinyal.runtime.smtp_dialog import Dialog, Peer, settle
from sinyal.runtime.smtp_service import Memory, Service, TlsContext

__all__ = ["Dialog", "Memory", "Peer", "Service", "serve", "serve_on", "settle"]

MEMORY_OCTETS = 512 * 1024 * 1024  # of unfinished large messages, all connections


async def serve(
    host: str,
    port: int,
    dialog_factory: Callable[[], Dialog],
    tls_context: TlsContext = None,
    *,
    backlog: int = BACKLOG,
    memory_octets: int = MEMORY_OCTETS,
) -> Listening:
    """A server that listens on `host`:`port`; its `sockets` tell a port given as 0.

    `memory_octets` bounds what unfinished large messages hold together; the connection
    that would pass it is closed. Errors: `OSError` when the address cannot be bound.
    """
    loop = asyncio.get_running_loop()
    service = Service(
        dialogs=dialog_factory,
        memory=Memory(memory_octets),
        connections=Connections(),
        tls_context=tls_context,
    )
    server = await loop.create_server(
        entrance(service, loop), host, port, backlog=backlog
    )
    return Listening(server, service.connections)


async def serve_on(opened: socket.socket, service: Service) -> Listening:
    """As `serve`, on a socket that listens already; `service` may change later on."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        entrance(service, loop), sock=opened, backlog=BACKLOG
    )
    return Listening(server, service.connections)
