"""The whole sink on real sockets: what it answers, sends back, opens and writes."""

import asyncio
import email
import email.policy
import json
import smtplib
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import pytest
from sink_world import Tracker, World, found, gif, idle, status

from sinyal.runtime import clock
from sinyal.runtime.smtp_client import Connection, open_connection
from sinyal.runtime.tls import client_context
from sinyal.sink.run import Options, Sink
from sinyal.smtp.reply import reply

Facts = list[dict[str, Any]]


def message(number: int, base: str = "http://127.0.0.1:1", links: int = 2) -> bytes:
    anchors = "".join(
        f'<a href="{base}/f/a/{number}-{n}" data-target="https://s.test/{n}">x</a>'
        for n in range(links)
    )
    return (
        f"Received: from t by m\r\nMessage-ID: <{number}@pmta.test>\r\n"
        "X-Sinyal-Copy: T0K3N\r\nSubject: Hi\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
        f'<body><img src="{base}/q/{number}-top">{anchors}'
        f'<img src="{base}/q/{number}-foot"></body>\r\n'
    ).encode()


class Stage:
    """A sink with an MTA behind it; `facts` is its ledger."""

    def __init__(self, path: Path, mta: World | None = None, **options: Any) -> None:
        self.mta = mta or World()
        self.ledger = path / "sink.ndjson"
        self._options = options

    async def __aenter__(self) -> "Stage":
        await self.mta.start()
        loopback = ("127.0.0.1", 0)
        chosen = {"speed": 1e9, "listen": loopback, "dns": loopback, "status": loopback}
        options = Options(
            report_to=("127.0.0.1", self.mta.port),
            ledger=self.ledger,
            **(chosen | self._options),
        )
        self.sink = Sink(options, clock.now)
        await self.sink.start()
        self.client = await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.quit()
        await self.sink.stop()
        self.mta.close()

    async def connect(self) -> Connection:
        client = await open_connection("127.0.0.1", self.sink.smtp_port)
        await client.hello("mta.test")
        return client

    async def send(
        self, label: str, content: bytes, sender: str = "b@pmta.test"
    ) -> int:
        replies = await self.client.send(sender, (f"a@{label}.sink.test",), content)
        refused = [one for one in replies.recipients if not one.is_positive]
        return (refused[0] if refused else replies.final or replies.data).code

    async def idle(self) -> dict[str, Any]:
        return await idle(self.sink.status_port)

    @property
    def facts(self) -> Facts:
        return [json.loads(line) for line in self.ledger.read_text().splitlines()]

    def count(self) -> Counter[str]:
        return Counter(fact["fact"] for fact in self.facts)


async def tracked(tracker: Tracker) -> str:
    await tracker.start()
    return f"http://127.0.0.1:{tracker.port}"


def route(path: str) -> bytes:
    if path.startswith("/q/"):
        return gif()
    return found("https://s.test/" + path.rpartition("-")[2])


def test_each_answer_is_a_fact_once_it_was_given(tmp_path):
    async def run() -> tuple[list[int], Facts]:
        async with Stage(tmp_path) as stage:
            labels = (
                "accept",
                "bounce",
                "block",
                *["defer"] * 4,
                "full",
                "code-451-4-3-0",
            )
            codes = [await stage.send(label, message(7)) for label in labels]
            said = await stage.idle()
            assert said["facts"]["deferred"] == 4
            return codes, stage.facts

    codes, facts = asyncio.run(run())
    assert [code // 100 for code in codes] == [2, 5, 5, 4, 4, 4, 2, 5, 4]
    told = ["accepted", "bounced", "bounced", *["deferred"] * 3, "accepted", "bounced"]
    assert [fact["fact"] for fact in facts] == [*told, "deferred"]
    assert facts[0]["message_id"] == "<7@pmta.test>"
    assert facts[2]["detail"]["reply"].startswith("55")
    assert [fact["at"] for fact in facts] == sorted(fact["at"] for fact in facts)


def test_mail_put_off_keeps_the_sink_from_being_idle(tmp_path):
    async def run() -> tuple[Any, Any]:
        async with Stage(tmp_path) as stage:
            await stage.send("defer", message(1))
            before = stage.sink.status()
            for _ in range(3):
                await stage.send("defer", message(1))
            return before, await stage.idle()

    before, after = asyncio.run(run())
    assert (before.is_idle, before.pending.put_off) == (False, 1)
    assert after["pending"] == {"reports": 0, "visits": 0, "put_off": 0}


def test_a_mail_without_its_end_is_no_fact(tmp_path):
    async def run() -> Facts:
        async with Stage(tmp_path) as stage:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", stage.sink.smtp_port
            )
            writer.write(
                b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@accept.sink.test>\r\nDATA\r\na"
            )
            await reader.readuntil(b"354")
            writer.transport.abort()
            await stage.send("accept", message(2))
            return stage.facts

    assert [fact["message_id"] for fact in asyncio.run(run())] == ["<2@pmta.test>"]


