"""What comes before the session: a PROXY header, TLS from the first octet.

The octets of both are read from a socket of our own, so that none behind a header is
lost, and the TLS context is the one of the moment.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable

from sinyal.runtime.log import LOG
from sinyal.runtime.smtp_connection import ServerConnection, note_handshake
from sinyal.runtime.smtp_service import Service
from sinyal.smtp.proxy import BadHeader, Client, ProxyHeader


class Entrance(asyncio.Protocol):
    """The first protocol of a connection; most become a `ServerConnection` at once."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._loop = loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        service = self._service
        remote_ip = (transport.get_extra_info("peername") or ("",))[0]
        has_header = bool(service.expects_proxy and service.expects_proxy(remote_ip))
        if not (has_header or service.is_immediate):
            connection = ServerConnection(service, self._loop)
            transport.set_protocol(connection)
            connection.connection_made(transport)
            return
        handle = os.dup(transport.get_extra_info("socket").fileno())
        taken = socket.socket(fileno=handle)
        transport.abort()  # type: ignore[attr-defined]  # what `taken` holds stays open
        entering = Entering(service, self._loop, taken, remote_ip)
        entering.start(has_header=has_header)


class Entering:
    """A connection on its way in; `Connected` as its server sees it."""

    def __init__(
        self,
        service: Service,
        loop: asyncio.AbstractEventLoop,
        taken: socket.socket,
        remote_ip: str,
    ) -> None:
        self._service = service
        self._loop = loop
        self._socket = taken
        self._remote_ip = remote_ip
        self._task: asyncio.Task[None] | None = None

    def start(self, *, has_header: bool) -> None:
        self._service.entering.enter(self._remote_ip, self, self.abort)
        self._service.connections.add(self)
        self._task = self._loop.create_task(self._enter(has_header=has_header))
        self._task.add_done_callback(self._ended)

    def retire(self) -> None:
        """Nothing is owed to a peer that is not in yet."""
        self.abort()

    def abort(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._service.entering.left(self._remote_ip, self)
        self._service.connections.discard(self)

    async def _enter(self, *, has_header: bool) -> None:
        self._socket.setblocking(False)
        is_in, told = False, None
        try:
            told = await self._header() if has_header else None
            await self._let_in(told)
            is_in = True
        except ssl.SSLError as error:
            address = told[0] if told else self._remote_ip
            note_handshake(self._service, address, error, self._loop.time())
        except BadHeader as error:
            LOG.info("smtp-in %s closed: %s", self._remote_ip, error)
        except TimeoutError:
            LOG.info("smtp-in %s closed: no PROXY header came", self._remote_ip)
        except (OSError, EOFError) as error:
            LOG.debug("smtp-in %s: not let in: %s", self._remote_ip, error)
        finally:
            if not is_in:
                self._socket.close()

    async def _header(self) -> Client | None:
        header = ProxyHeader()
        async with asyncio.timeout(self._service.header_timeout_s):
            while header.wanted:
                octets = await self._loop.sock_recv(self._socket, header.wanted)
                if not octets:
                    raise EOFError
                header.feed(octets)
        return header.client

    async def _let_in(self, told: Client | None) -> None:
        context: ssl.SSLContext | None = None
        if self._service.is_immediate:
            address = told[0] if told else self._remote_ip
            context = self._service.context(address, self._loop.time())
            if context is None:
                raise ssl.SSLError(0, "no certificate")
        timeout_s = self._service.handshake_timeout_s if context else None
        await self._loop.connect_accepted_socket(
            lambda: ServerConnection(self._service, self._loop, told),
            self._socket,
            ssl=context,
            ssl_handshake_timeout=timeout_s,
        )


def entrance(
    service: Service, loop: asyncio.AbstractEventLoop
) -> Callable[[], asyncio.Protocol]:
    """What makes the protocols of a listener's connections."""
    return lambda: Entrance(service, loop)
