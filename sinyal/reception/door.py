"""The door: what all connections of one server share, and the dialogs it makes."""

import ssl
from collections.abc import Awaitable, Callable

import msgspec

from sinyal import __version__
from sinyal.config.configuration import Configuration
from sinyal.config.settings import GlobalSettings
from sinyal.config.vocabulary import Listener
from sinyal.mail.envelope import Submission
from sinyal.reception.checks import Checks
from sinyal.reception.connections import Limits, Slots
from sinyal.reception.lockout import Lockout
from sinyal.reception.turns import Turns
from sinyal.runtime.accounts import is_password_of
from sinyal.runtime.tls import TlsVersions, server_context
from sinyal.smtp.reply import Reply


class ReportMail(msgspec.Struct, frozen=True, kw_only=True):
    """A message to an address of a processor; guide 3.3.3, 3.3.4 (INB-1).

    `kind` is "bounce" or "feedback-loop". `submission` is the same message as it would
    be queued, for mail that turns out to be no report and is to be delivered.
    """

    kind: str
    mail_from: str
    rcpt: str
    content: bytes
    source_name: str
    source_ip: str
    local_ip: str
    submission: Submission


PORT = Listener("", 0)  # one of which nothing is said


class Door(msgspec.Struct, kw_only=True, eq=False):
    """What the dialogs are handed; a reload puts a new `configuration` in its place.

    `submit` gives the reply once a message is on disk, or a refusal; `report` gives it
    once a report is recorded and may raise `OSError`, answered 451. `clock` gives epoch
    seconds, `new_message_id` 20 hex digits, `log` takes a line, `memory_percent` tells
    how much of the machine's memory this process has. `is_account` tells whether a
    password opens a Linux account; it blocks.
    """

    configuration: Configuration
    host_name: str
    submit: Callable[[Submission], Awaitable[Reply]]
    report: Callable[[ReportMail], Awaitable[Reply]]
    clock: Callable[[], float]
    new_message_id: Callable[[], str]
    log: Callable[[str], object]
    version: str = __version__
    lockout: Lockout = msgspec.field(default_factory=Lockout)
    memory_percent: Callable[[], float] = lambda: 0.0
    slots: Slots = msgspec.field(default_factory=lambda: Slots(Limits))
    turns: Turns = msgspec.field(default_factory=Turns)
    checks: Checks | None = None
    is_account: Callable[[str, str], bool] = is_password_of

    def __post_init__(self) -> None:
        self.slots = Slots(self._limits)

    def _limits(self) -> Limits:
        now = self.configuration
        return Limits(now.settings.total_max_smtp_in, now.source_groups)

    def has_tls(self, listener: Listener) -> bool:
        """Whether STARTTLS has a certificate there, the listener's or the global."""
        own = listener.tls.certificate.path
        return bool(own or self.configuration.settings.smtp_server_tls_certificate)

    def is_patient(self, listener: Listener) -> bool:
        """Whether connections there wait for a slot, instead of being refused."""
        return listener.await_slot or self.configuration.settings.smtp_await_slot

    @property
    def is_short_of_memory(self) -> bool:
        """Whether max-memory-usage-percent is passed; 100 is no limit."""
        limit = self.configuration.settings.max_memory_usage_percent
        return limit < 100 and self.memory_percent() > limit

    def is_local(self, domain: str) -> bool:
        """Whether `domain`, lower case, is a name of this server (RLY-1)."""
        names = (self.host_name, *self.configuration.settings.host_name)
        return any(domain == name.lower() for name in names)


def tls_context(settings: GlobalSettings) -> ssl.SSLContext | None:
    """What STARTTLS uses, None without smtp-server-tls-certificate.

    Errors: `OSError` when the file cannot be read or does not hold what it should.
    """
    if not settings.smtp_server_tls_certificate:
        return None
    versions = TlsVersions(
        tlsv1=settings.smtp_server_tls_allow_tlsv1,
        tlsv1_1=settings.smtp_server_tls_allow_tlsv1_1,
        tlsv1_2=settings.smtp_server_tls_allow_tlsv1_2,
        tlsv1_3=settings.smtp_server_tls_allow_tlsv1_3,
    )
    return server_context(
        settings.smtp_server_tls_certificate.path,
        versions,
        settings.smtp_server_tls_ciphers,
    )
