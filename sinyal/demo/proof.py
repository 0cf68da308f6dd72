"""Wait for the chain to come to rest, then let the witnesses speak."""

import time
from collections import Counter
from collections.abc import Iterator

import httpx

from sinyal.demo.chain import READ_KEY, Tell, is_sink_idle
from sinyal.demo.counters import COUNTERS, Count, Line, reconcile
from sinyal.demo.processes import Children
from sinyal.demo.site import Site
from sinyal.demo.survival import Survival, survival
from sinyal.demo.witnesses import (
    accounting,
    acknowledged,
    events,
    ledgers,
    page,
    tally,
)

PAUSE_S = 0.5


def testimony(site: Site) -> dict[str, Count]:
    """What each witness says now."""
    sent = acknowledged(site.traffic_ledger)
    return {
        "ledger": tally(ledgers(site.traffic_ledger, site.sink_ledger)),
        "record": tally(accounting(site.accounting, sent)),
        "event": tally(events(site.signals_url, READ_KEY)),
        "metric": page(site.signals_url),
    }


def progress(site: Site) -> str:
    """What traffic and sink have seen so far, in one line."""
    facts = Counter(one.word for one in ledgers(site.traffic_ledger, site.sink_ledger))
    counts = (f"{fact.title} {facts[fact.ledger]:,}" for fact in COUNTERS)
    return ", ".join(counts)


def is_at_rest(site: Site, children: Children) -> bool:
    """Whether traffic has ended, every message has, and the sink owes nothing."""
    if children.is_running("traffic") or not is_sink_idle(site):
        return False
    sent = acknowledged(site.traffic_ledger)
    seen = list(accounting(site.accounting, sent))
    ended = {one.rcpt for one in seen if one.word in "db"}
    return sent.keys() <= ended


def prove(
    site: Site, children: Children, deadline: float, tell: Tell
) -> tuple[Line, ...]:
    """The reconciliation, once all agree or `deadline` (monotonic) has passed.

    Meanwhile `tell` is given how far the chain is.
    """
    for is_late in _looks(site, children, deadline, tell):
        lines = reconcile(testimony(site))
        if is_late or not any(line.difference for line in lines):
            break
    return lines


def prove_survival(
    site: Site, children: Children, deadline: float, tell: Tell
) -> Survival:
    """What a crash cost, once nothing is missing or `deadline` has passed."""
    for is_late in _looks(site, children, deadline, tell):
        found = count_survivors(site)
        if is_late or not found.lost:
            break
    return found


def _looks(
    site: Site, children: Children, deadline: float, tell: Tell
) -> Iterator[bool]:
    """When it is worth a look at the witnesses: at rest, or (True) when it is late."""
    while True:
        tell(progress(site))
        is_late = time.monotonic() > deadline
        if is_late or is_at_rest(site, children):
            yield is_late
        time.sleep(PAUSE_S)


def count_survivors(site: Site) -> Survival:
    """What the witnesses say of the acknowledged recipients now."""
    sent = acknowledged(site.traffic_ledger)
    return survival(
        sent,
        ledgers(site.traffic_ledger, site.sink_ledger),
        accounting(site.accounting, sent),
        events(site.signals_url, READ_KEY),
    )


def pages_answer(site: Site) -> list[str]:
    """The pages that do not answer 200; none when all is well."""
    wrong = []
    for path in ("/", "/summary", "/events"):
        answer = httpx.get(f"{site.signals_url}{path}", follow_redirects=True)
        if answer.status_code != httpx.codes.OK:
            wrong.append(f"{path}: {answer.status_code}")
    return wrong
