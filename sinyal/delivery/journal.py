"""What an outgoing connection writes into the log: one line an event, none forged.

Source: log-connections, log-commands, log-data, log-tls, log-resolution and
log-transfer-failures of `<domain>`; guide 3.3.10.4, 3.3.10.5, 3.3.10.94.11.
"""

from collections.abc import Callable

from sinyal.config.settings import DomainSettings
from sinyal.mail.envelope import QueueName
from sinyal.runtime.smtp_client import Connection, Wire
from sinyal.smtp.dump import dump, keyless, printable
from sinyal.smtp.reply import Reply


class Journal:
    """The lines of one connection of a queue; it is the `Wire` of the connection."""

    def __init__(
        self,
        name: QueueName,
        settings: DomainSettings,
        log: Callable[[str], object],
        where: str = "",
    ) -> None:
        self._name = name
        self._settings = settings
        self._log = log
        self._where = where

    @property
    def wire(self) -> Wire | None:
        """What is to be shown the octets, None where nobody wants to see them."""
        is_wanted = self._settings.log_commands or self._settings.log_data
        return self if is_wanted else None

    def resolution(self, text: str) -> None:
        if self._settings.log_resolution:
            self._note(text)

    def connection(self, text: str) -> None:
        if self._settings.log_connections:
            self._note(text)

    def transfer_failure(self, text: str) -> None:
        if self._settings.log_transfer_failures:
            self._note(text)

    def tls(self, connection: Connection) -> None:
        if self._settings.log_tls:
            self._note(f"TLS {connection.tls_protocol} {connection.tls_cipher}")

    def tls_failure(self, reason: str) -> None:
        if self._settings.log_tls:
            self._note(f"TLS failed: {reason}")

    # -- what goes over the wire

    def sent(self, octets: bytes) -> None:
        self._dump("wr", octets)
        if self._settings.log_commands:
            for line in octets.splitlines():
                self._note(f"C: {line.decode('utf-8', 'backslashreplace')}")

    def content(self, octets: bytes) -> None:
        self._dump("wr", octets)

    def received(self, octets: bytes) -> None:
        self._dump("rd", octets)

    def replied(self, answer: Reply) -> None:
        if self._settings.log_commands:
            for line in answer.lines:
                self._note(f"S: {answer.code} {line}")

    def _dump(self, direction: str, octets: bytes) -> None:
        if self._settings.log_data:
            for line in dump(keyless(octets)):
                self._note(f"{direction} {line}")

    def _note(self, text: str) -> None:
        words = ("smtp-out", str(self._name), self._where, printable(text))
        self._log(" ".join(word for word in words if word))
