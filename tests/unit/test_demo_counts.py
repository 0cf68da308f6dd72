import json
import socket
from collections import Counter
from pathlib import Path

import pytest

from sinyal.demo.counters import COUNTERS, WITNESSES, Count, reconcile
from sinyal.demo.site import Ports, _free, prepare
from sinyal.demo.survival import survival
from sinyal.demo.witnesses import (
    Sighting,
    accounting,
    acknowledged,
    ledgers,
    tally,
)


def agreeing(campaign: str = "OTP", times: int = 3) -> dict[str, Count]:
    return {
        witness: Counter({
            (word, campaign): times
            for fact in COUNTERS
            if (word := getattr(fact, witness))
        })
        for witness in WITNESSES
    }


def test_witnesses_that_agree_leave_no_difference() -> None:
    lines = reconcile(agreeing())

    assert [line.difference for line in lines] == [0] * len(COUNTERS)
    assert {line.ledger for line in lines} == {3}


KEPT = [
    (fact, witness)
    for fact in COUNTERS
    for witness in WITNESSES
    if getattr(fact, witness)
]


@pytest.mark.parametrize(("fact", "witness"), KEPT)
def test_one_missing_fact_of_any_witness_is_a_difference(fact, witness) -> None:
    counts = agreeing()
    counts[witness][getattr(fact, witness), "OTP"] -= 1

    apart = {line.title: line.difference for line in reconcile(counts)}

    assert apart.pop(fact.title) == 1
    assert not any(apart.values())


def test_equal_totals_of_other_campaigns_are_still_a_difference() -> None:
    counts = agreeing("OTP")
    counts["metric"] = agreeing("newsletter")["metric"]

    assert reconcile(counts)[0].difference == 6


def test_a_witness_without_such_a_fact_shows_none_in_its_place() -> None:
    clicks = reconcile(agreeing())[-1]

    assert clicks.title == "clicks"
    assert clicks.accounting is None


def sightings(word: str, *rcpts: str) -> list[Sighting]:
    return [Sighting(word, "OTP", rcpt) for rcpt in rcpts]


def test_a_message_that_one_witness_misses_is_lost() -> None:
    sent = dict.fromkeys(("a", "b", "c"), "OTP")

    found = survival(
        sent,
        sightings("accepted", "a", "b") + sightings("bounced", "c"),
        sightings("d", "a") + sightings("b", "c"),
        sightings("delivery", "a", "b") + sightings("bounce", "c"),
    )

    assert (found.at_sink, found.in_accounting, found.in_store) == (3, 2, 3)
    assert found.lost == 1


def test_a_second_delivery_counts_as_twice_and_not_as_lost() -> None:
    found = survival(
        {"a": "OTP"},
        sightings("accepted", "a", "a"),
        sightings("d", "a"),
        sightings("delivery", "a"),
    )

    assert (found.twice, found.lost) == (1, 0)


def test_a_deferred_message_has_not_ended() -> None:
    found = survival(
        {"a": "OTP"},
        sightings("deferred", "a"),
        sightings("t", "a"),
        sightings("delay", "a"),
    )

    assert found.lost == 1


def write_lines(path: Path, *rows: dict[str, object], torn: str = "") -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + torn)
    return path


def test_a_line_that_is_still_being_written_is_left_for_the_next_look(tmp_path) -> None:
    traffic = write_lines(
        tmp_path / "traffic", {"rcpt": "A@x.test", "job": "OTP"}, torn='{"rcpt":'
    )

    assert acknowledged(traffic) == {"a@x.test": "OTP"}


def test_a_fact_of_the_sink_belongs_to_the_campaign_of_its_recipient(tmp_path) -> None:
    traffic = write_lines(tmp_path / "traffic", {"rcpt": "a@x.test", "job": "OTP"})
    sink = write_lines(tmp_path / "sink", {"fact": "accepted", "rcpt": "a@x.test"})

    assert tally(ledgers(traffic, sink)) == {
        ("injected", "OTP"): 1,
        ("accepted", "OTP"): 1,
    }


def test_a_remote_bounce_without_job_takes_the_campaign_of_its_recipient(
    tmp_path,
) -> None:
    (tmp_path / "acct-2026-11-22-0000.csv").write_text(
        "type,rcpt,jobId\r\nd,a@x.test,OTP\r\nrb,a@x.test,\r\n"
    )

    seen = tally(accounting(tmp_path, {"a@x.test": "OTP"}))

    assert seen == {("d", "OTP"): 1, ("rb", "OTP"): 1}


def test_other_ports_replace_those_of_the_example_and_nothing_else(tmp_path) -> None:
    usual = prepare(tmp_path / "usual", Ports())
    moved = prepare(tmp_path / "moved", Ports(submission=40001, dns=40002))

    text = moved.configuration.read_text()

    assert "127.0.0.1:40001" in text
    assert "127.0.0.1:40002" in text
    back = text.replace("40001", "2587").replace("40002", "2553")
    assert back == usual.configuration.read_text()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_something_holds_is_left_to_it(kind) -> None:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            held.listen()
        taken = held.getsockname()[1]

        assert _free(taken) != taken
