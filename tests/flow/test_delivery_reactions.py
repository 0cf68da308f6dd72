"""Rules on replies at work: modes, other MXes, queues and addresses (SPL-4)."""

import asyncio

from delivery_peer import Chain, Peer, Script, Settings, dns_stub, listening, verdicts

from sinyal.config.vocabulary import SmtpHost, SourceHost
from sinyal.events.outcome import Verdict
from sinyal.mail.envelope import QueueName

BOUNCED, DEFERRED, DELIVERED = Verdict.BOUNCED, Verdict.DEFERRED, Verdict.DELIVERED
NAME = QueueName("example.test", "{default}")


def to(*ports: int, **settings: object) -> Settings:
    levels = tuple((SmtpHost("[127.0.0.1]", port),) for port in ports)
    return Settings(smtp_hosts=levels, **settings)  # type: ignore[arg-type]


def stern(script: Script) -> Peer:
    """A peer that takes no content after a refusal."""
    data = {} if "final" in script else {"DATA": "503 5.5.1 bad sequence"}
    return Peer({**data, **script}, extensions=())


def people(count: int) -> list[str]:
    return [f"p{at}@example.test" for at in range(count)]


async def deliver(peer: Peer, rule: str, count: int = 1, **settings: object) -> Chain:
    async with listening(peer) as port:
        chain = Chain(to(port, **settings), rules=[rule])
        chain.add(*people(count))
        await chain.deliver(count)
    return chain


def test_a_reply_puts_the_queue_into_backoff_mode() -> None:
    peer = stern({"RCPT": "421 4.7.0 too many, slow down"})
    chain = asyncio.run(deliver(peer, "/slow down/ mode=backoff"))
    assert chain.queues.backoffs().keys() == {NAME}
    assert verdicts(chain.outcomes) == [(DEFERRED, 421)]


def test_a_reply_without_a_rule_changes_nothing() -> None:
    peer = stern({"RCPT": "450 4.7.0 greylisted"})
    chain = asyncio.run(deliver(peer, "/slow down/ mode=backoff"))
    assert chain.queues.backoffs() == {}


def test_replies_of_our_own_making_match_no_rule() -> None:
    chain = Chain(to(1), rules=["/ECONNREFUSED|4.4.1/ mode=backoff"])
    chain.add(*people(1))
    asyncio.run(chain.deliver(1))
    assert verdicts(chain.outcomes) == [(DEFERRED, 451)]
    assert chain.queues.backoffs() == {}


def test_bounce_rcpt_bounces_a_recipient_that_was_told_to_wait() -> None:
    peer = stern({"RCPT": "452 4.2.2 over quota"})
    chain = asyncio.run(deliver(peer, "/over quota/ bounce-rcpt"))
    assert verdicts(chain.outcomes) == [(BOUNCED, 452)]


def test_bounce_rcpt_does_not_count_behind_rcpt() -> None:
    peer = stern({"final": "452 4.2.2 over quota"})
    chain = asyncio.run(deliver(peer, "/over quota/ bounce-rcpt"))
    assert verdicts(chain.outcomes) == [(DEFERRED, 452)]


def test_bounce_queue_bounces_all_mail_of_the_queue_with_the_reply_that_said_so() -> (
    None
):
    peer = stern({"MAIL": "550 5.7.1 blocked"})
    chain = asyncio.run(deliver(peer, "/blocked/ bounce-queue", 5, max_smtp_out=1))
    assert verdicts(chain.outcomes) == [(BOUNCED, 550)] * 5
    assert peer.commands.count("MAIL FROM:<from@sender.test>") == 1
    assert not any(outcome.is_local for outcome in chain.outcomes)


def test_bounce_queue_counts_for_a_greeting_too() -> None:
    peer = stern({"greeting": "421 4.7.0 go away for ever"})
    chain = asyncio.run(deliver(peer, "/for ever/ bounce-queue", 3))
    assert verdicts(chain.outcomes) == [(BOUNCED, 421)] * 3


def test_skip_mx_keeps_the_mail_after_a_5xx_and_tries_the_next_host() -> None:
    async def scenario() -> list:
        first, second = stern({"MAIL": "550 5.7.1 not this MX"}), Peer()
        async with (
            listening(first) as port,
            listening(second, "127.0.0.2") as other,
            dns_stub({}) as stub,
        ):
            hosts = (
                (SmtpHost("[127.0.0.1]", port),),
                (SmtpHost("[127.0.0.2]", other),),
            )
            chain = Chain(
                Settings(smtp_hosts=hosts, retry_after=(0.05,)),
                stub.port,
                rules=["/not this MX/ skip-mx"],
            )
            chain.add(*people(1))
            return verdicts(await chain.deliver(2))

    assert asyncio.run(scenario()) == [(DEFERRED, 550), (DELIVERED, 250)]


