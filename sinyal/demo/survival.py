"""What a crash of the MTA cost: nothing acknowledged may be missing anywhere.

After a kill -9 a message may be delivered twice, when the crash fell between the
receiver's 250 and our note of it, and be accounted for though its feeder never saw the
250. Counts then differ by what was in flight; sets of recipients must not.
"""

from collections.abc import Iterable, Mapping

import msgspec

from sinyal.demo.witnesses import Sighting

ENDS = {"accepted", "bounced", "d", "b", "delivery", "bounce"}


class Survival(msgspec.Struct, frozen=True):
    """Acknowledged recipients, how many of them each witness saw end, and the rest.

    `lost` counts those that any witness misses; `twice` the deliveries too many.
    """

    acknowledged: int
    at_sink: int
    in_accounting: int
    in_store: int
    lost: int
    twice: int


def survival(
    sent: Mapping[str, str],
    ledger: Iterable[Sighting],
    accounting: Iterable[Sighting],
    events: Iterable[Sighting],
) -> Survival:
    """Compare what was acknowledged with what was delivered or bounced."""
    truth = list(ledger)
    accepted = [one.rcpt for one in truth if one.word == "accepted"]
    ended = [_ended(witness) for witness in (truth, accounting, events)]
    at_sink, in_accounting, in_store = (len(sent.keys() & rcpts) for rcpts in ended)
    return Survival(
        acknowledged=len(sent),
        at_sink=at_sink,
        in_accounting=in_accounting,
        in_store=in_store,
        lost=len(sent) - len(sent.keys() & ended[0] & ended[1] & ended[2]),
        twice=len(accepted) - len(set(accepted)),
    )


def _ended(sightings: Iterable[Sighting]) -> set[str]:
    return {one.rcpt for one in sightings if one.word in ENDS}
