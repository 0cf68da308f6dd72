"""Backoff mode: when it begins and ends, and the limits that hold in it (BK)."""

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

NAME = QueueName("one.test", "v")
RECIPIENTS = (Recipient("x@one.test", "0" * 20),)


class Settings(DomainSettings, frozen=True, kw_only=True):
    max_smtp_out: int = 20
    retry_after: tuple[float, ...] = (10.0,)
    retry_recipients_after: float = 0.0
    retry_upon_new_mail: bool = False
    bounce_after: float = 100_000.0
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0
    backoff_max_smtp_out: int = 2
    backoff_retry_after: tuple[float, ...] = (3600.0,)
    backoff_max_msg_rate: Rate | None = None
    backoff_max_connect_rate: Rate | None = None
    backoff_to_normal_after: float | None = None
    backoff_to_normal_after_delivery: bool = False


def queues(**settings: object) -> Queues:
    rules = Settings(**settings)  # type: ignore[arg-type]
    return Queues(lambda name: rules)


def fill(line: Queues, count: int) -> None:
    envelope = Envelope(
        mail_from="a@b.test", recipients=RECIPIENTS, received_at=0, size_octets=1
    )
    for at in range(count):
        line.add(QueueEntry(at, 0, NAME, envelope), 0.0)


def taken(line: Queues, now: float) -> int:
    """How many entries the queue gives out at `now`."""
    count = 0
    for name in line.ready(now):
        line.opened(name, now)
        while line.take(name, now):
            count += 1
        line.closed(name, now)
    return count


def test_backoff_mode_replaces_the_limits_that_have_a_twin():
    line = queues(max_msg_rate=Rate(5, 60), backoff_max_msg_rate=Rate(1, 60))
    fill(line, 10)
    assert line.slow_down(NAME, 0)
    assert line.ready(0) == [NAME]
    assert taken(line, 0) == 1
    assert taken(line, 60) == 1


def test_connections_are_bounded_by_backoff_max_smtp_out():
    line = queues()
    fill(line, 10)
    line.slow_down(NAME, 0)
    assert line.ready(0) == [NAME] * 2
    line.recover(NAME, 0)
    assert line.ready(0) == [NAME] * 10


def test_without_a_rate_of_its_own_backoff_mode_keeps_the_normal_one():
    line = queues(max_msg_rate=Rate(3, 60))
    fill(line, 10)
    line.slow_down(NAME, 0)
    assert taken(line, 0) == 3


def test_entering_backoff_mode_does_not_make_the_queue_wait():
    line = queues()
    fill(line, 1)
    line.slow_down(NAME, 0)
    assert taken(line, 0) == 1


def test_a_queue_that_fails_in_backoff_mode_waits_backoff_retry_after():
    line = queues()
    fill(line, 1)
    line.slow_down(NAME, 0)
    line.failed(NAME, 0)
    assert line.next_wake(0) == 3600


def test_backoff_mode_ends_after_backoff_to_normal_after():
    line = queues(backoff_to_normal_after=100.0, backoff_max_msg_rate=Rate(1, 1000))
    fill(line, 5)
    line.slow_down(NAME, 0)
    assert taken(line, 0) == 1
    assert taken(line, 100) == 4
    assert line.recovered() == [NAME]
    assert line.recovered() == []


def test_a_pattern_may_say_how_long_backoff_mode_lasts():
    line = queues(backoff_to_normal_after=100.0)
    line.slow_down(NAME, 0, 30)
    line.ready(30)
    assert line.recovered() == [NAME]


def test_a_delivery_ends_backoff_mode_where_the_operator_says_so():
    line = queues(backoff_to_normal_after_delivery=True)
    fill(line, 2)
    line.slow_down(NAME, 0)
    line.succeeded(NAME, 1)
    assert line.recovered() == [NAME]
    assert line.backoffs() == {}


def test_a_delivery_does_not_end_it_by_default():
    line = queues()
    fill(line, 2)
    line.slow_down(NAME, 0)
    line.succeeded(NAME, 1)
    assert NAME in line.backoffs()


def test_a_second_pattern_does_not_begin_backoff_mode_anew():
    line = queues(backoff_to_normal_after=100.0)
    assert line.slow_down(NAME, 0)
    assert not line.slow_down(NAME, 50)
    assert line.backoffs()[NAME].until == 100


def test_an_empty_queue_stays_in_backoff_mode():
    line = queues(backoff_max_msg_rate=Rate(1, 60))
    line.slow_down(NAME, 0)
    line.ready(1000)
    fill(line, 3)
    assert taken(line, 1000) == 1


def test_backoff_mode_survives_a_restart():
    line = queues(backoff_to_normal_after=100.0)
    line.slow_down(NAME, 0)
    again = queues(backoff_to_normal_after=100.0)
    again.resume(line.backoffs(), 60)
    assert again.next_wake(60) == 100
    late = queues()
    late.resume(line.backoffs(), 100)
    assert late.backoffs() == {}