def test_a_reader_fetches_both_pixels_and_then_follows_a_link(tmp_path):
    async def run() -> tuple[Facts, list[tuple[str, str]]]:
        tracker = Tracker(route)
        base = await tracked(tracker)
        async with Stage(tmp_path) as stage:
            for number in range(60):
                await stage.send("openclick", message(number, base))
            await stage.idle()
            tracker.close()
            return stage.facts, tracker.seen

    facts, seen = asyncio.run(run())
    counts = Counter(fact["fact"] for fact in facts)
    assert counts["accepted"] == 60
    assert counts["initial_open"] == counts["open"] >= 60
    assert counts["click"] > 5
    assert counts["failed"] == 0
    paths = Counter(path.split("/")[1] for path, _ in seen)
    assert paths == {"q": counts["initial_open"] * 2, "f": counts["click"]}
    assert len({agent for _, agent in seen}) > 3
    assert all(
        fact["detail"]["location"].startswith("https://s.test/")
        for fact in facts
        if fact["fact"] == "click"
    )


def test_a_scanner_follows_every_link_and_opens_nothing(tmp_path):
    async def run() -> Counter[str]:
        tracker = Tracker(route)
        base = await tracked(tracker)
        async with Stage(tmp_path) as stage:
            await stage.send("bot", message(1, base, links=5))
            await stage.idle()
            tracker.close()
            return stage.count()

    assert asyncio.run(run()) == Counter(accepted=1, click=5)


@pytest.mark.parametrize(
    ("label", "answer", "why"),
    [
        ("openclick", status(404), "status 404"),
        ("bot", found("https://evil.test/"), "led elsewhere than https://s.test/0"),
        ("bot", gif(), "status 200"),
        ("openclick", b"garbage\r\n\r\n", "the answer was lost"),
    ],
)
def test_an_answer_that_is_not_the_right_one_is_told_as_failed(
    tmp_path, label, answer, why
):
    async def run() -> Facts:
        tracker = Tracker(lambda _: answer)
        base = await tracked(tracker)
        async with Stage(tmp_path) as stage:
            await stage.send(label, message(1, base, links=1))
            await stage.idle()
            tracker.close()
            return stage.facts

    accepted, *others = asyncio.run(run())
    assert accepted["fact"] == "accepted"
    assert {fact["fact"] for fact in others} == {"failed"}
    assert all(fact["detail"]["why"].startswith(why) for fact in others)


def test_a_tracker_that_is_overloaded_is_asked_again(tmp_path):
    answers = [status(503), status(429)]

    async def run() -> Counter[str]:
        tracker = Tracker(lambda path: answers.pop() if answers else route(path))
        base = await tracked(tracker)
        async with Stage(tmp_path) as stage:
            await stage.send("prefetch", message(1, base))
            await stage.idle()
            tracker.close()
            return stage.count()

    assert asyncio.run(run()) == Counter(accepted=1, initial_open=1, open=1)


def test_no_host_is_visited_that_is_not_named(tmp_path):
    async def run() -> Facts:
        async with Stage(tmp_path) as stage:
            await stage.send("openclick", message(1, "http://192.0.2.1"))
            await stage.idle()
            return stage.facts

    facts = asyncio.run(run())
    assert facts[1]["detail"]["why"] == "0 pixels, not 2"


def test_a_late_bounce_returns_the_header_to_the_return_path(tmp_path):
    async def run() -> tuple[Facts, World]:
        async with Stage(tmp_path) as stage:
            for number in range(3):
                await stage.send("oob", message(number))
            await stage.idle()
            return stage.facts, stage.mta

    facts, mta = asyncio.run(run())
    assert Counter(fact["fact"] for fact in facts) == {"accepted": 3, "oob_sent": 3}
    assert mta.connections == 1
    assert [(sender, rcpts) for sender, rcpts, _ in mta.taken] == [
        ("", ["b@pmta.test"])
    ] * 3
    report = email.message_from_bytes(mta.taken[0][2], policy=email.policy.default)
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    _, delivery, returned = report.iter_parts()
    _, per_rcpt = delivery.get_payload()
    assert per_rcpt["Final-Recipient"] == "rfc822;a@oob.sink.test"
    assert per_rcpt["Action"] == "failed"
    assert per_rcpt["Status"].startswith("5.")
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "X-Sinyal-Copy: T0K3N" in returned.get_content()
    assert "<body>" not in returned.get_content()


