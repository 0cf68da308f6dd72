"""An SMTP server: the session machine of `sinyal.smtp` on asyncio's transports."""

import asyncio
from collections.abc import Callable

from sinyal.runtime.listening import Connections, Listening
from sinyal.runtime.smtp_connection import (
    Memory,
    ServerConnection,
    Service,
    TlsContext,
)
from sinyal.runtime.smtp_dialog import Dialog, Peer, settle

__all__ = ["Dialog", "Peer", "serve", "settle"]

MEMORY_OCTETS = 512 * 1024 * 1024  # of unfinished large messages, all connections


async def serve(
    host: str,
    port: int,
    dialog_factory: Callable[[], Dialog],
    tls_context: TlsContext = None,
    *,
    backlog: int = 1024,
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

    def connection() -> ServerConnection:
        return ServerConnection(service, loop)

    server = await loop.create_server(connection, host, port, backlog=backlog)
    return Listening(server, service.connections)
