"""Mail that another queue takes: queue-to, reroutes, chains, loops, backoff mode."""

import pytest

from sinyal.config.settings import DomainSettings
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

RECIPIENTS = (Recipient("x@a.test", "0" * 20),)
BIG = 5000  # more than is moved in one turn


def site(members: dict[str, tuple[str, ...]] | None = None, **places: dict) -> Queues:
    """Queues by `domain__vmta` with their settings; others have the usual ones."""
    found = {
        QueueName(*key.replace("_test", ".test").split("__")): DomainSettings(**one)
        for key, one in places.items()
    }
    return Queues(
        lambda name: found.get(name, DomainSettings()),
        members_of=lambda pool: (members or {}).get(pool, ()),
    )


def entry(at: int, name: QueueName) -> QueueEntry:
    envelope = Envelope(
        mail_from="a@b.test", recipients=RECIPIENTS, received_at=0, size_octets=1
    )
    return QueueEntry(at, 0, name, envelope)


def fill(line: Queues, name: QueueName, count: int = 1) -> None:
    for at in range(count):
        line.add(entry(at, name), 0.0)


def waiting(line: Queues) -> dict[str, int]:
    return {str(one.name): one.entries for one in line.status() if one.entries}


A = QueueName("a.test", "v")


def test_mail_of_a_domain_waits_in_the_queue_that_queue_to_names() -> None:
    line = site(a_test__v={"queue_to": "Smart.test"})
    fill(line, A)
    assert waiting(line) == {"smart.test/v": 1}
    name = QueueName("smart.test", "v")
    (ready,) = line.ready(0.0)
    assert ready == name
    line.opened(name, 0.0)
    found = line.take(name, 0.0)
    assert found is not None and found.queue == name


def test_a_queue_that_leads_to_itself_keeps_its_mail() -> None:
    line = site(a_test__v={"queue_to": "a.test", "reroute_to_virtual_mta": "v"})
    fill(line, A)
    assert waiting(line) == {"a.test/v": 1}


def test_reroutes_are_followed_to_their_end() -> None:
    line = site(
        a_test__v={"reroute_to_virtual_mta": "w"},
        a_test__w={"reroute_to_virtual_mta": "x"},
    )
    fill(line, A)
    assert waiting(line) == {"a.test/x": 1}


def test_mail_on_a_loop_stays_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    line = site(
        a_test__u={"reroute_to_virtual_mta": "v"},
        a_test__v={"reroute_to_virtual_mta": "w"},
        a_test__w={"reroute_to_virtual_mta": "v"},
    )
    fill(line, A)
    fill(line, QueueName("a.test", "w"))
    assert waiting(line) == {"a.test/v": 1, "a.test/w": 1}
    assert "queue a.test/v: its reroute leads back to it" in caplog.text
    fill(line, QueueName("a.test", "u"))
    assert sum(waiting(line).values()) == 3


def test_members_of_a_pool_take_turns() -> None:
    line = site({"p": ("w", "x")}, a_test__v={"reroute_to_virtual_mta": "p"})
    fill(line, A, 4)
    assert waiting(line) == {"a.test/w": 2, "a.test/x": 2}


def test_in_backoff_mode_all_mail_moves_and_new_mail_follows() -> None:
    line = site(a_test__v={"backoff_reroute_to_virtual_mta": "w"})
    fill(line, A, BIG)
    assert waiting(line) == {"a.test/v": BIG}
    line.slow_down(A, 1.0)
    for _ in range(4):
        assert not any(name == A for name in line.ready(1.0))
    assert waiting(line) == {"a.test/w": BIG}
    fill(line, A)
    assert waiting(line) == {"a.test/w": BIG + 1}
    assert len(line) == BIG + 1


def test_what_is_under_way_follows_when_it_comes_back() -> None:
    line = site(a_test__v={"backoff_reroute_to_virtual_mta": "w"})
    fill(line, A)
    line.ready(0.0)
    line.opened(A, 0.0)
    found = line.take(A, 0.0)
    assert found is not None
    line.slow_down(A, 1.0)
    line.retry(found, 1.0)
    line.ready(1.0)
    assert waiting(line) == {"a.test/w": 1}
    assert line.ready(1.0) == []  # it waits its step of retry-after there
    assert line.ready(3601.0) == [QueueName("a.test", "w")]
    assert found.attempts == 1


def test_after_backoff_mode_new_mail_stays_and_moved_mail_does_too() -> None:
    line = site(a_test__v={"backoff_reroute_to_virtual_mta": "w"})
    fill(line, A)
    line.slow_down(A, 1.0)
    line.ready(1.0)
    line.recover(A, 2.0)
    fill(line, A)
    assert waiting(line) == {"a.test/v": 1, "a.test/w": 1}


def test_a_backoff_that_ends_while_mail_moves_ends_the_move() -> None:
    line = site(a_test__v={"backoff_reroute_to_virtual_mta": "w"})
    fill(line, A, BIG)
    line.slow_down(A, 1.0)
    line.ready(1.0)
    line.recover(A, 1.0)
    line.ready(1.0)
    assert sum(waiting(line).values()) == BIG
    assert line.next_wake(1.0) != 1.0
    assert A in line.ready(1.0)


def test_moved_mail_expires_where_it_is() -> None:
    line = site(a_test__v={"backoff_reroute_to_virtual_mta": "w"})
    fill(line, A)
    line.slow_down(A, 1.0)
    line.ready(1.0)
    end = DomainSettings().bounce_after
    assert line.expired(end - 1) == []
    assert len(line.expired(end)) == 1
    assert len(line) == 0


def test_a_queue_that_is_moved_hands_over_all_whatever_its_state() -> None:
    line = site()
    other = QueueName("r.rollup", "v")
    fill(line, A, 4)
    line.opened(A, 0.0)
    first, second = line.take(A, 0.0), line.take(A, 0.0)
    assert first and second
    line.retry(first, 0.0)
    line.put_back(second, 0.0)
    line.move(A, other, 0.0)
    assert line.next_wake(0.0) == 0.0
    line.ready(0.0)
    assert waiting(line) == {"r.rollup/v": 4}
    assert first.queue == second.queue == other
    assert line.take(A, 0.0) is None
