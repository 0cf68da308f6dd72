"""A listener that takes mail and drops it, for tests of feeders; MISC-7.

Source: guide 3.3.1.35 (dummy-smtp-*). What it takes is in no queue and no record.
"""

import asyncio
from collections.abc import Awaitable

from sinyal.reception import replies
from sinyal.reception.connections import Admission, turn_of
from sinyal.reception.door import Door
from sinyal.runtime.smtp_server import Dialog, Peer
from sinyal.smtp.events import (
    Auth,
    AuthResponse,
    DataCommand,
    Event,
    Hello,
    MailData,
    PartCommand,
    Quit,
    StartTls,
    XClient,
)
from sinyal.smtp.reply import Reply, reply

OK = reply(250, "2.0.0 ok")
DROPPED = reply(250, "2.6.0 message received")
MAX_OCTETS = 64 << 20

# The switch of the configuration: what it offers, and the feature of the session.
SWITCHES = {
    "dummy_smtp_has_chunking": ("CHUNKING", "CHUNKING"),
    "dummy_smtp_has_pipelining": ("PIPELINING", ""),
    "dummy_smtp_has_verp": ("VERP", "VERP"),
    "dummy_smtp_has_mailmerge": ("XMRG", "XMRG"),
}


class BlackholeDialog(Dialog):
    """Says yes to everything, each time after `dummy-smtp-latency` milliseconds."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._admission: Admission | None = None
        settings = door.configuration.settings
        self.max_octets = MAX_OCTETS
        self._latency_s = settings.dummy_smtp_latency / 1000
        self._is_patient = settings.dummy_smtp_await_slot
        on = [row for name, row in SWITCHES.items() if getattr(settings, name)]
        self._offered = [offer for offer, _ in on]
        self.features = frozenset(feature for _, feature in on if feature)

    def opened(self, peer: Peer) -> Reply | Awaitable[Reply]:
        door = self._door
        source = door.configuration.source_for(peer.remote_ip)
        admission = door.slots.admit(
            peer.remote_ip, source, is_patient=self._is_patient
        )
        self._admission = admission
        if admission.is_refused:
            return replies.TOO_MANY_CONNECTIONS
        if admission.is_waiting or self._latency_s:
            return self._greeted_late(admission)
        return self._greeting()

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        said = self._reply(event)
        return self._late(said) if self._latency_s else said

    def extensions(self, is_tls: bool) -> list[str]:
        return ["8BITMIME", "ENHANCEDSTATUSCODES", f"SIZE {MAX_OCTETS}", *self._offered]

    def secured(self, peer: Peer) -> None:
        """There is no STARTTLS here."""
        return

    def closed(self) -> None:
        if self._admission is not None:
            self._door.slots.release(self._admission)

    def _reply(self, event: Event) -> Reply:
        match event:
            case DataCommand() | PartCommand():
                return replies.START_DATA
            case MailData():
                return DROPPED
            case Hello():
                return reply(250, self._door.host_name)
            case StartTls():
                return replies.NO_TLS
            case Auth() | AuthResponse() | XClient():
                return replies.NO_LOGIN
            case Quit():
                return replies.QUIT
        return OK

    def _greeting(self) -> Reply:
        return replies.ready(self._door.host_name, self._door.version)

    async def _greeted_late(self, admission: Admission) -> Reply:
        if admission.is_waiting:
            await turn_of(admission)
        return await self._late(self._greeting())

    async def _late(self, said: Reply) -> Reply:
        await asyncio.sleep(self._latency_s)
        return said
