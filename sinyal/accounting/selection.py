"""Which records are written: queue-filter and disable-acct-records.

Source: guide 3.3.11.5, 3.3.10.9. Both concern what happens to queued mail, d, b, t and
tq; receipts and what comes back are always written.
"""

import functools
from collections.abc import Callable, Sequence

from sinyal.config import Configuration
from sinyal.config.addresses import canonical_domain
from sinyal.config.configuration import DEFAULT_VMTA
from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.events.record import Record

OF_QUEUES = frozenset({"d", "b", "t", "tq"})
FORMER_QUEUES = 8192  # queues whose answer is kept

Takes = Callable[[Record], bool]


class Rule:
    """One entry of a queue-filter: `[!]PATTERN[/VMTA]`."""

    def __init__(self, text: str) -> None:
        self.is_taken = not text.startswith("!")
        pattern, slash, vmta = text.removeprefix("!").partition("/")
        self._domains = PatternIndex([(domain_pattern(pattern), True)])
        self._vmta = (vmta if slash else DEFAULT_VMTA).lower()

    def fits(self, domain: str, vmta: str) -> bool:
        """Whether the entry decides about this queue."""
        return self._vmta in {"*", vmta.lower()} and bool(
            self._domains.matches(canonical_domain(domain))
        )


def queue_filter(entries: Sequence[str]) -> Takes | None:
    """Whether a record is written; the first entry that fits decides, else it is not.

    None without entries: then every record is.
    """
    if not entries:
        return None
    rules = [Rule(entry) for entry in entries]

    @functools.lru_cache(FORMER_QUEUES)
    def takes(queue: str) -> bool:
        domain, _, vmta = queue.partition("/")
        return next((one.is_taken for one in rules if one.fits(domain, vmta)), False)

    return lambda record: record.type not in OF_QUEUES or takes(record.queue)


def queues_without_records(configuration: Configuration) -> Takes | None:
    """Whether a record is in no file, as its domain says; None where no domain does."""
    if not configuration.domains.says("disable_acct_records"):
        return None

    @functools.lru_cache(FORMER_QUEUES)
    def left_out(queue: str) -> frozenset[str]:
        domain, _, vmta = queue.partition("/")
        settings = configuration.domain_for(domain, vmta)
        return OF_QUEUES.intersection(settings.disable_acct_records)

    return lambda record: (
        record.type in OF_QUEUES and record.type in left_out(record.queue)
    )
