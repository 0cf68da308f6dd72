"""Mail that is dropped instead of delivered: type discard (DLV-4)."""

import asyncio

from delivery_peer import Chain, Settings

from sinyal.events.outcome import Outcome, Verdict


def discarded(**settings: object) -> list[Outcome]:
    chain = Chain(Settings(type="discard", **settings))  # type: ignore[arg-type]
    chain.add("a@example.test", "b@example.test")
    return asyncio.run(chain.deliver(2))


def test_discarded_mail_counts_as_delivered() -> None:
    outcomes = discarded()
    assert {one.verdict for one in outcomes} == {Verdict.DELIVERED}
    assert {one.delivery_type for one in outcomes} == {"discard"}
    assert {one.remote_ip for one in outcomes} == {""}


def test_discarded_mail_counts_as_bounced_where_the_operator_says_so() -> None:
    outcomes = discarded(discard_as_bounce=True)
    assert {one.verdict for one in outcomes} == {Verdict.BOUNCED}
    assert {one.reply.enhanced for one in outcomes} == {"5.0.0"}
