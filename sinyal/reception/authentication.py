"""AUTH at the door: who may try, how often, and what becomes of it (rules AUTH)."""

from collections.abc import Awaitable, Callable

from sinyal.reception import offers, replies
from sinyal.reception.client import Client
from sinyal.reception.credentials import prove
from sinyal.reception.login import Claim, Login
from sinyal.smtp import sasl
from sinyal.smtp.events import Auth, AuthResponse
from sinyal.smtp.reply import Reply

MECHANISMS = (*sasl.MECHANISMS, offers.EXTERNAL)

Answer = Reply | Awaitable[Reply]


class Authentication:
    """The logins of one connection; `settled` is called when one has succeeded."""

    def __init__(self, client: Client, settled: Callable[[], object]) -> None:
        self._client = client
        self._settled: Callable[[], object] | None = settled
        self._login: Login | None = None

    def end(self) -> None:
        """Forget who is to be told: the connection is gone."""
        self._settled = None

    def begin(self, event: Auth) -> Answer:
        """The answer to AUTH."""
        client, door = self._client, self._client.door
        offered = self._offered()
        if not offered:
            return replies.NO_LOGIN
        if event.mechanism not in MECHANISMS:
            return replies.UNKNOWN_MECHANISM
        if event.mechanism not in offered:
            is_clear = event.mechanism in sasl.CLEARTEXT and not client.is_tls
            return replies.NEEDS_TLS if is_clear else replies.UNKNOWN_MECHANISM
        if self._is_locked():
            return replies.LOGIN_LOCKED
        unique = f"<{door.new_message_id()}.{door.clock():.0f}@{door.host_name}>"
        self._login = Login(unique.encode())
        return self._judged(self._login.begin(event.mechanism, event.initial))

    def respond(self, event: AuthResponse) -> Answer:
        """The answer to what the client says to a 334."""
        if self._login is None:
            return replies.LOGIN_FAILED
        # Another connection of the same source may have been locked out meanwhile.
        if self._is_locked():
            return replies.LOGIN_LOCKED
        return self._judged(self._login.respond(event.octets))

    def _offered(self) -> list[str]:
        client = self._client
        users = client.door.configuration.users.values()
        standing = client.standing(is_tls=client.is_tls)
        return offers.mechanisms(client.source, users, standing)

    def _judged(self, said: Reply | Claim) -> Answer:
        """Carry on with a 334, else say how the login ended."""
        if isinstance(said, Reply):
            return said
        self._login = None
        client = self._client
        try:
            found = prove(
                said,
                client.door.configuration.users,
                client.peer.certificate,
                client.door.is_account,
            )
        except (OSError, ValueError) as error:
            return self._unable(error)
        if isinstance(found, str):
            return self._verdict(said, found)
        return self._verdict_late(said, found)

    async def _verdict_late(self, claim: Claim, found: Awaitable[str]) -> Reply:
        try:
            user = await found
        except OSError as error:
            return self._unable(error)
        # Many may have guessed while this one was in the making.
        return replies.LOGIN_LOCKED if self._is_locked() else self._verdict(claim, user)

    def _unable(self, error: Exception) -> Reply:
        self._client.journal.note(f"logins cannot be judged: {error}")
        return replies.LOGIN_UNAVAILABLE

    def _verdict(self, claim: Claim, user: str) -> Reply:
        client = self._client
        if user:
            client.user = user
            client.learn()
            if self._settled is not None:
                self._settled()
            client.journal.connection(f"authenticated as {user}")
            return replies.LOGGED_IN
        rate = client.source.smtp_max_auth_failure_rate
        door = client.door
        door.lockout.failed(client.peer.remote_ip, rate, door.clock())
        # What is no user's name may be a password in the wrong place.
        is_known = claim.user in door.configuration.users
        name = f"user {claim.user}" if is_known else "no such user"
        locked = ", locked out" if self._is_locked() else ""
        client.journal.note(f"authentication failed: {name}{locked}")
        return replies.LOGIN_FAILED

    def _is_locked(self) -> bool:
        client, door = self._client, self._client.door
        rate = client.source.smtp_max_auth_failure_rate
        return door.lockout.is_locked(client.peer.remote_ip, rate, door.clock())
