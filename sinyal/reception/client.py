"""Who is at the other end of a connection, as far as is known now."""

from msgspec.structs import replace

from sinyal.config.settings import SourceSettings
from sinyal.config.vocabulary import Listener
from sinyal.reception import offers
from sinyal.reception.door import Door
from sinyal.reception.journal import Journal
from sinyal.reception.names import greeting_name
from sinyal.reception.offers import Standing
from sinyal.reception.transaction import Feeder
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.events import Hello


class Client:
    """Peer, name, login, and the settings of the source that follow from them.

    `is_trusted` is decided once, by the address that has connected: it may go on to
    tell of others with XCLIENT.
    """

    def __init__(self, door: Door, listener: Listener) -> None:
        self.door = door
        self.listener = listener
        self.peer = Peer("", 0, "", 0)
        self.hello: Hello | None = None
        self.told_hello: Hello | None = None  # by XCLIENT; counts before its own
        self.user = ""
        self.source = SourceSettings()
        self.is_trusted = False
        self._is_told = False
        self._told_user = ""
        self.journal = Journal(door.log)

    def connected(self, peer: Peer) -> None:
        """Begin with a peer of whom nothing else is known."""
        self.peer = peer
        self.hello = None
        self.user = ""
        self.learn()
        self.is_trusted = self.source.allow_xclient

    def told(self, peer: Peer, hello: Hello | None, user: str) -> None:
        """XCLIENT has spoken: all that was known before is of no more use."""
        self.peer = peer
        self.hello = self.told_hello = hello
        self.user = user
        self._told_user = user
        self._is_told = True
        self.learn()

    def secured(self, peer: Peer) -> None:
        """TLS is there: all else is forgotten, save what XCLIENT has told."""
        self.hello = self.told_hello
        if self._is_told:
            self.peer = replace(
                self.peer, tls_protocol=peer.tls_protocol, tls_cipher=peer.tls_cipher
            )
        else:
            self.peer = peer
        self.user = self._told_user
        self.learn()

    def learn(self) -> None:
        """Find the settings of address, listener and login (SRC-4)."""
        self.source = self.door.configuration.source_for(
            self.peer.remote_ip, self.listener.source_name, self.user
        )
        self.journal.peer = self.peer
        self.journal.source = self.source

    @property
    def is_tls(self) -> bool:
        return bool(self.peer.tls_protocol)

    @property
    def host_name(self) -> str:
        """By which name the server introduces itself to this client."""
        door = self.door
        return greeting_name(
            door.configuration, self.source, self.peer.local_ip, door.host_name
        )

    def standing(self, *, is_tls: bool) -> Standing:
        """What the offers hang on."""
        return Standing(
            is_tls=is_tls,
            has_tls=self.door.has_tls(self.listener),
            has_certificate=bool(self.peer.certificate),
            is_trusted=self.is_trusted,
        )

    def offers_tls(self) -> bool:
        """Whether STARTTLS is possible now."""
        return offers.offers_tls(self.source, self.standing(is_tls=self.is_tls))

    def feeder(self) -> Feeder:
        """The client as one that hands in a message."""
        return Feeder(
            source=self.source, peer=self.peer, hello=self.hello, user=self.user
        )
