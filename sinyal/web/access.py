"""Who may look: anybody on a loopback listener, elsewhere the holder of an API key.

The key comes by HTTP Basic authentication, as user name or as password; RFC 7617.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable

import msgspec

from sinyal.store.control import Account

GRANT = "message_events/view"

AccountOf = Callable[[str], Account | None]


class Viewer(msgspec.Struct, frozen=True):
    """Whose events are shown: None means every account's, or every subaccount's."""

    customer_id: int | None = None
    subaccount_id: int | None = None

    @property
    def exact(self) -> tuple[tuple[str, str], ...]:
        """The narrowing that keeps the viewer to its own subaccount."""
        if self.subaccount_id is None:
            return ()
        return (("subaccount_id", str(self.subaccount_id)),)


class Refusal(Exception):
    """The request may not see the page: `status` 401, 403 or 421 with the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def admit(authorization: str, host: str, account_of: AccountOf | None) -> Viewer:
    """The viewer that a request's headers name; `account_of` None asks for no key.

    Errors: Refusal.
    """
    if account_of is None:
        if not _is_local(host):
            raise Refusal(421, "This listener answers by its loopback address only.")
        return Viewer()
    candidates = _credentials(authorization)
    account = next(filter(None, map(account_of, candidates)), None)
    if account is None:
        raise Refusal(401, "Sign in with an API key as user name or password.")
    if not account.may(GRANT):
        raise Refusal(403, "The API key lacks the grant message_events/view.")
    return Viewer(account.customer_id, account.subaccount_id or None)


def _credentials(authorization: str) -> list[str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode()
    except (UnicodeError, binascii.Error):
        return []
    user, _, password = plain.partition(":")
    return [part for part in (password, user) if part]


def _is_local(host: str) -> bool:
    """True for a literal address or localhost.

    A page on another site whose name is made to resolve to 127.0.0.1 sends that name:
    it must not read what is open to this machine.
    """
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]")
    if name.lower() == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
