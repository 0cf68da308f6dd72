"""What all queues of a VirtualMTA may do together; LIM-1, LIM-2."""

from collections.abc import Callable

from sinyal.config.vocabulary import Rate
from sinyal.queues.limits import window_of
from sinyal.queues.rate import Window
from sinyal.queues.volume import Volume, volume_of


class VmtaLimits:
    """The limits of each VirtualMTA, and what its queues have done lately.

    `max_smtp_out` answers a count of connections, 0 for no limit; the rates are None
    without one.
    """

    def __init__(
        self,
        max_smtp_out: Callable[[str], int],
        max_msg_rate: Callable[[str], Rate | None],
        max_volume_rate: Callable[[str], Rate | None],
    ) -> None:
        self.max_smtp_out = max_smtp_out
        self._msg_rate = max_msg_rate
        self._volume_rate = max_volume_rate
        self._tried: dict[str, Window | None] = {}
        self._volumes: dict[str, Volume | None] = {}

    def obey(self) -> None:
        """Go on under other rates; what is spent stays spent."""
        self._tried = {
            vmta: window_of(self._msg_rate(vmta), past)
            for vmta, past in self._tried.items()
        }
        self._volumes = {
            vmta: volume_of(self._volume_rate(vmta), past)
            for vmta, past in self._volumes.items()
        }

    def tried(self, vmta: str) -> Window | None:
        """What its queues have tried lately; None without a limit."""
        if vmta not in self._tried:
            self._tried[vmta] = window_of(self._msg_rate(vmta))
        return self._tried[vmta]

    def volume(self, vmta: str) -> Volume | None:
        """What its queues have delivered lately; None without a limit."""
        if vmta not in self._volumes:
            self._volumes[vmta] = volume_of(self._volume_rate(vmta))
        return self._volumes[vmta]

    def full(self, now: float) -> dict[str, float]:
        """The VirtualMTAs whose rate of messages is used up, and until when."""
        return {
            vmta: tried.next_at(now)
            for vmta, tried in self._tried.items()
            if tried and not tried.room(now)
        }
