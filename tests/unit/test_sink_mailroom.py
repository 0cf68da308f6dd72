"""What the sink answers, and what it remembers: only mail that it has put off."""

import random

import pytest

from sinyal.sink.attempts import Attempts
from sinyal.sink.decide import decide
from sinyal.sink.mail import Mail, received
from sinyal.sink.mailroom import Mailroom

NOW = 1_772_615_720.0


def mailroom(seed: int = 1, speed: float = 60.0) -> Mailroom:
    return Mailroom(seed, speed, 5.0, lambda: NOW)


def mail(number: int = 1, at: float = NOW) -> Mail:
    content = b"Message-ID: <%d@x>\r\nX-Job: OTP\r\n\r\nHi\r\n" % number
    return received("b@pmta.test", content, "127.0.0.1", at)


def test_a_mail_is_known_by_its_message_id_and_job():
    assert mail(7).message_id == "<7@x>"
    assert mail(7).job == "OTP"
    assert received("", b"\r\nno header", "", NOW).message_id == ""


def test_defer_is_refused_three_times_and_then_taken():
    room, rcpt = mailroom(), ["a@defer.sink.test"]
    codes = [room.at_data(mail(), rcpt).reply.code for _ in range(4)]
    assert [code // 100 for code in codes] == [4, 4, 4, 2]
    assert len(room.attempts) == 0


def test_two_messages_to_one_deferring_address_are_counted_apart():
    room, rcpt = mailroom(), ["a@defer.sink.test"]
    room.at_data(mail(1), rcpt)
    assert [room.at_data(mail(2), rcpt).reply.code // 100 for _ in range(4)] == [
        4,
        4,
        4,
        2,
    ]
    assert len(room.attempts) == 1


def test_grey_is_refused_until_its_minute_has_passed():
    room, rcpt = mailroom(speed=60.0), ["a@grey.sink.test"]
    at = (NOW, NOW + 0.5, NOW + 1.1)
    assert [room.at_data(mail(1, now), rcpt).reply.code for now in at] == [
        451,
        451,
        250,
    ]


@pytest.mark.parametrize(
    ("label", "fact", "follows"),
    [
        ("accept", "accepted", 0),
        ("openclick", "accepted", 1),
        ("oob", "accepted", 1),
        ("block", "bounced", 0),
        ("defer", "deferred", 0),
    ],
)
def test_an_answer_carries_the_fact_that_it_makes_true(label, fact, follows):
    answer = mailroom().at_data(mail(), [f"a@{label}.sink.test"])
    (noted,) = answer.facts
    assert (noted.fact, noted.message_id, noted.job) == (fact, "<1@x>", "OTP")
    assert noted.rcpt == f"a@{label}.sink.test"
    assert len(answer.sequels) == follows


def test_a_refusal_at_rcpt_is_a_fact_without_a_message():
    answer = mailroom().at_rcpt("a@bounce.sink.test", [])
    (noted,) = answer.facts
    assert (noted.fact, noted.message_id) == ("bounced", "")
    assert noted.detail["reply"].startswith("550 5.")


def test_recipients_with_opinions_about_the_mail_must_come_alone():
    room = mailroom()
    assert room.at_rcpt("a@defer.sink.test", []).reply.code == 250
    late = room.at_rcpt("b@accept.sink.test", ["a@defer.sink.test"])
    assert late.reply.code == 452
    assert [fact.fact for fact in late.facts] == ["deferred"]


def test_recipients_that_accept_whatever_comes_share_a_mail():
    room, rcpts = mailroom(), ["a@accept.sink.test", "b@oob.sink.test"]
    assert room.at_rcpt(rcpts[1], rcpts[:1]).reply.code == 250
    answer = room.at_data(mail(), rcpts)
    assert [fact.rcpt for fact in answer.facts] == rcpts
    assert [sequel.rcpt for sequel in answer.sequels] == rcpts[1:]


def test_the_order_of_arrival_decides_nothing():
    labels = ("not-gmail", "not-telkom", "not-corp", "openclick", "defer", "block")
    batch = [(n, [f"p{n}@{labels[n % 6]}.sink.test"]) for n in range(600)]
    shuffled = random.Random(5).sample(batch, len(batch))

    def answers(order: list[tuple[int, list[str]]]) -> dict[int, object]:
        room = mailroom()
        return {n: room.at_data(mail(n), rcpt) for n, rcpt in order}

    assert answers(batch) == answers(shuffled)


def test_the_memory_of_mail_put_off_is_bounded():
    attempts = Attempts(most=10)
    decision = decide(1, "<1@x>", "a@defer.sink.test")
    for number in range(50):
        assert attempts.puts_off((f"<{number}@x>", "a"), decision, NOW, 1.0)
    assert len(attempts) == 10


def test_a_slow_recipient_is_answered_late_but_never_later_than_allowed():
    assert 0 < mailroom().at_data(mail(), ["a@slow.sink.test"]).wait_s < 1
    assert mailroom(speed=0.01).at_data(mail(), ["a@slow.sink.test"]).wait_s == 5.0
