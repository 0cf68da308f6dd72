"""One peer, one transaction at a time: every reply at every stage."""

import asyncio

import pytest
from delivery_peer import (
    CONTENT,
    DROP,
    SILENT,
    Chain,
    Peer,
    Script,
    Settings,
    listening,
    self_signed,
    verdicts,
)

from sinyal.config.vocabulary import SmtpHost
from sinyal.delivery import run
from sinyal.events.outcome import Outcome, Verdict

BOUNCED, DEFERRED, DELIVERED = Verdict.BOUNCED, Verdict.DEFERRED, Verdict.DELIVERED


def to(port: int, **settings: object) -> Settings:
    return Settings(
        smtp_hosts=((SmtpHost("[127.0.0.1]", port),),),
        **settings,  # type: ignore[arg-type]
    )


async def deliver_one(peer: Peer, **settings: object) -> Outcome:
    async with listening(peer) as port:
        chain = Chain(to(port, **settings))
        chain.add("ani@example.test")
        (outcome,) = await chain.deliver(1)
    return outcome


def test_an_address_of_another_script_bounces_where_smtputf8_is_not_offered() -> None:
    async def go() -> Outcome:
        async with listening(Peer()) as port:
            chain = Chain(to(port))
            chain.add("büro@example.test")
            (outcome,) = await chain.deliver(1)
        return outcome

    outcome = asyncio.run(go())
    assert outcome.verdict is BOUNCED
    assert str(outcome.reply).startswith("553 5.6.7 ")


def test_a_message_is_delivered_as_it_was_composed() -> None:
    peer = Peer()
    outcome = asyncio.run(deliver_one(peer))
    assert outcome.verdict is DELIVERED
    assert str(outcome.reply) == "250 ok"
    assert peer.mails == [("from@sender.test", "ani@example.test", CONTENT, False)]
    assert (outcome.remote_ip, outcome.source_ip) == ("127.0.0.1", "127.0.0.1")
    assert outcome.size_octets == len(CONTENT)
    assert outcome.extensions == ("PIPELINING", "SIZE")
    assert not outcome.is_local


STAGES = ("MAIL", "RCPT", "DATA", "final")


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("said", "verdict"),
    [("452 4.2.2 full", DEFERRED), ("550 5.1.1 unknown", BOUNCED)],
)
def test_a_refusal_at_any_stage_decides(
    stage: str, said: str, verdict: Verdict, extensions: tuple[str, ...]
) -> None:
    script: Script = {stage: said}
    if stage in {"MAIL", "RCPT"}:
        script["DATA"] = "503 5.5.1 bad sequence"
    outcome = asyncio.run(deliver_one(Peer(script, extensions=extensions)))
    assert outcome.verdict is verdict
    assert str(outcome.reply) == said


@pytest.mark.parametrize("stage", STAGES)
def test_a_disconnect_at_any_stage_defers(stage: str) -> None:
    outcome = asyncio.run(deliver_one(Peer({stage: DROP})))
    assert outcome.verdict is DEFERRED
    assert outcome.is_local
    assert outcome.reply.enhanced == "4.4.2"
    assert "EDISCON in connection to" in outcome.reply.text


@pytest.mark.parametrize("stage", [*STAGES, "greeting"])
def test_a_421_defers(stage: str) -> None:
    script: Script = {"DATA": "503 5.5.1 bad sequence", stage: "421 4.3.2 closing"}
    if stage == "final":
        del script["DATA"]
    outcome = asyncio.run(deliver_one(Peer(script)))
    assert (outcome.verdict, outcome.reply.code) == (DEFERRED, 421)
    assert not outcome.is_local


