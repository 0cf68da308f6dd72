"""Messages that a cold VirtualMTA takes from a warm one as they arrive: COLD-1 to 3."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from sinyal.config import Configuration
from sinyal.mail.envelope import Envelope, Recipient, Submission
from sinyal.programs.current import Current
from sinyal.programs.state_keeper import StateKeeper
from sinyal.queues.cold import ColdQuotas, Counts
from sinyal.runtime.clock import Clock

FILE_NAME = "cold.json"


class ColdStart:
    """Changes the VirtualMTA of recipients; `rolled_up` names a domain's roll-up."""

    def __init__(
        self, current: Current, rolled_up: Callable[[str], str], clock: Clock
    ) -> None:
        self.quotas = ColdQuotas(self._quotas_of)
        self._current = current
        self._rolled_up = rolled_up
        self._clock = clock
        self._known: Configuration | None = None
        self._colds: dict[str, Sequence[str]] = {}

    def divert(self, submission: Submission) -> Submission:
        """The message, its recipients in the queues that are to take them."""
        if self._current.configuration is not self._known:
            self._learn(self._current.configuration)
        if not self._colds or submission.envelope.source_type != "smtp":
            return submission
        envelope, now = submission.envelope, self._clock()
        recipients = tuple(
            self._diverted(envelope, one, now) for one in envelope.recipients
        )
        if recipients == envelope.recipients:
            return submission
        changed = msgspec.structs.replace(envelope, recipients=recipients)
        return msgspec.structs.replace(submission, envelope=changed)

    def _diverted(self, envelope: Envelope, one: Recipient, now: float) -> Recipient:
        vmta, _ = envelope.place_of(one)
        colds = self._colds.get(vmta)
        if not colds or one.refusal:
            return one
        cold = self.quotas.diverted(one.domain, vmta, colds, now)
        return msgspec.structs.replace(one, vmta=cold, pool="") if cold else one

    def _learn(self, configuration: Configuration) -> None:
        self._known = configuration
        found = {
            name: [
                cold
                for cold in vmta.cold_virtual_mta
                if cold in configuration.virtual_mtas and cold != name
            ]
            for name, vmta in configuration.virtual_mtas.items()
        }
        self._colds = {name: colds for name, colds in found.items() if colds}

    def _quotas_of(self, domain: str, vmta: str) -> tuple[str, Sequence[int]]:
        """Those of the queue that queue-to or a roll-up names (ROLL-1, ROLL-4)."""
        configuration = self._current.configuration
        settings = configuration.domain_for(domain, vmta)
        place = settings.queue_to.lower() or self._rolled_up(domain) or domain
        if place != domain:
            settings = configuration.domain_for(place, vmta)
        return place, settings.max_cold_virtual_mta_msg


def cold_keeper(start: ColdStart, directory: Path) -> StateKeeper[Counts]:
    """What keeps the counts of the day."""
    quotas = start.quotas
    return StateKeeper(directory / FILE_NAME, Counts, quotas.state, quotas.restore)
