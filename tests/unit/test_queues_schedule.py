"""Mail with windows of delivery, in virtual time (rules SCH)."""

from test_queues_rules import NAME, RECIPIENTS, queues, serve

from sinyal.mail.envelope import Envelope, QueueEntry
from sinyal.queues import Queues

TWO_WINDOWS = ((100.0, 200.0), (5000.0, 5100.0))


def entry(at: int, windows: tuple[tuple[float, float], ...] = ()) -> QueueEntry:
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=RECIPIENTS,
        received_at=0.0,
        size_octets=1,
        schedule=windows,
    )
    return QueueEntry(at, 0, NAME, envelope)


def expired(line: Queues, now: float) -> list[int]:
    return [one.spool_id for one in line.expired(now)]


def test_scheduled_mail_waits_for_its_window_and_other_mail_does_not() -> None:
    line = queues()
    line.add(entry(1, TWO_WINDOWS), 0.0)
    line.add(entry(2), 0.0)
    assert serve(line, 0.0) == [2]
    assert serve(line, 99.0) == []
    assert line.next_wake(99.0) == 100.0
    assert serve(line, 100.0) == [1]


def test_mail_that_arrives_in_its_window_goes_out_at_once() -> None:
    line = queues()
    line.add(entry(1, TWO_WINDOWS), 150.0)
    assert serve(line, 150.0) == [1]


def test_a_retry_after_the_window_waits_for_the_next_one() -> None:
    line = queues(retry_after=(60.0,))
    one = entry(1, TWO_WINDOWS)
    line.add(one, 150.0)
    assert serve(line, 150.0) == [1]
    line.retry(one, 150.0)
    assert serve(line, 4999.0) == []
    assert serve(line, 5000.0) == [1]
    line.retry(one, 5000.0)
    assert serve(line, 5060.0) == [1]


def test_after_its_last_window_the_message_bounces_and_not_before() -> None:
    line = queues(retry_after=(60.0,))  # bounce-after is 1000 s
    one = entry(1, TWO_WINDOWS)
    line.add(one, 0.0)
    assert expired(line, 4000.0) == []
    assert serve(line, 5050.0) == [1]
    line.retry(one, 5050.0)
    assert serve(line, 5099.0) == []
    assert expired(line, 5099.0) == []
    assert expired(line, 5100.0) == [1]
    assert len(line) == 0


def test_a_window_that_is_over_on_arrival_bounces_at_once() -> None:
    line = queues()
    line.add(entry(1, ((1.0, 2.0),)), 10.0)
    assert serve(line, 10.0) == []
    assert expired(line, 10.0) == [1]


def test_a_queue_in_retry_mode_is_waited_for_although_the_window_opens() -> None:
    line = queues(retry_after=(300.0,))
    line.add(entry(1, TWO_WINDOWS), 0.0)
    line.failed(NAME, 50.0)
    assert serve(line, 150.0) == []  # the window is open, the queue is not
    assert serve(line, 350.0) == []  # the other way round
    assert serve(line, 5000.0) == [1]
