"""The tracking keys in memory, read again when an unknown one is asked for."""

import asyncio
from collections.abc import Callable, Mapping

from sinyal.engagement.token import Engagement, TrackingKey, unseal
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG

Keys = Mapping[bytes, TrackingKey]

# A forged token costs at most one reading of the keys each second.
REFRESH_S = 1.0


class KeyRing:
    """Unseals tokens with the keys that `read_keys` returns; it may block."""

    def __init__(self, read_keys: Callable[[], Keys], clock: Clock) -> None:
        self._read_keys = read_keys
        self._clock = clock
        self._keys: Keys = {}
        self._read_at = 0.0
        self._reading = asyncio.Lock()

    async def unseal(self, token: str) -> Engagement | None:
        """What the token says, or None when no key of ours has sealed it."""
        found = unseal(self._keys, token)
        if found is None and await self._refresh():
            found = unseal(self._keys, token)
        return found

    async def _refresh(self) -> bool:
        """True when the keys were read anew, by this call or by one it waited for."""
        before = self._keys
        async with self._reading:
            if self._keys is not before:
                return True
            if self._clock() - self._read_at < REFRESH_S:
                return False
            self._read_at = self._clock()
            try:
                self._keys = await asyncio.to_thread(self._read_keys)
            except OSError as error:
                LOG.error("Tracking: keys could not be read: %s", error)
                return False
        return True