def test_after_a_421_the_connection_is_reused_when_rset_is_answered() -> None:
    async def go() -> None:
        peer = Peer({
            "RCPT": ["421 4.2.1 later", "250 ok"],
            "DATA": ["503 5.5.1 bad sequence", "354 go"],
        })
        async with listening(peer) as port:
            chain = Chain(to(port, max_smtp_out=1))
            chain.add("a@example.test", "b@example.test")
            outcomes = await chain.deliver(2)
        assert verdicts(outcomes) == [(DEFERRED, 421), (DELIVERED, 250)]
        assert peer.connections == 1

    asyncio.run(go())


@pytest.mark.parametrize(("is_final", "verdict"), [(True, BOUNCED), (False, DEFERRED)])
def test_a_554_greeting_bounces_the_whole_queue_unless_told_otherwise(
    is_final: bool, verdict: Verdict
) -> None:
    async def go() -> None:
        peer = Peer({"greeting": "554 5.7.1 go away"})
        count = 5 if is_final else 1
        async with listening(peer) as port:
            settings = to(port, max_smtp_out=1, bounce_upon_5xx_greeting=is_final)
            chain = Chain(settings)
            chain.add(*(f"r{at}@example.test" for at in range(5)))
            outcomes = await chain.deliver(count)
        assert verdicts(outcomes) == [(verdict, 554)] * count
        assert peer.connections == 1

    asyncio.run(go())


def test_one_connection_serves_the_whole_queue() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(to(port, max_smtp_out=1))
            chain.add(*(f"r{at}@example.test" for at in range(300)))
            outcomes = await chain.deliver(300)
        assert verdicts(outcomes) == [(DELIVERED, 250)] * 300
        assert peer.connections == 1
        assert [mail[1] for mail in peer.mails] == [
            f"r{at}@example.test" for at in range(300)
        ]

    asyncio.run(go())


def test_a_connection_ends_after_its_number_of_messages() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(to(port, max_smtp_out=1, max_msg_per_connection=10))
            chain.add(*(f"r{at}@example.test" for at in range(95)))
            await chain.deliver(95)
        assert peer.connections == 10
        assert peer.commands.count("QUIT") >= 9

    asyncio.run(go())


def test_never_more_connections_than_allowed() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(to(port, max_smtp_out=3))
            chain.add(*(f"r{at}@example.test" for at in range(200)))
            await chain.deliver(200)
        assert peer.most_open == 3

    asyncio.run(go())


def test_an_idle_connection_takes_the_mail_that_comes_in_time() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(to(port, connection_idle_timeout=5.0))
            chain.add("a@example.test")

            def add_another(outcome: Outcome) -> None:
                if chain.added < 4:
                    loop = asyncio.get_running_loop()
                    loop.call_later(0.02, chain.add, f"r{chain.added}@example.test")

            chain.after = add_another
            await chain.deliver(4)
        assert peer.connections == 1

    asyncio.run(go())


def test_an_idle_connection_is_closed_after_its_time() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(to(port, connection_idle_timeout=0.05))
            chain.add("a@example.test")
            stop = asyncio.Event()
            running = asyncio.create_task(run(chain.courier, stop))
            async with asyncio.timeout(5):
                await peer.quitted.wait()
            stop.set()
            await running
        assert len(peer.mails) == 1

    asyncio.run(go())


def test_a_self_signed_certificate_serves_opportunistic_tls(tmp_path) -> None:
    peer = Peer(tls=self_signed(tmp_path))
    outcome = asyncio.run(deliver_one(peer))
    assert outcome.verdict is DELIVERED
    assert outcome.tls_protocol.startswith("TLSv1")
    assert peer.mails[0][3]


@pytest.mark.parametrize("said", ["454 4.7.0 not now", "220 but no TLS follows"])
def test_failing_tls_falls_back_to_plain_text(said: str) -> None:
    peer = Peer({"STARTTLS": said}, extensions=("STARTTLS", "PIPELINING"))
    outcome = asyncio.run(deliver_one(peer))
    assert outcome.verdict is DELIVERED
    assert not outcome.tls_protocol
    assert len(peer.mails) == 1


