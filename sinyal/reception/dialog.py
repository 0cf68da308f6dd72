"""One connection at the door: every event of its session is answered once, in order."""

from collections.abc import Awaitable, Callable

from sinyal.config.vocabulary import Listener
from sinyal.reception import forwarded, offers, replies
from sinyal.reception.authentication import Authentication
from sinyal.reception.client import Client
from sinyal.reception.connections import Admission, State, turn_of
from sinyal.reception.door import PORT, Door
from sinyal.reception.mailing import Mailing
from sinyal.runtime.smtp_server import Dialog, Peer
from sinyal.smtp.events import (
    Acknowledge,
    Auth,
    AuthResponse,
    DataCommand,
    Define,
    Event,
    Hello,
    Help,
    MailData,
    MailFrom,
    Noop,
    PartCommand,
    Quit,
    RcptTo,
    Reset,
    StartTls,
    Verify,
    XClient,
)
from sinyal.smtp.reply import Reply
from sinyal.smtp.server import Wire

Answer = Reply | Awaitable[Reply]

FULL = {
    State.FULL: replies.TOO_MANY_CONNECTIONS,
    State.GROUP_FULL: replies.GROUP_FULL,
    State.ADDRESS_FULL: replies.ADDRESS_FULL,
}


class ReceptionDialog(Dialog):
    """Lets a client in, and hands what it says to those who know the answer."""

    def __init__(self, door: Door, listener: Listener = PORT) -> None:
        self.wire: Wire | None = None
        self._door = door
        self._listener = listener
        self._admission: Admission | None = None
        self._opened_at = door.clock()
        self.client = Client(door, listener)
        self.mailing = Mailing(self.client)
        self.authentication = Authentication(self.client, self._adjust)

    # -- called by the server

    def opened(self, peer: Peer) -> Answer:
        door, client = self._door, self.client
        client.connected(peer)
        self._adjust()
        if client.is_tls:
            client.journal.tls()
        if not client.source.smtp_service:
            return self._noted(replies.not_served(client.host_name))
        admission = door.slots.admit(
            peer.remote_ip, client.source, is_patient=door.is_patient(self._listener)
        )
        self._admission = admission
        if admission.is_refused:
            return self._noted(FULL[admission.state])
        return (
            self._greeted_late(admission) if admission.is_waiting else self._greeted()
        )

    async def _greeted_late(self, admission: Admission) -> Reply:
        """The greeting, once there is a slot for the connection (SRC-6)."""
        self.client.journal.connection("connection waits for a slot")
        await turn_of(admission)
        return self._greeted()

    def _greeted(self) -> Reply:
        return self._noted(replies.ready(self.client.host_name, self._door.version))

    def _noted(self, greeting: Reply) -> Reply:
        self.client.journal.connection(f"connection opened: {greeting}")
        return greeting

    def answer(self, event: Event) -> Answer:
        answer = _ANSWERS[type(event)](self, event)
        if self.client.source.disconnect_on_transient_error:
            return self._blunt(answer)
        return answer

    def _blunt(self, answer: Answer) -> Answer:
        """The answer, or the end of the connection in place of a 4xx (SRC-8)."""
        if not isinstance(answer, Reply):
            return self._blunt_late(answer)
        if not answer.is_transient:
            return answer
        self.client.journal.note(f"connection dropped instead of: {answer}")
        return replies.SILENCE

    async def _blunt_late(self, answer: Awaitable[Reply]) -> Reply:
        said = self._blunt(await answer)
        assert isinstance(said, Reply)
        return said

    def extensions(self, is_tls: bool) -> list[str]:
        """What EHLO offers here and now (AUTH-5)."""
        client = self.client
        users = self._door.configuration.users.values()
        return offers.lines(client.source, users, client.standing(is_tls=is_tls))

    def secured(self, peer: Peer) -> None:
        self.client.secured(peer)
        self._begin_anew()
        self.client.journal.tls()

    def closed(self) -> None:
        # Without a cycle a dialog goes at once, and the memory around it is one piece.
        self.authentication.end()
        self.mailing.is_gone = True
        if self._admission is not None:
            self._door.slots.release(self._admission)
        journal = self.client.journal
        if journal.source.log_connections:
            lasted = self._door.clock() - self._opened_at
            count = self.mailing.accepted
            journal.note(f"connection closed: {count} accepted in {lasted:.1f} s")

    def _adjust(self) -> None:
        """Let the server know what the source's settings are."""
        source = self.client.source
        self.max_octets = source.max_message_size
        self.timeout_s = source.smtp_command_timeout
        self.data_timeout_s = source.smtp_data_timeout
        self.features = offers.features(source, is_trusted=self.client.is_trusted)
        self.wire = self.client.journal.wire

    def _begin_anew(self) -> None:
        self.mailing.forget()
        self.authentication = Authentication(self.client, self._adjust)
        self._adjust()

    # -- the commands

    def _on_hello(self, event: Hello) -> Reply:
        # Whom a trusted relay speaks for keeps the name that was told.
        client = self.client
        told = client.told_hello
        client.hello = told or event
        self.mailing.forget()
        return replies.hello(client.host_name)

    def _on_start_tls(self, event: StartTls) -> Reply:
        return replies.START_TLS if self.client.offers_tls() else replies.NO_TLS

    def _on_auth(self, event: Auth) -> Answer:
        return self.authentication.begin(event)

    def _on_auth_response(self, event: AuthResponse) -> Answer:
        return self.authentication.respond(event)

    def _on_xclient(self, event: XClient) -> Reply:
        """The client of a relay takes its place, and is greeted (own extension)."""
        client, told = self.client, event.attributes
        user = told.get("LOGIN", "")
        if user and user not in self._door.configuration.users:
            return replies.NO_SUCH_LOGIN
        relay = client.peer
        client.told(forwarded.client_of(relay, told), forwarded.hello_of(told), user)
        self._begin_anew()
        words = " ".join(f"{name}={value}" for name, value in told.items())
        client.journal.connection(f"XCLIENT of {relay.remote_ip}: {words}")
        if not client.source.smtp_service:
            return replies.not_served(client.host_name)
        return replies.ready(client.host_name, self._door.version)

    def _on_reset(self, event: Reset) -> Reply:
        self.mailing.forget()
        return replies.RESET


def dialogs(door: Door, listener: Listener = PORT) -> Callable[[], ReceptionDialog]:
    """What makes the dialogs of a listener."""
    return lambda: ReceptionDialog(door, listener)


# What each event is answered with.
_ANSWERS: dict[type, Callable[..., Answer]] = {
    Hello: ReceptionDialog._on_hello,
    StartTls: ReceptionDialog._on_start_tls,
    Auth: ReceptionDialog._on_auth,
    AuthResponse: ReceptionDialog._on_auth_response,
    XClient: ReceptionDialog._on_xclient,
    MailFrom: lambda dialog, event: dialog.mailing.mail(event),
    RcptTo: lambda dialog, event: dialog.mailing.rcpt(event),
    Define: lambda dialog, event: dialog.mailing.define(event),
    PartCommand: lambda dialog, event: dialog.mailing.part(event),
    DataCommand: lambda dialog, event: dialog.mailing.data(event),
    MailData: lambda dialog, event: dialog.mailing.content(event),
    Reset: ReceptionDialog._on_reset,
    Acknowledge: lambda dialog, event: replies.ACKNOWLEDGED,
    Noop: lambda dialog, event: replies.NOOP,
    Verify: lambda dialog, event: replies.VERIFY,
    Help: lambda dialog, event: replies.HELP,
    Quit: lambda dialog, event: replies.QUIT,
}
