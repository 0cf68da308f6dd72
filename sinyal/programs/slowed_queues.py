"""Which queues are in backoff mode, as STATE keeps it over a restart (BK-1)."""

from pathlib import Path

from sinyal.mail.envelope import QueueName
from sinyal.programs.state_keeper import StateKeeper
from sinyal.queues.mode import NEVER, Backoff
from sinyal.queues.queues import Queues
from sinyal.runtime.clock import Clock

FILE_NAME = "backoff.json"

# (domain, VirtualMTA, since, until or None for no end)
Slowed = list[tuple[str, str, float, float | None]]


def backoff_keeper(
    queues: Queues, directory: Path, clock: Clock
) -> StateKeeper[Slowed]:
    """What keeps the backoff modes of `queues`; those whose time is over have ended."""

    def state() -> Slowed:
        return [
            (*name, mode.since, None if mode.until == NEVER else mode.until)
            for name, mode in sorted(queues.backoffs().items())
        ]

    def restore(found: Slowed) -> None:
        modes = {
            QueueName(domain, vmta): Backoff(since, NEVER if until is None else until)
            for domain, vmta, since, until in found
        }
        queues.resume(modes, clock())

    return StateKeeper(directory / FILE_NAME, Slowed, state, restore)
