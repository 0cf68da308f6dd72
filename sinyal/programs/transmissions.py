"""The listeners of the Transmissions API, in the process of `sinyal mta`."""

import asyncio
import os
import ssl

from sinyal.config import Configuration
from sinyal.config.vocabulary import Listener
from sinyal.programs.adoption import Prepared
from sinyal.programs.places import Place
from sinyal.reception.door import Door
from sinyal.reception.transmissions import Transmissions
from sinyal.runtime.http_server import Bounds, serve
from sinyal.runtime.interfaces import within
from sinyal.runtime.listening import Listening
from sinyal.runtime.log import LOG
from sinyal.runtime.tls import listener_context


class ApiListeners:
    """Serves every `<transmissions-api-listener>`; none before the first `commit`.

    Keys and settings are those of the moment. Each reload opens all places anew, for
    certificates may have been renewed, and closes the former ones: both listen for a
    moment, so that no client is refused.
    """

    def __init__(self, door: Door) -> None:
        self._application, self._bounds = Transmissions(door), Bounds()
        self._open: dict[Place, Listening] = {}
        self._leaving: list[Listening] = []

    async def prepare(self, new: Configuration) -> Prepared:
        """Errors: `OSError` that names the address or the file; nothing changed."""
        contexts = {
            Place(ip, listener.port): _context(listener)
            for listener in new.api_listeners
            for ip in _addresses(listener)
        }
        fresh: dict[Place, Listening] = {}

        def undo() -> None:
            for listening in fresh.values():
                listening.close()

        try:
            for place, context in contexts.items():
                fresh[place] = await self._serve(place, context)
        except OSError:
            undo()
            raise

        async def commit() -> None:
            self._replace(fresh)

        return Prepared(commit, undo)

    async def stop(self, grace_s: float) -> None:
        """Return when no connection is open."""
        every = (*self._open.values(), *self._leaving)
        await asyncio.gather(*(listening.stop(grace_s) for listening in every))

    async def _serve(self, place: Place, context: ssl.SSLContext) -> Listening:
        is_shared = any(one.port == place.port for one in self._open)
        application, bounds = self._application, self._bounds
        try:
            return await serve(
                place.ip, place.port, application, context, bounds, is_shared=is_shared
            )
        except OSError as error:
            text = os.strerror(error.errno) if error.errno else str(error)
            name = f"transmissions-api-listener {place}"
            raise OSError(error.errno, text, name) from error

    def _replace(self, fresh: dict[Place, Listening]) -> None:
        former, self._open = self._open, fresh
        for listening in former.values():
            listening.close()
        busy = [one for one in self._leaving if one.is_busy]
        self._leaving = [*busy, *former.values()]
        for place in fresh.keys() - former.keys():
            LOG.info("Transmissions API on %s", place)
        for place in former.keys() - fresh.keys():
            LOG.info("no longer Transmissions API on %s", place)


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