def test_defer_queue_makes_the_queue_wait() -> None:
    peer = stern({"MAIL": "450 4.7.0 come back later"})
    chain = asyncio.run(deliver(peer, "/later/ defer-queue", 1, retry_after=(50.0,)))
    assert chain.queues.status()[0].retry_at > 0


def test_a_source_address_that_is_disabled_is_not_used_by_the_queue() -> None:
    async def scenario() -> tuple[Peer, Chain]:
        peer = stern({
            "MAIL": ["450 4.7.1 this address is listed", "250 ok"],
            "DATA": ["503 5.5.1 bad sequence", "354 go"],
        })
        sources = [SourceHost("127.0.0.1", "a.test"), SourceHost("127.0.0.2", "b.test")]
        async with listening(peer) as port:
            chain = Chain(
                to(port, retry_after=(0.05,), max_smtp_out=1),
                sources=sources,
                rules=["/is listed/ disable-source-ip,reenable-after=1h"],
            )
            chain.add(*people(3))
            await chain.deliver(4)
        return peer, chain

    peer, chain = asyncio.run(scenario())
    used = [ip for ip, _ in peer.seen]
    assert used[0] == "127.0.0.1"
    assert set(used[1:]) == {"127.0.0.2"}
    assert chain.queues.backoffs() == {}


def test_without_any_source_left_the_queue_waits_and_may_slow_down() -> None:
    async def scenario() -> Chain:
        peer = stern({"MAIL": "450 4.7.1 this address is listed"})
        async with listening(peer) as port:
            chain = Chain(
                to(
                    port,
                    retry_after=(0.05,),
                    max_smtp_out=1,
                    backoff_retry_after=(0.05,),
                    backoff_upon_all_sources_disabled=True,
                ),
                sources=[SourceHost("127.0.0.1", "a.test")],
                rules=["/is listed/ disable-source-ip"],
            )
            chain.add(*people(1))
            await chain.deliver(2)
        return chain

    chain = asyncio.run(scenario())
    text = "All SMTP sources for queue example.test/{default} are now disabled."
    assert text in str(chain.outcomes[1].reply)
    assert NAME in chain.queues.backoffs()


def test_a_source_address_is_used_again_after_its_time() -> None:
    async def scenario() -> list:
        peer = stern({
            "MAIL": ["450 4.7.1 this address is listed", "250 ok"],
            "DATA": ["503 5.5.1 bad sequence", "354 go"],
        })
        async with listening(peer) as port:
            chain = Chain(
                to(port, retry_after=(0.05,), reenable_source_ip_after=0.01),
                sources=[SourceHost("127.0.0.1", "a.test")],
                rules=["/is listed/ disable-source-ip"],
            )
            chain.add(*people(1))
            return verdicts(await chain.deliver(2))

    assert asyncio.run(scenario()) == [(DEFERRED, 450), (DELIVERED, 250)]


def test_who_is_to_know_is_told_when_backoff_mode_begins_and_ends() -> None:
    async def scenario() -> list:
        peer = stern({"RCPT": ["421 4.7.0 slow \x1bdown", "250 ok"]})
        peer.script["DATA"] = ["503 no", "354 go"]
        async with listening(peer) as port:
            chain = Chain(
                to(
                    port,
                    backoff_retry_after=(0.05,),
                    backoff_to_normal_after_delivery=True,
                    backoff_notify=("ops@a.test",),
                ),
                rules=["/slow/ mode=backoff"],
            )
            chain.add(*people(1))
            await chain.deliver(2)
            chain.courier.recovered(chain.queues.recovered()[0])
            return chain.notices

    began, ended = asyncio.run(scenario())
    assert began[:2] == (("ops@a.test",), f"queue {NAME}: backoff mode")
    assert began[2].endswith("by the reply 421 4.7.0 slow \\x1bdown")
    assert ended[:2] == (("ops@a.test",), f"queue {NAME}: normal mode")


def test_who_is_to_know_is_told_of_a_disabled_source_address() -> None:
    peer = stern({"RCPT": "450 4.7.0 blocked"})
    settings = {"disabled_source_ip_notify": ("ops@a.test",)}
    chain = asyncio.run(deliver(peer, "/blocked/ disable-source-ip", **settings))
    (notice,) = (one for one in chain.notices if one[0])
    assert notice[1] == f"queue {NAME}: source address 127.0.0.1 is disabled"
