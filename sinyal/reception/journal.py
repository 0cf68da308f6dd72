"""What a connection writes into the log: one line an event, nothing a peer can forge.

Source: log-connections, log-commands, log-data, log-tls; guide 3.3.7.30, 60-62.
"""

from collections.abc import Callable

from sinyal.config.settings import SourceSettings
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.dump import dump, keyless, printable
from sinyal.smtp.server import Wire

DOT_LINE = b".\r\n"


class Journal:
    """The lines of one connection; `peer` and `source` are those that hold now."""

    def __init__(self, log: Callable[[str], object]) -> None:
        self.peer = Peer("", 0, "", 0)
        self.source = SourceSettings()
        self._log = log
        self._is_content = False  # what comes is no command

    @property
    def wire(self) -> Wire | None:
        """What is to be shown the octets, None where nobody wants to see them."""
        is_wanted = self.source.log_data or self.source.log_commands
        return self._see if is_wanted else None

    def note(self, text: str) -> None:
        """A line that is always written."""
        peer = self.peer
        self._log(f"smtp-in {peer.remote_ip}:{peer.remote_port} {printable(text)}")

    def connection(self, text: str) -> None:
        """A line of log-connections."""
        if self.source.log_connections:
            self.note(text)

    def tls(self) -> None:
        """The line of log-tls, once TLS is there."""
        if self.source.log_tls:
            peer = self.peer
            shown = ", with a certificate" if peer.certificate else ""
            self.note(f"TLS {peer.tls_protocol} {peer.tls_cipher}{shown}")

    def _see(self, direction: str, octets: bytes) -> None:
        if self.source.log_data:
            for line in dump(keyless(octets)):
                self.note(f"{direction} {line}")
        if self.source.log_commands:
            self._see_commands(direction == "rd", octets)

    def _see_commands(self, is_read: bool, octets: bytes) -> None:
        """A line for each command and reply; content is left out.

        Content begins behind a 354, or a BDAT, and ends where something is said.
        """
        if is_read:
            if not self._is_content:
                self.note(f"C: {_text(octets)}")
                self._is_content = octets[:5].upper() == b"BDAT "
            return
        replies = octets.splitlines()
        for one in replies:
            self.note(f"S: {_text(one)}")
        self._is_content = bool(replies) and replies[-1].startswith(b"354")


def _text(octets: bytes) -> str:
    return octets.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
