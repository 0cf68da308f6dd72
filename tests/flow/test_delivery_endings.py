"""Where a transfer breaks off, what a 421 or 553 is told as, when a connection ends."""

import asyncio

import pytest
from delivery_peer import (
    CONTENT,
    DROP,
    SILENT,
    Chain,
    Peer,
    Settings,
    dns_stub,
    listening,
    verdicts,
)

from sinyal.config.vocabulary import SmtpHost
from sinyal.events.outcome import Outcome, Verdict
from sinyal.events.record import of_outcome

BOUNCED, DEFERRED, DELIVERED = Verdict.BOUNCED, Verdict.DEFERRED, Verdict.DELIVERED
PIX = "220 " + "*" * 20


def to(port: int, **settings: object) -> Settings:
    hosts = ((SmtpHost("[127.0.0.1]", port),),)
    return Settings(smtp_hosts=hosts, **settings)  # type: ignore[arg-type]


async def deliver(peer: Peer, count: int = 1, **settings: object) -> list[Outcome]:
    async with listening(peer) as port:
        chain = Chain(to(port, max_smtp_out=1, **settings))
        chain.add(*(f"p{at}@example.test" for at in range(count)))
        return await chain.deliver(count)


def one(peer: Peer, **settings: object) -> Outcome:
    return asyncio.run(deliver(peer, **settings))[0]


def test_content_without_a_reply_is_tried_again() -> None:
    outcome = one(Peer({"final": SILENT}), smtp_data_termination_timeout=0.05)
    assert outcome.verdict is DEFERRED


def test_content_without_a_reply_counts_as_delivered_where_that_is_assumed() -> None:
    outcome = one(
        Peer({"final": SILENT}),
        smtp_data_termination_timeout=0.05,
        assume_delivery_upon_data_termination_timeout=True,
    )
    assert outcome.verdict is DELIVERED
    assert outcome.is_local and "assumed delivered" in str(outcome.reply)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_silence_before_the_content_is_never_a_delivery(stage: str) -> None:
    outcome = one(
        Peer({stage: SILENT}, extensions=()),
        smtp_greeting_timeout=0.05,
        assume_delivery_upon_data_termination_timeout=True,
    )
    assert outcome.verdict is DEFERRED


def test_a_connection_lost_behind_the_content_is_no_delivery() -> None:
    outcome = one(
        Peer({"final": DROP}), assume_delivery_upon_data_termination_timeout=True
    )
    assert outcome.verdict is DEFERRED


def test_a_broken_transfer_bounces_where_that_is_asked_for() -> None:
    outcome = one(Peer({"final": DROP}), bounce_upon_transfer_failure=True)
    assert (outcome.verdict, outcome.reply.enhanced) == (BOUNCED, "5.4.2")
    early = one(Peer({"RCPT": DROP}), bounce_upon_transfer_failure=True)
    assert early.verdict is DEFERRED


@pytest.mark.parametrize(("greeting", "verdict"), [(PIX, BOUNCED), ("220 a", DEFERRED)])
def test_behind_a_pix_firewall_only_it_bounces(greeting: str, verdict: Verdict) -> None:
    peer = Peer({"final": DROP, "greeting": greeting})
    assert one(peer, bounce_upon_pix_transfer_failure=True).verdict is verdict


def test_content_arrives_whole_though_its_last_dot_travels_alone() -> None:
    peer = Peer({"greeting": PIX})
    assert one(peer).verdict is DELIVERED
    assert peer.mails[0][2] == CONTENT


def test_a_peer_that_takes_no_content_is_given_up_after_data_send_timeout() -> None:
    async def scenario() -> Outcome:
        async def serve(reader: asyncio.StreamReader, writer) -> None:
            writer.write(b"220 hi\r\n")
            for said in (b"250 hi", b"250 ok", b"250 ok", b"354 go"):
                await reader.readline()
                writer.write(said + b"\r\n")
            reader._transport.pause_reading()  # type: ignore[attr-defined]

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = to(port, data_send_timeout=0.1, bounce_upon_transfer_failure=True)
        content = b"X: y\r\n\r\n" + b"salam\r\n" * 4_000_000
        chain = Chain(settings, compose=lambda entry: content)
        chain.add("ani@example.test")
        (outcome,) = await chain.deliver(1)
        server.close()
        return outcome

    outcome = asyncio.run(scenario())
    assert outcome.verdict is BOUNCED
    assert "ETIMEDOUT" in str(outcome.reply)


def test_large_content_arrives_octet_for_octet() -> None:
    async def scenario() -> bytes:
        peer = Peer(extensions=())
        content = b"X: y\r\n\r\n" + b"selamat pagi\r\n" * 4000
        async with listening(peer) as port:
            chain = Chain(to(port), compose=lambda entry: content)
            chain.add("ani@example.test")
            await chain.deliver(1)
        assert peer.mails[0][2] == content
        return content

    asyncio.run(scenario())


