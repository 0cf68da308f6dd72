"""One AUTH exchange from its first line to its verdict; RFC 4954, 4616, 2195 (AUTH-1).

Passwords are kept in clear text, as CRAM-MD5 asks for.
"""

from collections.abc import Mapping

from sinyal.config.settings import SmtpUser
from sinyal.smtp import sasl
from sinyal.smtp.reply import Reply, reply

NOBODY = "an unknown user takes as long as a wrong password"


class Login:
    """An exchange with one peer: `begin`, then `respond` until the reply is no 334.

    `user` is the name that proved itself, "" until then. `challenge` is what CRAM-MD5
    sends: never the same twice.
    """

    def __init__(self, users: Mapping[str, SmtpUser], challenge: bytes) -> None:
        self.user = ""
        self._users = users
        self._challenge = challenge
        self._mechanism = ""
        self._name: bytes | None = None

    def begin(self, mechanism: str, initial: bytes | None) -> Reply | None:
        """A 334, or the verdict: None for a failure, else `user` is set."""
        self._mechanism = mechanism
        if initial is not None and mechanism != "CRAM-MD5":
            return self.respond(initial)
        prompts = {"CRAM-MD5": self._challenge, "LOGIN": sasl.LOGIN_PROMPTS[0]}
        return _ask(prompts.get(mechanism, b""))

    def respond(self, octets: bytes) -> Reply | None:
        """As `begin`; `octets` is what the peer answered."""
        if self._mechanism == "CRAM-MD5":
            self._prove(octets)
        elif self._mechanism == "PLAIN":
            self._match(sasl.parse_plain(octets))
        elif self._name is None:
            self._name = octets
            return _ask(sasl.LOGIN_PROMPTS[1])
        else:
            self._match(sasl.read_credentials(self._name, octets))
        return None

    def _match(self, claimed: sasl.Credentials | None) -> None:
        if claimed is None:
            return
        known = self._users.get(claimed.user)
        password = known.password if known else NOBODY
        if sasl.equal(claimed.password, password) and known:
            self.user = claimed.user

    def _prove(self, octets: bytes) -> None:
        claimed = sasl.parse_cram_md5(octets)
        if claimed is None:
            return
        name, digest = claimed
        known = self._users.get(name)
        password = known.password if known else NOBODY
        expected = sasl.cram_md5_digest(password, self._challenge)
        if sasl.equal(digest, expected) and known:
            self.user = name


def _ask(prompt: bytes) -> Reply:
    return reply(334, sasl.encode(prompt))
