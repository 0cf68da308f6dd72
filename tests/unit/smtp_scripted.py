"""A session that is answered by a script of the test's own."""

from sinyal.smtp.events import (
    Auth,
    DataCommand,
    Event,
    PartCommand,
    Quit,
    StartTls,
    XClient,
)
from sinyal.smtp.reply import Reply, reply
from sinyal.smtp.server import ServerSession, Signal

OK = reply(250, "ok")
REPLIES: dict[type, Reply] = {
    DataCommand: reply(354, "go on"),
    PartCommand: reply(354, "go on"),
    Quit: reply(221, "bye"),
    Auth: reply(334, "VXNlcg=="),
    StartTls: reply(220, "ready"),
    XClient: reply(220, "anew"),
}
ALL = frozenset(("CHUNKING", "SMTPUTF8", "DSN", "VERP", "XMRG", "XCLIENT"))


class Scripted:
    """Feeds a session; `refused` maps a word of a command to the reply it gets."""

    def __init__(
        self,
        max_octets: int = 0,
        features: frozenset[str] = ALL,
        refused: dict[str, Reply] | None = None,
    ) -> None:
        self.session = ServerSession(max_octets)
        self.session.features = features
        self.events: list[Event] = []
        self._refused = refused or {}
        self.session.greet(reply(220, "hello"))
        self.session.data_to_send()

    def feed(self, *pieces: bytes) -> list[str]:
        """The lines that are said to these octets."""
        said = b""
        for piece in pieces:
            self.session.receive_data(piece)
            while not isinstance(event := self.session.next_event(), Signal):
                self.events.append(event)
                self.session.send(self._answer(event))
            said += self.session.data_to_send()
        return said.decode().splitlines()

    def codes(self, *pieces: bytes) -> list[int]:
        return [int(line[:3]) for line in self.feed(*pieces)]

    def _answer(self, event: Event) -> Reply:
        text = repr(event)
        for word, answer in self._refused.items():
            if word in text:
                return answer
        return REPLIES.get(type(event), OK)
