"""What the connections of one SMTP listener share."""

import ssl
from collections.abc import Callable

import msgspec

from sinyal.runtime.crowd import Crowd
from sinyal.runtime.listening import Connections
from sinyal.runtime.smtp_dialog import Dialog
from sinyal.runtime.strangers import Strangers

HANDSHAKE_TIMEOUT_S = 30.0
HEADER_TIMEOUT_S = 10.0  # of a PROXY header


class Memory(msgspec.Struct):
    """What the connections of a server hold of large messages, together."""

    limit_octets: int
    held_octets: int = 0


TlsContext = ssl.SSLContext | Callable[[], ssl.SSLContext] | None


class Service(msgspec.Struct, kw_only=True, eq=False):
    """What the connections of a listener share; new ones see what has changed in it.

    `is_immediate`: TLS begins at once, without STARTTLS. `expects_proxy` tells whether
    a connection from that address must begin with a PROXY header. `unasking` is the
    context for clients whose certificate was refused before: it does not ask for one.
    """

    dialogs: Callable[[], Dialog]
    memory: Memory
    connections: Connections
    tls_context: TlsContext = None
    unasking: ssl.SSLContext | None = None
    is_immediate: bool = False
    expects_proxy: Callable[[str], bool] | None = None
    handshake_timeout_s: float = HANDSHAKE_TIMEOUT_S
    header_timeout_s: float = HEADER_TIMEOUT_S
    entering: Crowd = msgspec.field(default_factory=Crowd)
    strangers: Strangers = msgspec.field(default_factory=Strangers)

    def context(self, address: str, now: float) -> ssl.SSLContext | None:
        """The TLS context of a handshake that begins now."""
        if self.unasking is not None and self.strangers.has(address, now):
            return self.unasking
        made = self.tls_context
        return made() if callable(made) else made

    def failed(self, address: str, error: OSError, now: float) -> bool:
        """Learn from a handshake that came to nothing; True: of the certificate."""
        is_unknown = isinstance(error, ssl.SSLCertVerificationError)
        if is_unknown:
            self.strangers.add(address, now)
        return is_unknown
