"""The rules of retry, expiry and limits, one by one, in virtual time."""

import pytest

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

NAME = QueueName("example.test", "{default}")
RECIPIENTS = (Recipient("x@example.test", "0" * 20),)


class Settings(DomainSettings, frozen=True, kw_only=True):
    max_smtp_out: int = 20
    retry_after: tuple[float, ...] = (10.0,)
    retry_recipients_after: float = 0.0
    retry_upon_new_mail: bool = False
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0
    bounce_after: float = 1000.0


def queues(total: int = 0, vmta: int = 0, **settings: object) -> Queues:
    rules = Settings(**settings)  # type: ignore[arg-type]
    return Queues(lambda name: rules, total, lambda name: vmta)


def entry(at: int = 0, *, name: QueueName = NAME, received_at: float = 0) -> QueueEntry:
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=RECIPIENTS,
        received_at=received_at,
        size_octets=1,
    )
    return QueueEntry(at, 0, name, envelope)


def serve(line: Queues, now: float) -> list[int]:
    """Take everything that is offered at `now`, over as many connections."""
    taken = []
    for name in line.ready(now):
        line.opened(name, now)
        while found := line.take(name, now):
            taken.append(found.spool_id)
        line.closed(name, now)
    return taken


def test_new_mail_is_offered_at_once_in_order() -> None:
    line = queues(max_smtp_out=1)
    for at in range(5):
        line.add(entry(at), 0.0)
    assert serve(line, 0.0) == [0, 1, 2, 3, 4]
    assert len(line) == 0
    assert line.status() == []


def test_a_connection_for_each_entry_up_to_max_smtp_out() -> None:
    line = queues(max_smtp_out=3)
    for at in range(2):
        line.add(entry(at), 0.0)
    assert line.ready(0.0) == [NAME] * 2
    for at in range(9):
        line.add(entry(at), 0.0)
    assert line.ready(0.0) == [NAME] * 3
    for _ in range(3):
        line.opened(NAME, 0.0)
    assert line.ready(5.0) == []
    line.closed(NAME, 5.0)
    assert line.ready(5.0) == [NAME]


def test_the_total_and_the_vmta_limit_bound_all_queues() -> None:
    names = [QueueName(f"d{at}.test", "v") for at in range(10)]
    for line in (queues(total=4), queues(vmta=4)):
        for name in names:
            line.add(entry(name=name), 0.0)
        found = line.ready(0.0)
        assert len(found) == 4
        for name in found:
            line.opened(name, 0.0)
        assert line.ready(0.0) == []
        line.take(found[0], 0.0)
        line.closed(found[0], 0.0)
        (served_next,) = line.ready(0.0)
        assert served_next not in found


@pytest.mark.parametrize(
    ("attempts", "wait_s"), [(0, 10.0), (1, 20.0), (2, 40.0), (3, 40.0), (9, 40.0)]
)
def test_a_recipient_waits_its_step_and_the_last_repeats(
    attempts: int, wait_s: float
) -> None:
    line = queues(retry_after=(10.0, 20.0, 40.0))
    one = entry()
    one.attempts = attempts
    line.retry(one, 100.0)
    assert one.attempts == attempts + 1
    assert line.next_wake(100.0) == 100.0 + wait_s
    assert serve(line, 100.0 + wait_s - 0.001) == []
    assert serve(line, 100.0 + wait_s) == [0]


def test_a_recipient_waits_at_least_retry_recipients_after() -> None:
    line = queues(retry_after=(1.0,), retry_recipients_after=30.0)
    line.retry(entry(), 0.0)
    assert serve(line, 29.9) == []
    assert serve(line, 30.0) == [0]


def test_a_queue_in_retry_mode_is_not_woken_by_new_mail() -> None:
    line = queues()
    line.failed(NAME, 0.0)
    line.add(entry(), 1.0)
    assert line.ready(9.9) == []
    assert line.next_wake(9.9) == 10.0
    assert line.ready(10.0) == [NAME]


def test_a_queue_in_retry_mode_is_woken_by_new_mail_when_told_so() -> None:
    line = queues(retry_upon_new_mail=True)
    line.failed(NAME, 0.0)
    line.add(entry(), 1.0)
    assert line.ready(1.0) == [NAME]


