"""Rates and gaps of queues and VirtualMTAs: kept in every window of virtual time."""

from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

RECIPIENTS = (Recipient("x@example.test", "0" * 20),)
ONE, OTHER = QueueName("one.test", "v"), QueueName("other.test", "v")


class Settings(DomainSettings, frozen=True, kw_only=True):
    max_smtp_out: int = 20
    retry_after: tuple[float, ...] = (10.0,)
    retry_recipients_after: float = 0.0
    retry_upon_new_mail: bool = False
    bounce_after: float = 100_000.0
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0


def queues(vmta_rate: Rate | None = None, **settings: object) -> Queues:
    rules = Settings(**settings)  # type: ignore[arg-type]
    return Queues(lambda name: rules, vmta_max_msg_rate=lambda vmta: vmta_rate)


def fill(line: Queues, name: QueueName, count: int) -> None:
    envelope = Envelope(
        mail_from="a@b.test", recipients=RECIPIENTS, received_at=0, size_octets=1
    )
    for at in range(count):
        line.add(QueueEntry(at, 0, name, envelope), 0.0)


def serve(line: Queues, until: float, per_connection: int = 1_000) -> list[float]:
    """The times of all attempts, each connection used for so many of them."""
    now, tried = 0.0, []
    while now <= until:
        for name in line.ready(now):
            tried += [now] * visit(line, name, now, per_connection)
        wake_at = line.next_wake(now)
        if wake_at is None:
            break
        assert wake_at > now
        now = wake_at
    return tried


def visit(line: Queues, name: QueueName, now: float, at_most: int) -> int:
    """How many entries one connection is given."""
    line.opened(name, now)
    count = 0
    while count < at_most and line.take(name, now):
        count += 1
    line.closed(name, now)
    return count


def opened(line: Queues, until: float) -> list[float]:
    """The times of all connections, one message over each."""
    return serve(line, until, per_connection=1)


def worst(times: list[float], window_s: float) -> int:
    """The most events in any window of that length."""
    return max(
        (sum(at <= other < at + window_s for other in times) for at in times), default=0
    )


def test_a_queue_tries_no_more_recipients_than_max_msg_rate_and_goes_on_later():
    line = queues(max_msg_rate=Rate(3, 60))
    fill(line, ONE, 7)
    assert serve(line, 1000) == [0, 0, 0, 60, 60, 60, 120]


def test_each_queue_has_a_max_msg_rate_of_its_own():
    line = queues(max_msg_rate=Rate(2, 60))
    fill(line, ONE, 2)
    fill(line, OTHER, 2)
    assert serve(line, 1000) == [0, 0, 0, 0]


def test_max_connect_rate_bounds_new_connections_alone():
    line = queues(max_connect_rate=Rate(2, 10))
    fill(line, ONE, 5)
    assert opened(line, 1000) == [0, 0, 10, 10, 20]


def test_smtp_out_rampup_interval_keeps_connections_apart():
    line = queues(smtp_out_rampup_interval=5.0)
    fill(line, ONE, 3)
    assert opened(line, 1000) == [0, 5, 10]


def test_max_smtp_msg_rate_counts_over_all_queues_of_a_virtual_mta():
    line = queues(Rate(3, 60))
    fill(line, ONE, 2)
    fill(line, OTHER, 4)
    assert serve(line, 1000) == [0, 0, 0, 60, 60, 60]


def test_a_rate_outlives_the_queue_that_ran_empty():
    line = queues(max_msg_rate=Rate(1, 60))
    fill(line, ONE, 1)
    assert serve(line, 0) == [0]
    fill(line, ONE, 1)
    assert line.ready(0) == []
    assert serve(line, 1000) == [60]


RATES = st.builds(Rate, st.integers(1, 5), st.sampled_from([1.0, 7.0, 60.0]))


@given(RATES, RATES, RATES, st.integers(1, 4))
def test_no_limit_is_exceeded_in_any_window(queue_rate, connects, vmta_rate, reuse):
    line = queues(vmta_rate, max_msg_rate=queue_rate, max_connect_rate=connects)
    fill(line, ONE, 20)
    tried = serve(line, 5_000, reuse)
    assert len(tried) == 20
    for rate in (queue_rate, vmta_rate):
        assert worst(tried, rate.window_s) <= rate.count


@given(RATES)
def test_no_window_holds_more_connections_than_max_connect_rate(connects):
    line = queues(max_connect_rate=connects)
    fill(line, ONE, 20)
    assert worst(opened(line, 5_000), connects.window_s) <= connects.count


def test_a_lowered_rate_of_a_virtual_mta_counts_what_was_tried_before():
    rates = {"v": Rate(10, 60)}
    line = Queues(lambda name: Settings(), vmta_max_msg_rate=rates.get)
    fill(line, ONE, 2)
    assert serve(line, 0) == [0, 0]
    rates["v"] = Rate(2, 60)
    line.limit(0)
    fill(line, ONE, 1)
    assert serve(line, 1000) == [60]