def test_a_complaint_carries_the_whole_mail_to_the_feedback_address(tmp_path):
    async def run() -> tuple[Facts, World]:
        async with Stage(tmp_path, fbl_address="fbl@fbl.test") as stage:
            await stage.send("fbl", message(4))
            await stage.idle()
            return stage.facts, stage.mta

    facts, mta = asyncio.run(run())
    assert [fact["fact"] for fact in facts] == ["accepted", "fbl_sent"]
    ((_, rcpts, content),) = mta.taken
    assert rcpts == ["fbl@fbl.test"]
    report = email.message_from_bytes(content, policy=email.policy.default)
    assert report.get_param("report-type") == "feedback-report"
    _, feedback, original = report.iter_parts()
    told = feedback.get_payload()[0] if feedback.is_multipart() else None
    text = told.as_string() if told else feedback.get_payload()
    assert "Feedback-Type: abuse" in text
    assert "a@fbl.sink.test" in text
    assert original.get_payload()[0]["Message-ID"] == "<4@pmta.test>"


def test_a_report_put_off_is_sent_again_and_a_refused_one_failed(tmp_path):
    world = World(reply(451, "4.3.0 later"), reply(421, "4.3.2 bye"))

    async def run() -> Facts:
        async with Stage(tmp_path, world) as stage:
            await stage.send("oob", message(1))
            await stage.idle()
            world.first.append(reply(550, "5.7.1 no reports"))
            await stage.send("fbl", message(2))
            await stage.send("oob", message(3), sender="")
            await stage.idle()
            return stage.facts

    facts = asyncio.run(run())
    sent, refused, pathless = (f for f in facts if f["fact"] != "accepted")
    assert (sent["fact"], sent["detail"]["attempts"]) == ("oob_sent", "3")
    assert refused["detail"]["why"] == "550 5.7.1 no reports"
    assert pathless["detail"]["why"] == "no return path"


LABELS = ("accept", "not-gmail", "not-telkom", "not-yahoo", "openclick", "block")


async def feed(client: Connection, work: Iterator[int], base: str) -> None:
    """Send each number until it is answered for good."""
    for number in work:
        rcpt = (f"p{number}@{LABELS[number % 6]}.sink.test",)
        said = await client.send("b@p.test", rcpt, message(number, base))
        while (said.final or said.data).is_transient:
            said = await client.send("b@p.test", rcpt, message(number, base))


def test_the_same_seed_gives_the_same_facts_at_any_concurrency(tmp_path):
    async def run(connections: int) -> Counter[tuple[str, str]]:
        tracker = Tracker(route)
        base = await tracked(tracker)
        async with Stage(tmp_path / str(connections), seed=9) as stage:
            clients = [await stage.connect() for _ in range(connections)]
            work = iter(range(240))
            await asyncio.gather(*(feed(client, work, base) for client in clients))
            await stage.idle()
            tracker.close()
            for client in clients:
                await client.quit()
            return Counter((fact["fact"], fact["rcpt"]) for fact in stage.facts)

    alone, crowded = asyncio.run(run(1)), asyncio.run(run(16))
    assert alone == crowded
    assert Counter(name for name, _ in alone.elements()) == Counter(
        accepted=198, bounced=42, deferred=15, initial_open=97, open=97, click=17
    )


def test_the_certificate_is_good_enough_for_opportunistic_tls(tmp_path):
    async def run() -> tuple[str, Facts]:
        async with Stage(tmp_path) as stage:
            client = await stage.connect()
            assert (await client.starttls(client_context(verify=False))).code == 220
            await client.hello("mta.test")
            assert "STARTTLS" not in client.extensions
            await client.send("b@p.test", ("a@accept.sink.test",), message(1))
            await client.quit()
            return client.tls_protocol, stage.facts

    protocol, facts = asyncio.run(run())
    assert protocol == "TLSv1.3"
    assert [fact["fact"] for fact in facts] == ["accepted"]


def test_an_outside_client_gets_along_with_it(tmp_path):
    def talk(port: int) -> dict[str, tuple[int, bytes]]:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.starttls(context=context)
            rcpts = ["a@accept.sink.test", "b@bounce.sink.test", "c@block.sink.test"]
            refused: dict[str, tuple[int, bytes]] = client.sendmail(
                "", rcpts, message(1)
            )
            return refused

    async def run() -> tuple[dict[str, tuple[int, bytes]], Counter[str]]:
        async with Stage(tmp_path) as stage:
            refused = await asyncio.to_thread(talk, stage.sink.smtp_port)
            return refused, stage.count()

    refused, counts = asyncio.run(run())
    assert {rcpt: code for rcpt, (code, _) in refused.items()} == {
        "b@bounce.sink.test": 550,
        "c@block.sink.test": 452,
    }
    assert counts == Counter(accepted=1, bounced=1, deferred=1)


def test_the_zone_is_asked_over_udp(tmp_path):
    async def run() -> str:
        async with Stage(tmp_path) as stage:
            query = dns.message.make_query("oob.sink.test", "MX")
            answer = await dns.asyncquery.udp(
                query, "127.0.0.1", port=stage.sink.dns_port, timeout=5
            )
            return str(answer.answer[0][0])

    assert asyncio.run(run()) == "10 mx.oob.sink.test."
