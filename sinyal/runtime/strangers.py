"""Clients whose certificate nobody vouches for: they are not asked for it again.

Some mail servers show a certificate to everybody who asks. Python's TLS can only end a
handshake over one that is unknown, so the next one of that address does not ask.
"""

MAX_ADDRESSES = 10_000
MEMORY_S = 3600.0


class Strangers:
    """Addresses, each remembered for an hour of whatever clock `now` is of."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def add(self, address: str, now: float) -> None:
        """Remember an address for an hour; the oldest is forgotten for it."""
        self._until.pop(address, None)  # the newest stands last
        self._until[address] = now + MEMORY_S
        if len(self._until) > MAX_ADDRESSES:
            del self._until[next(iter(self._until))]

    def has(self, address: str, now: float) -> bool:
        """Whether the address is remembered."""
        return bool(self._until) and now < self._until.get(address, now)

    def clear(self) -> None:
        """Forget all: others may be known now."""
        self._until.clear()
