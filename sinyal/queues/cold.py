"""New VirtualMTAs that get the first messages of a day: COLD-1, COLD-2; guide 8.5.

A domain's quota counts from the day of its first message, at local midnight it begins
anew.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

MOST_COUNTS = 200_000  # feeders choose the domains: those of other days are forgotten

# domain and VirtualMTA with a blank between: (its first day, the last one, messages)
Counts = dict[str, tuple[int, int, int]]


class ColdQuotas:
    """How many messages each cold VirtualMTA took for a domain today.

    `quotas_of` answers (domain that counts, messages per day) of a domain and
    VirtualMTA; the last day's number repeats. Units: `now` epoch seconds, days are
    ordinals of the local calendar.
    """

    def __init__(
        self, quotas_of: Callable[[str, str], tuple[str, Sequence[int]]]
    ) -> None:
        self._quotas_of = quotas_of
        self._counts: Counts = {}
        self._turns = itertools.count()

    def diverted(self, domain: str, vmta: str, colds: Sequence[str], now: float) -> str:
        """The cold VirtualMTA that takes a message of `vmta`, "" for none; counted."""
        place, quotas = self._quotas_of(domain, vmta)
        if not any(quotas):
            return ""
        today = datetime.fromtimestamp(now, UTC).astimezone().toordinal()
        turn = next(self._turns)
        for at in range(len(colds)):
            cold = colds[(turn + at) % len(colds)]
            if self._take(f"{place} {cold}", quotas, today):
                return cold
        return ""

    def state(self) -> Counts:
        """What `restore` takes after a restart."""
        return dict(self._counts)

    def restore(self, counts: Counts) -> None:
        """Go on with what a former run has counted."""
        self._counts = dict(counts)

    def _take(self, key: str, quotas: Sequence[int], today: int) -> bool:
        first, day, count = self._counts.get(key, (today, today, 0))
        if today < first or today < day:  # the clock was set back
            today = day
        if today > day:
            count = 0
        if count >= quotas[min(today - first, len(quotas) - 1)]:
            return False
        if len(self._counts) >= MOST_COUNTS and key not in self._counts:
            self._counts = {
                k: one for k, one in self._counts.items() if one[1] == today
            }
        self._counts[key] = (first, today, count + 1)
        return True
