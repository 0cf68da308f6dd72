"""From a domain to a peer: MX order, what the DNS says, local addresses."""

import asyncio

import pytest
from delivery_peer import (
    Chain,
    Peer,
    Settings,
    Zone,
    dns_stub,
    listening,
    verdicts,
)

from sinyal.config.vocabulary import SmtpHost, SourceHost
from sinyal.events.outcome import Outcome, Verdict

BOUNCED, DEFERRED, DELIVERED = Verdict.BOUNCED, Verdict.DEFERRED, Verdict.DELIVERED
TWO_MX: Zone = {
    ("example.test", "MX"): ["20 second.test.", "10 first.test."],
    ("first.test", "A"): ["127.0.0.11"],
    ("second.test", "A"): ["127.0.0.12"],
}


async def outcome_of(zone: Zone, address: str = "ani@example.test", **more) -> Outcome:
    async with dns_stub(zone) as stub:
        chain = Chain(Settings(**more), stub.port)
        chain.add(address)
        (outcome,) = await chain.deliver(1)
    return outcome


async def deliver_to_two(first: Peer | None, second: Peer, **more) -> list[Outcome]:
    """Deliver through TWO_MX; without `first` its host refuses the connection."""
    async with listening(second, "127.0.0.12") as port:
        settings = Settings(default_smtp_port=port, max_smtp_out=1, **more)
        async with dns_stub(TWO_MX) as stub:
            chain = Chain(settings, stub.port)
            chain.add("a@example.test", "b@example.test")
            if first is None:
                return await chain.deliver(2)
            async with listening(first, "127.0.0.11", port):
                return await chain.deliver(2)


def test_the_mx_of_lowest_preference_is_used() -> None:
    first, second = Peer(), Peer()
    outcomes = asyncio.run(deliver_to_two(first, second))
    assert [one.remote_name for one in outcomes] == ["first.test"] * 2
    assert (first.connections, second.connections) == (1, 0)


def test_the_second_mx_takes_over_when_the_first_refuses_connections() -> None:
    second = Peer()
    outcomes = asyncio.run(deliver_to_two(None, second))
    assert verdicts(outcomes) == [(DELIVERED, 250)] * 2
    assert {one.remote_name for one in outcomes} == {"second.test"}


def test_the_second_mx_takes_over_when_the_first_greets_with_4xx() -> None:
    first, second = Peer({"greeting": "421 4.3.2 busy"}), Peer()
    outcomes = asyncio.run(deliver_to_two(first, second))
    assert {one.remote_name for one in outcomes} == {"second.test"}
    assert first.connections == 1


def test_a_421_leads_to_the_next_mx_when_told_so() -> None:
    first = Peer({"RCPT": "421 4.2.1 later", "DATA": "503 5.5.1 sequence"})
    second = Peer()
    outcomes = asyncio.run(
        deliver_to_two(first, second, smtp_421_means_mx_unavailable=True)
    )
    assert verdicts(outcomes) == [(DEFERRED, 421), (DELIVERED, 250)]
    assert [one.remote_name for one in outcomes] == ["first.test", "second.test"]


@pytest.mark.parametrize(
    ("zone", "verdict", "status"),
    [
        ({("example.test", "MX"): ["0 ."]}, BOUNCED, "5.1.10"),
        ({}, BOUNCED, "5.1.2"),
        ({("example.test", "TXT"): []}, BOUNCED, "5.4.4"),
        ({("example.test", "MX"): ["10 gone.test."]}, BOUNCED, "5.4.4"),
        ({("example.test", "MX"): 2}, DEFERRED, "4.4.3"),
        ({("example.test", "MX"): None}, DEFERRED, "4.4.3"),
    ],
    ids=["null MX", "NXDOMAIN", "no address", "dead MX", "SERVFAIL", "time-out"],
)
def test_what_the_dns_says_decides(zone: Zone, verdict: Verdict, status: str) -> None:
    outcome = asyncio.run(outcome_of(zone))
    assert (outcome.verdict, outcome.reply.enhanced) == (verdict, status)
    assert outcome.is_local


def test_a_dead_and_a_silent_mx_let_the_mail_wait() -> None:
    zone: Zone = {
        ("example.test", "MX"): ["10 silent.test.", "20 gone.test."],
        ("silent.test", "A"): None,
    }
    assert asyncio.run(outcome_of(zone)).verdict is DEFERRED


def test_no_mx_bounces_when_told_so() -> None:
    zone: Zone = {("example.test", "A"): ["127.0.0.1"]}
    outcome = asyncio.run(outcome_of(zone, bounce_upon_no_mx=True))
    assert outcome.verdict is BOUNCED
    assert "bounce-upon-no-mx" in outcome.reply.text


