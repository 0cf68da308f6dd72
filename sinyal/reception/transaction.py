"""What a feeder has said so far, and who it is."""

import msgspec

from sinyal.config.settings import SourceSettings
from sinyal.mail.envelope import Recipient
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.events import Hello, MailFrom


class Feeder(msgspec.Struct, frozen=True, kw_only=True):
    """Who hands the message in, and what that source may do."""

    source: SourceSettings
    peer: Peer
    hello: Hello | None
    user: str
    origin: str = "smtp"  # or "pickup", "api": source_type of the envelope

    @property
    def hello_name(self) -> str:
        return self.hello.name if self.hello else ""

    @property
    def protocol(self) -> str:
        """The word behind `with` in Received; RFC 3848, for pickup and API our own."""
        if self.origin != "smtp":
            return self.origin
        if self.hello is not None and not self.hello.is_extended:
            return "SMTP"
        return f"ESMTP{'S' if self.peer.tls_protocol else ''}{'A' if self.user else ''}"


class Transaction(msgspec.Struct):
    """What the envelope commands have said so far.

    `recipients` have no `message_id` yet. `parts` are those of a mail merge by number,
    `results` what the checks of the sender found, for Authentication-Results.
    """

    mail: MailFrom
    recipients: list[Recipient] = []
    parts: dict[int, bytes] = {}
    results: tuple[str, ...] = ()

    @property
    def mail_from(self) -> str:
        return self.mail.address