@pytest.mark.parametrize("extensions", [("STARTTLS",), ()])
def test_nothing_goes_out_in_the_clear_when_tls_is_required(
    extensions: tuple[str, ...],
) -> None:
    peer = Peer({"STARTTLS": "220 but no TLS"}, extensions=extensions)
    outcome = asyncio.run(deliver_one(peer, require_starttls=True))
    assert outcome.verdict is DEFERRED
    assert outcome.reply.text.startswith("4.7.0 require-starttls")
    assert not peer.mails


def test_a_refused_connection_puts_the_queue_in_retry_mode() -> None:
    async def go() -> None:
        async with listening(Peer()) as port:
            pass
        chain = Chain(to(port, max_smtp_out=1))
        chain.add("a@example.test", "b@example.test")
        (outcome,) = await chain.deliver(1)
        assert outcome.verdict is DEFERRED
        assert outcome.reply.text.startswith("4.4.1 ECONNREFUSED connecting to")
        (status,) = chain.queues.status()
        assert status.entries == 2
        assert status.retry_at > 0
        assert outcome.entry.attempts == 1

    asyncio.run(go())


def test_a_peer_that_always_hangs_up_is_not_called_again_at_once() -> None:
    async def go() -> None:
        peer = Peer({"MAIL": DROP})
        async with listening(peer) as port:
            chain = Chain(to(port, max_smtp_out=1))
            chain.add(*(f"r{at}@example.test" for at in range(50)))
            await chain.deliver(1)
            await asyncio.sleep(0)
        assert peer.connections == 1

    asyncio.run(go())


def test_an_address_that_cannot_be_written_bounces() -> None:
    async def go() -> None:
        peer = Peer()
        async with listening(peer) as port:
            chain = Chain(to(port, max_smtp_out=1))
            chain.add("a>b\r\nRSET@example.test", "b@example.test")
            outcomes = await chain.deliver(2)
        assert [one.verdict for one in outcomes] == [BOUNCED, DELIVERED]
        assert outcomes[0].reply.enhanced == "5.1.3"
        assert len(peer.mails) == 1

    asyncio.run(go())


def test_content_that_cannot_be_read_defers_its_message_alone() -> None:
    def compose(entry) -> bytes:
        if entry.spool_id == 1:
            raise OSError("disk")
        return CONTENT

    async def go() -> None:
        async with listening(Peer()) as port:
            chain = Chain(to(port, max_smtp_out=1), compose=compose)
            chain.add("a@example.test", "b@example.test")
            outcomes = await chain.deliver(2)
        assert [one.verdict for one in outcomes] == [DEFERRED, DELIVERED]
        assert outcomes[0].reply.enhanced == "4.3.0"

    asyncio.run(go())


def test_what_is_older_than_bounce_after_bounces() -> None:
    async def go() -> None:
        chain = Chain(Settings(bounce_after=100.0))
        chain.add("a@example.test", "b@example.test", age_s=101.0)
        outcomes = await chain.deliver(2)
        assert [one.reply.enhanced for one in outcomes] == ["5.4.7", "5.4.7"]
        assert all(one.is_local and one.verdict is BOUNCED for one in outcomes)

    asyncio.run(go())


@pytest.mark.parametrize(("grace_s", "delivered"), [(5.0, 1), (0.01, 0)])
def test_a_stop_gives_a_transaction_a_bounded_time(
    grace_s: float, delivered: int
) -> None:
    async def go() -> None:
        peer = Peer({"final": SILENT})
        async with listening(peer) as port:
            chain = Chain(to(port))
            stop = asyncio.Event()
            running = asyncio.create_task(run(chain.courier, stop, grace_s))
            chain.add("a@example.test", "b@example.test")
            await peer.reached.wait()
            stop.set()
            if delivered:
                asyncio.get_running_loop().call_later(0.05, peer.release.set)
            async with asyncio.timeout(5):
                await running
        assert bool(chain.outcomes) == bool(delivered)

    asyncio.run(go())
