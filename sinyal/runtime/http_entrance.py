"""The way into an HTTPS server: room is asked for before the handshake.

asyncio's own TLS servers tell of a connection when its handshake is done; until then
it would be counted by nobody, and strangers could hold as many as there are files.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable

import msgspec

from sinyal.runtime.listening import Connections
from sinyal.runtime.log import LOG

HANDSHAKE_S = 20.0


class Room(msgspec.Struct, kw_only=True):
    """How many connections servers may have together, and have; handshakes count."""

    connections: int = 200
    opened: int = 0


class Entrance(asyncio.Protocol):
    """The first protocol of a connection, before its TLS."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        room: Room,
        connections: Connections,
    ) -> None:
        self._make = make
        self._context = context
        self._room = room
        self._connections = connections
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        handle = os.dup(transport.get_extra_info("socket").fileno())
        taken = socket.socket(fileno=handle)
        remote_ip = (transport.get_extra_info("peername") or ("",))[0]
        transport.abort()  # type: ignore[attr-defined]  # what `taken` holds stays open
        if self._room.opened >= self._room.connections:
            LOG.warning("api-in %s closed: too many connections", remote_ip)
            taken.close()
            return
        self._room.opened += 1
        self._connections.add(self)
        self._task = asyncio.get_running_loop().create_task(
            self._let_in(taken, remote_ip)
        )
        self._task.add_done_callback(self._ended)

    def retire(self) -> None:
        """Nothing is owed to a client that is not in yet."""
        self.abort()

    def abort(self) -> None:
        """Break the handshake off."""
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        # The connection itself counts from its first moment.
        self._room.opened -= 1
        self._connections.discard(self)

    async def _let_in(self, taken: socket.socket, remote_ip: str) -> None:
        taken.setblocking(False)
        is_in = False
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make,
                taken,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S,
            )
            is_in = True
        except OSError as error:  # SSLError and ConnectionError are
            LOG.debug("api-in %s: no handshake: %s", remote_ip, error)
        finally:
            if not is_in:
                taken.close()
