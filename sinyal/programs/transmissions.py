"""The listeners of the Transmissions API, in the process of `sinyal mta`."""

import os
import ssl

from sinyal.config.vocabulary import Listener
from sinyal.reception.door import Door
from sinyal.reception.transmissions import Transmissions
from sinyal.runtime.http_server import Bounds, serve
from sinyal.runtime.interfaces import within
from sinyal.runtime.listening import Listening
from sinyal.runtime.log import LOG
from sinyal.runtime.tls import listener_context


async def listen(door: Door) -> list[Listening]:
    """The servers of every `<transmissions-api-listener>`.

    Keys and settings are those of the moment, places and certificates those of the
    start. Errors: `OSError` that names the address or the file.
    """
    application, bounds = Transmissions(door), Bounds()
    servers = []
    for listener in door.configuration.api_listeners:
        context = _context(listener)
        for ip in _addresses(listener):
            try:
                server = await serve(ip, listener.port, application, context, bounds)
            except OSError as error:
                place = f"transmissions-api-listener {ip}:{listener.port}"
                text = os.strerror(error.errno) if error.errno else str(error)
                raise OSError(error.errno, text, place) from error
            servers.append(server)
            LOG.info("Transmissions API on %s:%d", ip, listener.port)
    return servers


def _addresses(listener: Listener) -> list[str]:
    """The address, or those of this machine that lie in the range."""
    return within(listener.host) if "/" in listener.host else [listener.host]


def _context(listener: Listener) -> ssl.SSLContext:
    """TLS of the listener; a ca-file asks each client for a certificate (API-1)."""
    context = listener_context(listener.tls)
    if context is None:
        place = f"transmissions-api-listener {listener.host}:{listener.port}"
        raise OSError(0, "tls-certificate is missing", place)
    if listener.tls.ca_file:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
