"""A listening server that can be stopped without breaking off what it owes."""

import asyncio
import socket
from typing import Any, Protocol

BACKLOG = 1024


def free_address(host: str, port: int) -> str:
    """The first address of `host`, on which nobody listens at `port` yet.

    For servers that bind with SO_REUSEPORT and so would share the port of another one.
    Errors: `OSError` for an unknown host, and for an address that is taken.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _name, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(address)
            probe.listen()
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
    return str(address[0])


def listening_socket(
    ip: str, port: int, backlog: int = BACKLOG, *, is_shared: bool = False
) -> socket.socket:
    """A socket that listens on a numeric address; an IPv6 one takes no IPv4.

    `is_shared`: a socket of our own is about to give way, at the same port on all
    addresses or on one. Errors: `OSError`, when the address is taken or not of this
    machine.
    """
    if port and not is_shared:
        free_address(ip, port)  # sockets that share a port do not refuse each other
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((ip, port))
        made.listen(backlog)
    except OSError:
        made.close()
        raise
    return made


class Connected(Protocol):
    """A connection as its server sees it."""

    def retire(self) -> None:
        """Take leave as soon as no answer is owed."""

    def abort(self) -> None:
        """Drop the connection."""


class Connections:
    """The open connections of a server."""

    def __init__(self) -> None:
        self._open: set[Connected] = set()
        self._changed = asyncio.Event()

    def add(self, connection: Connected) -> None:
        self._open.add(connection)

    def discard(self, connection: Connected) -> None:
        self._open.discard(connection)
        self._changed.set()

    @property
    def is_any(self) -> bool:
        """Whether one is open."""
        return bool(self._open)

    def retire(self) -> None:
        """Tell every connection to take leave."""
        for connection in tuple(self._open):
            connection.retire()

    def abort(self) -> None:
        """Drop those that are left."""
        for connection in tuple(self._open):
            connection.abort()

    async def ended(self) -> None:
        """Return when none is open."""
        while self._open:
            self._changed.clear()
            await self._changed.wait()


class Listening:
    """The server of a port with its open connections.

    `close` only stops listening; `stop` also ends the connections.
    """

    def __init__(self, server: asyncio.Server, connections: Connections) -> None:
        self._server = server
        self._connections = connections

    @property
    def sockets(self) -> tuple[Any, ...]:
        return tuple(self._server.sockets)

    @property
    def is_busy(self) -> bool:
        """Whether a connection is open."""
        return self._connections.is_any

    def close(self) -> None:
        self._server.close()

    async def wait_closed(self) -> None:
        await self._server.wait_closed()

    async def stop(self, grace_s: float) -> None:
        """Return when no connection is open; those late by `grace_s` are dropped."""
        self.close()
        self._connections.retire()
        try:
            await asyncio.wait_for(self._connections.ended(), grace_s)
        except TimeoutError:
            self._connections.abort()
