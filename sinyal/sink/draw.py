"""Chance without a random source: every draw is a hash, the same at any concurrency."""

import math
from hashlib import blake2b
from statistics import NormalDist

_SPAN = float(1 << 53)
_NORMAL = NormalDist()


class Dice:
    """The draws of one message to one recipient.

    Two sinks with the same seed draw the same for the same Message-ID and recipient,
    whatever else they are doing and in whatever order the mail arrives.
    """

    def __init__(self, seed: int, message_id: str, rcpt: str) -> None:
        name = f"{seed}\0{message_id}\0{rcpt.lower()}\0".encode(errors="replace")
        self._state = blake2b(name, digest_size=8)

    def fraction(self, step: str) -> float:
        """A number in [0, 1) for this step."""
        state = self._state.copy()
        state.update(step.encode())
        return (int.from_bytes(state.digest()) >> 11) / _SPAN

    def falls(self, step: str, percent: float) -> bool:
        """Whether something of this percentage happens at this step."""
        return percent > 0 and self.fraction(step) * 100 < percent

    def delay_s(self, step: str, median_s: float, spread: float = 1.0) -> float:
        """A log-normal delay; `spread` is the deviation of its logarithm."""
        # The ends are cut: a quantile of 0 or 1 has no finite delay.
        quantile = min(max(self.fraction(step), 1e-6), 1 - 1e-6)
        return median_s * math.exp(spread * _NORMAL.inv_cdf(quantile))
