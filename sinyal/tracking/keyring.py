"""The tracking keys in memory, read again when an unknown one is asked for.

A key speaks for its own account: who holds it may seal what he likes, but an open or a
click counts for the account of the key, whatever its token says.
"""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from sinyal.engagement.token import Engagement, TrackingKey, key_id_of, unseal
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG


class OwnedKey(msgspec.Struct, frozen=True):
    """A tracking key and its account; `subaccount_id` 0 may speak for all of them."""

    key: TrackingKey
    customer_id: int
    subaccount_id: int = 0

    def owned(self, engagement: Engagement) -> Engagement:
        """The engagement, of the account that has sealed it."""
        copy = msgspec.structs.replace(
            engagement.copy,
            customer_id=self.customer_id,
            subaccount_id=self.subaccount_id or engagement.copy.subaccount_id,
        )
        return msgspec.structs.replace(engagement, copy=copy)


Keys = Mapping[bytes, OwnedKey]

# An unknown key is looked for once in this time, and so many different ones at most:
# forged tokens must not keep the database busy.
REFRESH_S = 1.0
REFRESHES = 20

# The first characters of a token hold its version and most of the name of its key.
KEY_CHARACTERS = 6


class KeyRing:
    """Unseals tokens with the keys that `read_keys` returns; it may block."""

    def __init__(self, read_keys: Callable[[], Keys], clock: Clock) -> None:
        self._read_keys = read_keys
        self._clock = clock
        self._keys: Keys = {}
        self._asked: set[str] = set()
        self._asked_since = 0.0
        self._reading = asyncio.Lock()

    async def unseal(self, token: str) -> Engagement | None:
        """What the token says, or None when no key of ours has sealed it."""
        found = self._unsealed(token)
        if found is None and await self._refresh(token[:KEY_CHARACTERS]):
            found = self._unsealed(token)
        return found

    def _unsealed(self, token: str) -> Engagement | None:
        owned = self._keys.get(key_id_of(token))
        if owned is None:
            return None
        found = unseal({owned.key.key_id: owned.key}, token)
        return None if found is None else owned.owned(found)

    async def _refresh(self, key_name: str) -> bool:
        """True when the keys were read anew, by this call or by one it waited for."""
        before = self._keys
        async with self._reading:
            if self._keys is not before:
                return True
            if not self._is_worth_reading(key_name):
                return False
            try:
                self._keys = await asyncio.to_thread(self._read_keys)
            except OSError as error:
                LOG.error("Tracking: keys could not be read: %s", error)
                return False
        return True

    def _is_worth_reading(self, key_name: str) -> bool:
        now = self._clock()
        if now - self._asked_since >= REFRESH_S:
            self._asked_since = now
            self._asked.clear()
        if key_name in self._asked or len(self._asked) >= REFRESHES:
            return False
        self._asked.add(key_name)
        return True