def test_a_reply_of_several_lines_has_a_time_of_its_own() -> None:
    async def scenario() -> Outcome:
        async def serve(reader: asyncio.StreamReader, writer) -> None:
            writer.write(b"220-hi\r\n")
            await reader.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        chain = Chain(to(port, smtp_multiple_line_response_timeout=0.05))
        chain.add("ani@example.test")
        (outcome,) = await chain.deliver(1, within_s=4.0)
        server.close()
        return outcome

    assert "ETIMEDOUT" in str(asyncio.run(scenario()).reply)


def stern(**script: str) -> Peer:
    return Peer({"DATA": "503 no", **script}, extensions=())  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("said", "is_meant", "status"),
    [
        ("553 sorry", True, "5.1.1"),
        ("553 sorry", False, "5.0.0"),
        ("553 5.7.1 sorry", True, "5.7.1"),
        ("550 sorry", True, "5.0.0"),
    ],
)
def test_a_553_to_a_recipient_is_an_invalid_mailbox(
    said: str, is_meant: bool, status: str
) -> None:
    outcome = one(stern(RCPT=said), smtp_553_means_invalid_mailbox=is_meant)
    (record,) = of_outcome(outcome)
    assert record.dsn_status.split()[0] == status
    assert record.dsn_diag == f"smtp;{said}"


def test_a_553_to_a_sender_is_none() -> None:
    (record,) = of_outcome(one(stern(MAIL="553 sorry")))
    assert record.dsn_status.startswith("5.0.0")


@pytest.mark.parametrize("stage", ["greeting", "MAIL"])
def test_the_text_of_a_421_is_replaced_and_rules_see_the_original(stage: str) -> None:
    async def scenario() -> Chain:
        async with listening(stern(**{stage: "421 4.7.0 your address is bad"})) as port:
            settings = to(port, replace_smtp_421_service_response=True)
            chain = Chain(settings, rules=["/address is bad/ mode=backoff"])
            chain.add("ani@example.test")
            await chain.deliver(1)
            return chain

    chain = asyncio.run(scenario())
    assert str(chain.outcomes[0].reply) == "421 4.3.2 service unavailable"
    assert len(chain.queues.backoffs()) == 1


def test_a_connection_ends_after_so_many_refused_recipients() -> None:
    peer = stern(RCPT="550 5.1.1 nobody")
    asyncio.run(deliver(peer, 6, max_errors_per_connection=2))
    assert peer.connections == 3


def test_without_max_errors_per_connection_one_connection_does() -> None:
    peer = stern(RCPT="550 5.1.1 nobody")
    asyncio.run(deliver(peer, 6))
    assert peer.connections == 1


def test_only_so_many_hosts_are_tried_for_a_connection() -> None:
    async def scenario() -> tuple[int, int]:
        peers = [stern(greeting="421 no") for _ in range(3)]
        async with (
            listening(peers[0]) as a,
            listening(peers[1]) as b,
            listening(peers[2]) as c,
        ):
            hosts = tuple((SmtpHost("[127.0.0.1]", port),) for port in (a, b, c))
            chain = Chain(Settings(smtp_hosts=hosts, mx_connection_attempts=2))
            chain.add("ani@example.test")
            await chain.deliver(1)
        return sum(peer.connections for peer in peers), len(peers)

    assert asyncio.run(scenario()) == (2, 3)


def test_after_a_failure_of_the_dns_a_queue_waits_for_retry_after_dns_error() -> None:
    async def scenario() -> float:
        async with dns_stub({("example.test", "MX"): 2}) as stub:
            chain = Chain(
                Settings(retry_after=(999.0,), retry_after_dns_error=20.0), stub.port
            )
            chain.add("ani@example.test")
            (outcome,) = await chain.deliver(1)
            (status,) = chain.queues.status()
            return status.retry_at - outcome.at

    assert 15 < asyncio.run(scenario()) <= 20


@pytest.mark.parametrize(("age_s", "verdict"), [(7200.0, BOUNCED), (60.0, DEFERRED)])
def test_without_mx_and_without_an_answer_only_old_mail_bounces(
    age_s: float, verdict: Verdict
) -> None:
    async def scenario() -> list[Outcome]:
        zone = {("example.test", "A"): ["127.0.0.77"]}
        async with dns_stub(zone) as stub:  # type: ignore[arg-type]
            chain = Chain(
                Settings(bounce_upon_no_mx=3600.0, default_smtp_port=1), stub.port
            )
            chain.add("ani@example.test", age_s=age_s)
            return await chain.deliver(1)

    (found,) = verdicts(asyncio.run(scenario()))
    assert found[0] is verdict


def test_without_mx_young_mail_goes_to_the_domains_own_address() -> None:
    async def scenario() -> list[Outcome]:
        zone = {("example.test", "A"): ["127.0.0.78"]}
        async with (
            dns_stub(zone) as stub,  # type: ignore[arg-type]
            listening(Peer(), "127.0.0.78") as port,
        ):
            chain = Chain(
                Settings(bounce_upon_no_mx=3600.0, default_smtp_port=port), stub.port
            )
            chain.add("ani@example.test", age_s=7200.0)
            return await chain.deliver(1)

    assert verdicts(asyncio.run(scenario())) == [(DELIVERED, 250)]
