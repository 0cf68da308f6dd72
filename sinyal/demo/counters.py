"""The counters that must agree, and where each of the four witnesses keeps them.

One row of COUNTERS is one fact of a message's life. The witnesses: the ledgers of
traffic and sink (what really happened), the MTA's accounting files, the event store
behind the search API, and the summary page.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec


class Fact(msgspec.Struct, frozen=True):
    """One row: the same fact in the words of each witness; "" where it keeps none."""

    title: str
    ledger: str
    record: str
    event: str
    metric: str


COUNTERS: tuple[Fact, ...] = (
    Fact("injected", "injected", "r", "injection", "count_injected"),
    Fact("delivered", "accepted", "d", "delivery", "count_delivered"),
    Fact("bounced", "bounced", "b", "bounce", "count_inband_bounce"),
    Fact("deferred", "deferred", "t", "delay", "count_delayed"),
    Fact("out-of-band", "oob_sent", "rb", "out_of_band", "count_outofband_bounce"),
    Fact("complaints", "fbl_sent", "f", "spam_complaint", "count_spam_complaint"),
    Fact("initial opens", "initial_open", "", "initial_open", "count_initial_rendered"),
    Fact("opens", "open", "", "open", "count_rendered"),
    Fact("clicks", "click", "", "click", "count_clicked"),
)

WITNESSES = ("ledger", "record", "event", "metric")

# (the witness's own word, campaign) -> how often
Count = Counter[tuple[str, str]]


class Line(msgspec.Struct, frozen=True):
    """One line of the reconciliation; None where a witness keeps no such fact.

    `difference` adds up, over all campaigns, how far the witnesses are apart.
    """

    title: str
    ledger: int
    accounting: int | None
    store: int
    page: int
    difference: int


def reconcile(counts: Mapping[str, Count]) -> tuple[Line, ...]:
    """A line per counter; every difference is 0 when all witnesses agree.

    Shape: `counts` has a `Count` for each of WITNESSES.
    """
    campaigns = {campaign for count in counts.values() for _, campaign in count}
    return tuple(_line(fact, counts, campaigns) for fact in COUNTERS)


def _line(fact: Fact, counts: Mapping[str, Count], campaigns: Iterable[str]) -> Line:
    words = {name: word for name in WITNESSES if (word := getattr(fact, name))}
    total = {
        name: sum(n for (kept, _), n in counts[name].items() if kept == word)
        for name, word in words.items()
    }
    apart = 0
    for campaign in campaigns:
        seen = [counts[name][word, campaign] for name, word in words.items()]
        apart += max(seen) - min(seen)
    return Line(
        title=fact.title,
        ledger=total["ledger"],
        accounting=total.get("record"),
        store=total["event"],
        page=total["metric"],
        difference=apart,
    )
