"""One connection at the door: every event of its session is answered once, in order."""

from collections.abc import Awaitable, Callable

from sinyal.config.settings import SourceSettings
from sinyal.config.vocabulary import Listener
from sinyal.mail.envelope import Recipient
from sinyal.reception import replies
from sinyal.reception.acceptance import Feeder, Transaction, accept
from sinyal.reception.connections import Admission, turn_of
from sinyal.reception.door import PORT, Door
from sinyal.reception.login import Login
from sinyal.runtime.smtp_server import Dialog, Peer
from sinyal.smtp import sasl
from sinyal.smtp.dump import dump
from sinyal.smtp.events import (
    Auth,
    AuthResponse,
    DataCommand,
    Event,
    Hello,
    Help,
    MailData,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Reset,
    StartTls,
    Verify,
)
from sinyal.smtp.reply import Reply, reply
from sinyal.smtp.server import Wire

MAX_RECIPIENTS = 100_000  # of a message, where the operator sets no limit
POSTMASTERS = frozenset(("postmaster", "abuse"))  # RLY-4

Answer = Reply | Awaitable[Reply]


class ReceptionDialog(Dialog):
    """Who this peer is, what it may do, and the transaction it has begun."""

    def __init__(self, door: Door, listener: Listener = PORT) -> None:
        self._door = door
        self._listener = listener
        self._admission: Admission | None = None
        self._peer = Peer("", 0, "", 0)
        self._source = SourceSettings()
        self._hello: Hello | None = None
        self._user = ""
        self._login: Login | None = None
        self._transaction = Transaction(MailFrom(""))
        self.wire: Wire | None = None

    # -- called by the server

    def opened(self, peer: Peer) -> Answer:
        door = self._door
        self._peer = peer
        self._learn_source()
        if not self._source.smtp_service:
            return self._logged(replies.not_served(door.host_name))
        admission = door.slots.admit(
            peer.remote_ip, self._source, is_patient=door.is_patient(self._listener)
        )
        self._admission = admission
        if admission.is_refused:
            return self._logged(replies.TOO_MANY_CONNECTIONS)
        return self._greeted_late() if admission.is_waiting else self._greeted()

    async def _greeted_late(self) -> Reply:
        """The greeting, once there is a slot for the connection (SRC-6)."""
        assert self._admission is not None
        await turn_of(self._admission)
        return self._greeted()

    def _greeted(self) -> Reply:
        return self._logged(replies.ready(self._door.host_name, self._door.version))

    def answer(self, event: Event) -> Answer:
        answer = _ANSWERS[type(event)](self, event)
        if self._source.log_commands:
            self._log_command(event, answer)
        return answer

    def extensions(self, is_tls: bool) -> list[str]:
        """What EHLO offers here and now (AUTH-5)."""
        offered = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]
        offered.append(f"SIZE {self._source.max_message_size}")
        if self._offers_tls(is_tls):
            offered.append("STARTTLS")
        if mechanisms := self._mechanisms(is_tls):
            offered.append(f"AUTH {' '.join(mechanisms)}")
        return offered

    def secured(self, peer: Peer) -> None:
        self._peer = peer
        self._hello = None
        self._user = ""
        self._login = None
        self._transaction = Transaction(MailFrom(""))
        self._learn_source()
        if self._source.log_tls:
            self._log(f"TLS {peer.tls_protocol} {peer.tls_cipher}")

    def closed(self) -> None:
        if self._admission is not None:
            self._door.slots.release(self._admission)
        if self._source.log_connections:
            self._log("connection closed")

    # -- the commands

    def _on_hello(self, event: Hello) -> Reply:
        self._hello = event
        self._transaction = Transaction(MailFrom(""))
        return reply(250, f"{self._door.host_name} says hello")

    def _on_start_tls(self, event: StartTls) -> Reply:
        return replies.START_TLS if self._offers_tls(self._is_tls) else replies.NO_TLS

    def _on_auth(self, event: Auth) -> Reply:
        mechanisms = self._mechanisms(self._is_tls)
        if not mechanisms:
            return replies.NO_LOGIN
        if event.mechanism not in sasl.MECHANISMS:
            return replies.UNKNOWN_MECHANISM
        if event.mechanism not in mechanisms:
            return replies.NEEDS_TLS
        if self._is_locked():
            return replies.LOGIN_LOCKED
        door = self._door
        unique = f"<{door.new_message_id()}.{door.clock():.0f}@{door.host_name}>"
        self._login = Login(door.configuration.users, unique.encode())
        return self._judged(self._login.begin(event.mechanism, event.initial))

    def _on_auth_response(self, event: AuthResponse) -> Reply:
        if self._login is None:
            return replies.LOGIN_FAILED
        # Another connection of the same source may have been locked out meanwhile.
        if self._is_locked():
            return replies.LOGIN_LOCKED
        return self._judged(self._login.respond(event.octets))

    def _on_mail(self, event: MailFrom) -> Reply:
        if self._source.require_auth and not self._user:
            return replies.LOGIN_REQUIRED
        self._transaction = Transaction(event)
        return replies.SENDER_OK

    def _on_rcpt(self, event: RcptTo) -> Reply:
        limit = self._source.max_rcpt_per_message or MAX_RECIPIENTS
        if len(self._transaction.recipients) >= limit:
            return replies.TOO_MANY_RECIPIENTS
        if forwarded := self._postmasters(event.address):
            self._transaction.recipients += [Recipient(to, "") for to in forwarded]
        elif self._may_relay(event.address):
            self._transaction.recipients.append(Recipient(event.address, ""))
        else:
            return replies.relaying_denied(event.text)
        return replies.RECIPIENT_OK

    def _on_data(self, event: DataCommand) -> Reply:
        return replies.START_DATA

    def _on_message(self, event: MailData) -> Answer:
        transaction, self._transaction = self._transaction, Transaction(MailFrom(""))
        feeder = Feeder(
            source=self._source, peer=self._peer, hello=self._hello, user=self._user
        )
        return accept(self._door, feeder, transaction, event.octets)

    def _on_reset(self, event: Reset) -> Reply:
        self._transaction = Transaction(MailFrom(""))
        return replies.RESET

    # -- what is known and allowed

    @property
    def _is_tls(self) -> bool:
        return bool(self._peer.tls_protocol)

    def _learn_source(self) -> None:
        """The settings of this peer: by address, listener and login (SRC-4)."""
        self._source = self._door.configuration.source_for(
            self._peer.remote_ip, self._listener.source_name, self._user
        )
        self.max_octets = self._source.max_message_size
        self.wire = self._log_octets if self._source.log_data else None
        self.timeout_s = self._source.smtp_command_timeout
        self.data_timeout_s = self._source.smtp_data_timeout

    def _offers_tls(self, is_tls: bool) -> bool:
        has_tls = self._door.has_tls(self._listener)
        return self._source.allow_starttls and has_tls and not is_tls

    def _mechanisms(self, is_tls: bool) -> list[str]:
        source = self._source
        is_late = source.require_starttls_before_auth and not is_tls
        if not source.allow_auth or not self._door.configuration.users or is_late:
            return []
        in_clear = source.allow_unencrypted_plain_auth
        return [
            name
            for name in sasl.MECHANISMS
            if is_tls or in_clear or name not in sasl.CLEARTEXT
        ]

    def _is_locked(self) -> bool:
        rate = self._source.smtp_max_auth_failure_rate
        door = self._door
        return door.lockout.is_locked(self._peer.remote_ip, rate, door.clock())

    def _judged(self, asked: Reply | None) -> Reply:
        """Carry on with a 334, else say how the login ended."""
        if asked is not None or self._login is None:
            return asked or replies.LOGIN_FAILED
        self._user = self._login.user
        self._login = None
        if self._user:
            self._learn_source()
            return replies.LOGGED_IN
        rate = self._source.smtp_max_auth_failure_rate
        self._door.lockout.failed(self._peer.remote_ip, rate, self._door.clock())
        self._log("authentication failed")
        return replies.LOGIN_FAILED

    def _may_relay(self, address: str) -> bool:
        """Whether the recipient is taken from this source (RLY-1)."""
        if self._source.always_allow_relaying:
            return "@" in address
        domain = address.rpartition("@")[2].lower().rstrip(".")
        if "@" not in address:
            return False
        return self._door.configuration.relays(address) or self._door.is_local(domain)

    def _postmasters(self, address: str) -> tuple[str, ...]:
        """Where mail to this server's postmaster goes, () for other addresses (RLY-4).

        `RCPT TO:<postmaster>` has no domain; RFC 5321 4.5.1.
        """
        local, at, domain = address.lower().partition("@")
        if not at:
            return self._door.configuration.settings.postmaster
        is_ours = local in POSTMASTERS and self._door.is_local(domain)
        return self._door.configuration.settings.postmaster if is_ours else ()

    # -- the log

    def _logged(self, greeting: Reply) -> Reply:
        if self._source.log_connections:
            self._log(f"connection opened: {greeting}")
        return greeting

    def _log_command(self, event: Event, answer: Answer) -> None:
        secret = isinstance(event, Auth | AuthResponse)
        name = type(event).__name__
        said = name if secret or isinstance(event, MailData) else repr(event)
        done = str(answer) if isinstance(answer, Reply) else "..."
        self._log(f"{said}: {done}")

    def _log_octets(self, direction: str, octets: bytes) -> None:
        for line in dump(octets):
            self._log(f"{direction} {line}")

    def _log(self, text: str) -> None:
        peer = self._peer
        self._door.log(f"smtp-in {peer.remote_ip}:{peer.remote_port} {text}")


def dialogs(door: Door, listener: Listener = PORT) -> Callable[[], ReceptionDialog]:
    """What makes the dialogs of a listener."""
    return lambda: ReceptionDialog(door, listener)


# What each event is answered with.
_ANSWERS: dict[type, Callable[..., Answer]] = {
    Hello: ReceptionDialog._on_hello,
    StartTls: ReceptionDialog._on_start_tls,
    Auth: ReceptionDialog._on_auth,
    AuthResponse: ReceptionDialog._on_auth_response,
    MailFrom: ReceptionDialog._on_mail,
    RcptTo: ReceptionDialog._on_rcpt,
    DataCommand: ReceptionDialog._on_data,
    MailData: ReceptionDialog._on_message,
    Reset: ReceptionDialog._on_reset,
    Noop: lambda dialog, event: replies.NOOP,
    Verify: lambda dialog, event: replies.VERIFY,
    Help: lambda dialog, event: replies.HELP,
    Quit: lambda dialog, event: replies.QUIT,
}
