"""One AUTH exchange up to what the peer claims; RFC 4954, 4616, 2195, 4422 (AUTH-1)."""

import msgspec

from sinyal.reception.offers import EXTERNAL
from sinyal.smtp import sasl
from sinyal.smtp.reply import Reply, reply


class Claim(msgspec.Struct, frozen=True):
    """Who the peer says it is, and its proof: one of them is not empty.

    `digest` is that of CRAM-MD5 over `challenge`; `is_certified`: the proof is the
    client's certificate, and `user` "" asks for whoever it belongs to.
    """

    user: str = ""
    password: str = ""
    digest: str = ""
    challenge: bytes = b""
    is_certified: bool = False

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Claim(user={self.user!r}, ...)"


NOTHING = Claim()  # what makes no sense claims nothing


class Login:
    """An exchange with one peer: `begin`, then `respond` while the answer is a 334.

    `challenge` is what CRAM-MD5 sends: never the same twice.
    """

    def __init__(self, challenge: bytes) -> None:
        self._challenge = challenge
        self._mechanism = ""
        self._name: bytes | None = None

    def begin(self, mechanism: str, initial: bytes | None) -> Reply | Claim:
        """A 334, or the claim."""
        self._mechanism = mechanism
        if initial is not None and mechanism != "CRAM-MD5":
            return self.respond(initial)
        prompts = {"CRAM-MD5": self._challenge, "LOGIN": sasl.LOGIN_PROMPTS[0]}
        return _ask(prompts.get(mechanism, b""))

    def respond(self, octets: bytes) -> Reply | Claim:
        """As `begin`; `octets` is what the peer answered."""
        if self._mechanism == "CRAM-MD5":
            return self._digest(octets)
        if self._mechanism == EXTERNAL:
            return _certified(octets)
        if self._mechanism == "PLAIN":
            return _password(sasl.parse_plain(octets))
        if self._name is None:
            self._name = octets
            return _ask(sasl.LOGIN_PROMPTS[1])
        return _password(sasl.read_credentials(self._name, octets))

    def _digest(self, octets: bytes) -> Claim:
        found = sasl.parse_cram_md5(octets)
        if found is None:
            return NOTHING
        return Claim(found[0], digest=found[1], challenge=self._challenge)


def _certified(octets: bytes) -> Claim:
    try:
        return Claim(octets.decode(), is_certified=True)
    except UnicodeDecodeError:
        return NOTHING


def _password(claimed: sasl.Credentials | None) -> Claim:
    return Claim(claimed.user, claimed.password) if claimed else NOTHING


def _ask(prompt: bytes) -> Reply:
    return reply(334, sasl.encode(prompt))
