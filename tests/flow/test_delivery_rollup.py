"""Domains with the same MX share a queue and its limits (ROLL)."""

import asyncio

import pytest
from delivery_peer import Chain, Peer, Settings, Zone, dns_stub, listening

from sinyal.config.rollup import RollupRule
from sinyal.config.vocabulary import SmtpHost
from sinyal.events.outcome import Outcome, Verdict

MX = ["10 mx1.shared.test."]
ZONE: Zone = {
    ("a.test", "MX"): MX,
    ("b.test", "MX"): MX,
    ("other.test", "MX"): ["10 mx.other.test."],
    ("mx1.shared.test", "A"): ["127.0.0.31"],
    ("mx.other.test", "A"): ["127.0.0.31"],
}
NAMED = RollupRule("mx1.shared.test", "shared.rollup")
WILD = RollupRule("*.shared.test", "shared.rollup")
BY_IP = RollupRule("mx1.shared.test", "shared.rollup", is_by_ip=True)
TO = ("x@a.test", "y@b.test", "z@a.test")


async def deliver(
    peer: Peer, rule: RollupRule, to: tuple[str, ...] = TO, **settings: object
) -> tuple[list[Outcome], Chain]:
    async with listening(peer, "127.0.0.31") as port, dns_stub(ZONE) as stub:
        chain = Chain(
            Settings(default_smtp_port=port, **settings),  # type: ignore[arg-type]
            stub.port,
        )
        chain.policy.rollup_rules = lambda: (rule,)
        chain.add(*to)
        return await chain.deliver(len(to)), chain


@pytest.mark.parametrize("rule", [NAMED, BY_IP])
def test_mail_of_both_domains_leaves_from_the_queue_they_share(
    rule: RollupRule,
) -> None:
    peer = Peer()
    outcomes, _ = asyncio.run(deliver(peer, rule))
    assert {str(one.entry.queue) for one in outcomes} == {"shared.rollup/{default}"}
    assert {one.verdict for one in outcomes} == {Verdict.DELIVERED}
    assert {one.remote_name for one in outcomes} == {"mx1.shared.test"}
    assert sorted(mail[1] for mail in peer.mails) == sorted(TO)


def test_the_limits_of_the_shared_queue_hold_over_all_its_domains() -> None:
    peer = Peer()
    asyncio.run(deliver(peer, NAMED, TO * 20, max_smtp_out=1))
    assert (peer.most_open, len(peer.mails)) == (1, 60)


def test_a_domain_with_other_hosts_keeps_its_queue() -> None:
    outcomes, _ = asyncio.run(deliver(Peer(), NAMED, ("x@other.test",)))
    assert str(outcomes[0].entry.queue) == "other.test/{default}"


def test_hosts_with_the_same_address_are_rolled_up_by_ip() -> None:
    outcomes, _ = asyncio.run(deliver(Peer(), BY_IP, ("x@other.test",)))
    assert str(outcomes[0].entry.queue) == "shared.rollup/{default}"
    assert outcomes[0].remote_name == "mx.other.test"


def test_an_exempt_domain_keeps_its_queue() -> None:
    outcomes, _ = asyncio.run(deliver(Peer(), NAMED, disable_mx_rollup=True))
    assert {one.entry.queue.domain for one in outcomes} == {"a.test", "b.test"}


def test_a_pattern_needs_smtp_hosts_of_the_shared_queue() -> None:
    outcomes, chain = asyncio.run(deliver(Peer(), WILD))
    assert {one.entry.queue.domain for one in outcomes} == {"a.test", "b.test"}
    assert chain.lines == ["shared.rollup: nothing is rolled up, it needs smtp-hosts"]


def test_a_pattern_takes_all_hosts_to_smtp_hosts_of_the_shared_queue() -> None:
    async def scenario() -> list[Outcome]:
        peer = Peer()
        async with listening(peer, "127.0.0.32") as port, dns_stub(ZONE) as stub:
            own = Settings(smtp_hosts=((SmtpHost("[127.0.0.32]", port),),))
            chain = Chain(Settings(), stub.port)
            chain.policy.rollup_rules = lambda: (WILD,)
            chain.policy.settings_for = lambda name: (
                own if name.domain == "shared.rollup" else Settings()
            )
            chain.add(*TO)
            return await chain.deliver(len(TO))

    outcomes = asyncio.run(scenario())
    assert {str(one.entry.queue) for one in outcomes} == {"shared.rollup/{default}"}
    assert {one.verdict for one in outcomes} == {Verdict.DELIVERED}
