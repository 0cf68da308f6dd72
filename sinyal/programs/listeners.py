"""The SMTP listeners of a running server: opened, changed and closed by a reload."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable, Collection, Iterable

import msgspec
from msgspec.structs import replace

from sinyal.config import Configuration
from sinyal.config.vocabulary import Listener
from sinyal.programs.adoption import Prepared
from sinyal.programs.places import Place, blackhole, places
from sinyal.reception.blackhole import BlackholeDialog
from sinyal.reception.dialog import dialogs
from sinyal.reception.door import Door
from sinyal.runtime.listening import Connections, Listening, listening_socket
from sinyal.runtime.log import LOG
from sinyal.runtime.smtp_server import (
    MEMORY_OCTETS,
    Dialog,
    Memory,
    Service,
    serve_on,
)
from sinyal.runtime.tls import listener_context

HEARD = "listening on %s"


class Face(msgspec.Struct, frozen=True):
    """What clients of a place meet."""

    dialogs: Callable[[], Dialog]
    context: ssl.SSLContext | None = None
    unasking: ssl.SSLContext | None = None  # where `context` asks for certificates
    is_immediate: bool = False
    expects_proxy: Callable[[str], bool] | None = None


class Open(msgspec.Struct, eq=False):
    """A place that is listened to; `socket` so that it can be opened again."""

    service: Service
    listening: Listening


class Listeners:
    """The places where mail comes in; none before `prepare` and its `commit`."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._memory = Memory(MEMORY_OCTETS)
        self._open: dict[Place, Open] = {}
        self._leaving: list[Listening] = []

    async def prepare(self, new: Configuration) -> Prepared:
        """Read certificates and take addresses. Errors: `OSError`, nothing changed."""
        faces = self._faces(new)
        fresh = self._taken(faces)

        async def commit() -> None:
            for place in self._open.keys() - faces.keys():
                self._close(place)
            for place, face in faces.items():
                await self._show(place, face, fresh.get(place))

        def undo() -> None:
            for opened in fresh.values():
                opened.close()

        return Prepared(commit, undo)

    async def stop(self, grace_s: float) -> None:
        """Return when no connection is open, at all places that ever were."""
        open_now = [one.listening for one in self._open.values()]
        await asyncio.gather(
            *(listening.stop(grace_s) for listening in (*open_now, *self._leaving))
        )

    def _faces(self, new: Configuration) -> dict[Place, Face]:
        known = [
            user.tls_certificate
            for user in new.users.values()
            if user.authentication_method == "certificate"
        ]
        faces = {
            place: self._face(listener, known)
            for place, listener in places(new).items()
        }
        if hole := blackhole(new):
            faces[hole] = Face(lambda: BlackholeDialog(self._door))
        return faces

    def _face(self, listener: Listener, known: Iterable[str]) -> Face:
        door, name = self._door, listener.source_name

        def expects_proxy(ip: str) -> bool:
            return door.configuration.source_for(ip, name).expect_proxy_header

        context, unasking = listener_context(listener.tls, known), None
        if context is not None and context.verify_mode is not ssl.CERT_NONE:
            unasking = listener_context(replace(listener.tls, ca_file=""))
        return Face(
            dialogs(door, listener),
            context,
            unasking,
            listener.immediate_tls,
            expects_proxy,
        )

    def _taken(self, faces: Iterable[Place]) -> dict[Place, socket.socket]:
        """A listening socket for each place that is new, all or none."""
        fresh: dict[Place, socket.socket] = {}
        kept = set(faces)
        try:
            for place in kept:
                if place not in self._open:
                    fresh[place] = _listen(place, is_shared=self._has_way(place, kept))
        except OSError:
            for opened in fresh.values():
                opened.close()
            raise
        return fresh

    def _has_way(self, place: Place, kept: Collection[Place]) -> bool:
        """Whether a place of ours with that port is about to be closed."""
        return any(one.port == place.port and one not in kept for one in self._open)

    async def _show(
        self, place: Place, face: Face, fresh: socket.socket | None
    ) -> None:
        """Let new connections of the place meet this face."""
        known = self._open.get(place)
        if known is None and fresh is not None:
            service = Service(
                dialogs=face.dialogs, memory=self._memory, connections=Connections()
            )
            known = Open(service, await serve_on(fresh, service))
            self._open[place] = known
            LOG.info(HEARD, place)
        if known is not None:
            service = known.service
            service.dialogs, service.tls_context = face.dialogs, face.context
            service.unasking = face.unasking
            service.strangers.clear()
            service.is_immediate = face.is_immediate
            service.expects_proxy = face.expects_proxy

    def _close(self, place: Place) -> None:
        """Listen there no more; connections that are open go on to their end."""
        listening = self._open.pop(place).listening
        listening.close()
        self._leaving = [one for one in self._leaving if one.is_busy]
        self._leaving.append(listening)
        LOG.info("no longer listening on %s", place)


def _listen(place: Place, *, is_shared: bool) -> socket.socket:
    """Errors: `OSError` that names the line's address."""
    try:
        return listening_socket(place.ip, place.port, is_shared=is_shared)
    except OSError as error:
        number = error.errno or errno.EADDRNOTAVAIL
        text = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(number, text, f"smtp-listener {place}") from error