def test_the_waits_of_a_queue_follow_the_list_and_start_anew_after_success() -> None:
    line = queues(retry_after=(10.0, 20.0, 40.0))
    line.add(entry(), 0.0)
    now, waits = 0.0, []
    for _ in range(5):
        line.failed(NAME, now)
        line.failed(NAME, now + 0.5)  # another connection that failed alike
        wake_at = line.next_wake(now)
        assert wake_at is not None
        assert line.ready(wake_at - 0.001) == []
        assert line.ready(wake_at) == [NAME]
        waits.append(wake_at - now)
        now = wake_at
    assert waits == [10.0, 20.0, 40.0, 40.0, 40.0]
    line.succeeded(NAME, now)
    line.failed(NAME, now)
    assert line.next_wake(now) == now + 10.0


def test_a_success_on_another_connection_ends_the_retry_mode() -> None:
    line = queues()
    line.add(entry(), 0.0)
    line.failed(NAME, 0.0)
    line.succeeded(NAME, 1.0)
    assert line.ready(1.0) == [NAME]


def test_an_entry_put_back_waits_for_the_queue_only() -> None:
    line = queues(retry_recipients_after=500.0)
    line.failed(NAME, 0.0)
    one = entry()
    line.put_back(one, 0.0)
    assert one.attempts == 1
    assert serve(line, 9.9) == []
    assert serve(line, 10.0) == [0]


def test_every_state_expires() -> None:
    """Fresh, put back, in a step that ends before, in one that ends after."""
    line = queues(retry_after=(60.0, 600.0), bounce_after=100.0, max_smtp_out=1)
    line.failed(NAME, 50.0)
    line.add(entry(1, received_at=10.0), 50.0)
    line.put_back(entry(2, received_at=10.0), 50.0)
    line.retry(entry(3, received_at=10.0), 40.0)
    late = entry(4, received_at=10.0)
    late.attempts = 1
    line.retry(late, 50.0)
    assert line.expired(109.9) == []
    assert line.next_wake(109.9) == 110.0
    assert sorted(one.spool_id for one in line.expired(110.0)) == [1, 2, 3, 4]
    assert len(line) == 0
    assert line.expired(200.0) == []


def test_an_expired_entry_is_not_offered() -> None:
    line = queues(bounce_after=100.0)
    line.add(entry(1, received_at=0.0), 1.0)
    line.add(entry(2, received_at=50.0), 50.0)
    assert serve(line, 120.0) == [2]
    assert [one.spool_id for one in line.expired(120.0)] == [1]


def test_a_clock_that_is_set_back_offers_nothing_too_early() -> None:
    line = queues(retry_after=(10.0,))
    line.retry(entry(1), 100.0)
    line.retry(entry(2), 50.0)
    assert serve(line, 109.9) == []
    assert serve(line, 110.0) == [1, 2]


def test_an_idle_connection_is_woken_before_a_new_one_is_opened() -> None:
    line = queues(max_smtp_out=1)
    line.add(entry(), 0.0)
    line.opened(NAME, 0.0)
    assert line.take(NAME, 0.0)
    assert line.take(NAME, 0.0) is None
    line.rested(NAME, 0.0)
    assert line.ready(0.0) == []
    line.add(entry(), 1.0)
    assert line.ready(1.0) == [NAME]
    line.woken(NAME, 1.0)
    assert line.ready(1.0) == []
    assert line.take(NAME, 1.0)


def test_a_connection_that_hangs_does_not_hold_up_what_comes_after() -> None:
    line = queues()
    line.add(entry(1), 0.0)
    line.opened(NAME, 0.0)
    assert line.take(NAME, 0.0)
    line.add(entry(2), 5.0)
    assert line.ready(5.0) == []  # the connection may be back in a moment
    wake_at = line.next_wake(5.0)
    assert wake_at == 6.0
    assert line.ready(wake_at) == [NAME]


def test_queues_that_are_done_leave_nothing_behind() -> None:
    line = queues()
    for at in range(5000):
        name = QueueName(f"d{at}.test", "{default}")
        line.add(entry(name=name, received_at=at), float(at))
        line.ready(float(at))
        line.opened(name, float(at))
        assert line.take(name, float(at))
        line.closed(name, float(at))
    assert line.status() == []
    assert len(line._wakes) < 200