def test_the_domains_own_address_serves_without_mx() -> None:
    async def go() -> None:
        peer = Peer()
        async with (
            listening(peer) as port,
            dns_stub({("example.test", "A"): ["127.0.0.1"]}) as stub,
        ):
            chain = Chain(Settings(default_smtp_port=port), stub.port)
            chain.add("ani@example.test", "budi@[127.0.0.1]")
            outcomes = await chain.deliver(2)
        assert verdicts(outcomes) == [(DELIVERED, 250)] * 2

    asyncio.run(go())


def test_mail_for_a_domain_that_does_not_exist_bounces_as_a_whole() -> None:
    async def go() -> None:
        async with dns_stub({}) as stub:
            chain = Chain(Settings(max_smtp_out=1), stub.port)
            chain.add(*(f"r{at}@nowhere.test" for at in range(500)))
            outcomes = await chain.deliver(500)
            assert len(stub.asked) == 1
        assert {one.reply.enhanced for one in outcomes} == {"5.1.2"}
        assert len({one.entry.recipient.address for one in outcomes}) == 500

    asyncio.run(go())


def test_a_dns_time_out_does_not_ask_again_before_retry_after() -> None:
    async def go() -> None:
        async with dns_stub({("example.test", "MX"): None}) as stub:
            chain = Chain(Settings(max_smtp_out=1), stub.port)
            chain.add("a@example.test", "b@example.test", "c@example.test")
            outcomes = await chain.deliver(1)
            asked = len(stub.asked)
        assert len(outcomes) == 1
        assert asked == 2  # one question, asked twice
        assert chain.queues.status()[0].entries == 3

    asyncio.run(go())


def fixed(port: int, **more) -> Settings:
    return Settings(smtp_hosts=((SmtpHost("[127.0.0.1]", port),),), **more)


def test_connections_go_out_from_the_source_hosts_in_turn() -> None:
    async def go() -> None:
        peer = Peer()
        sources = [
            SourceHost("127.0.0.2", "one.test"),
            SourceHost("127.0.0.3", "b.test"),
        ]
        async with listening(peer) as port:
            chain = Chain(
                fixed(port, max_smtp_out=1, max_msg_per_connection=1), sources=sources
            )
            chain.add(*(f"r{at}@example.test" for at in range(4)))
            outcomes = await chain.deliver(4)
        assert [ip for ip, _ in peer.seen] == ["127.0.0.2", "127.0.0.3"] * 2
        assert [one.source_ip for one in outcomes] == ["127.0.0.2", "127.0.0.3"] * 2
        assert peer.commands.count("EHLO one.test") == 2

    asyncio.run(go())


def test_a_source_host_that_is_not_of_this_machine_defers_and_says_so() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(fixed(port), sources=[SourceHost("192.0.2.77", "far.test")])
            chain.add("ani@example.test")
            (outcome,) = await chain.deliver(1)
        assert outcome.verdict is DEFERRED
        assert outcome.is_local
        assert outcome.reply.text == (
            "4.3.5 EADDRNOTAVAIL: smtp-source-host 192.0.2.77 of {default}"
            " is not an address of this machine"
        )
        assert not peer.connections

    asyncio.run(go())


def test_a_connect_time_out_defers() -> None:
    async def go() -> None:
        # A listener whose backlog is full answers nothing.
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, backlog=1)
        port = server.sockets[0].getsockname()[1]
        chain = Chain(fixed(port, smtp_greeting_timeout=0.05))
        chain.add("ani@example.test")
        (outcome,) = await chain.deliver(1)
        server.close()
        assert outcome.verdict is DEFERRED
        assert "ETIMEDOUT connecting to" in outcome.reply.text

    asyncio.run(go())


def test_login_goes_out_encrypted_or_not_at_all() -> None:
    async def go() -> None:
        peer = Peer(extensions=("AUTH PLAIN LOGIN",))
        async with listening(peer) as port:
            chain = Chain(fixed(port, auth_username="u", auth_password="p"))
            chain.add("ani@example.test")
            (outcome,) = await chain.deliver(1)
        assert outcome.verdict is DEFERRED
        assert not any(line.startswith("AUTH") for line in peer.commands)

    asyncio.run(go())


def test_hosts_of_a_level_take_turns_and_the_next_level_waits_for_their_failure() -> (
    None
):
    async def scenario() -> list[int]:
        peers = [Peer() for _ in range(3)]
        async with (
            listening(peers[0]) as a,
            listening(peers[1]) as b,
            listening(peers[2]) as c,
        ):
            first = tuple(SmtpHost("[127.0.0.1]", port) for port in (a, b))
            levels = (first, (SmtpHost("[127.0.0.1]", c),))
            settings = Settings(
                smtp_hosts=levels, max_smtp_out=1, max_msg_per_connection=1
            )
            chain = Chain(settings)
            chain.add(*(f"p{at}@example.test" for at in range(4)))
            await chain.deliver(4)
            return [peer.connections for peer in peers]

    assert asyncio.run(scenario()) == [2, 2, 0]
