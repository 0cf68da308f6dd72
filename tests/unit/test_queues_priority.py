"""Which recipient of a queue goes first, and which queue gets a connection (PRI-1)."""

from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

A, B = QueueName("a.test", "v"), QueueName("b.test", "w")


def entry(
    at: int, priority: int = 50, name: QueueName = A, received_at: float = 0.0
) -> QueueEntry:
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=(Recipient(f"x@{name.domain}", "0" * 20, priority=priority),),
        received_at=received_at,
        size_octets=1,
    )
    return QueueEntry(at, 0, name, envelope)


def taken(line: Queues, now: float = 0.0) -> list[int]:
    for name in line.ready(now):
        line.opened(name, now)
    found: list[int] = []
    while one := line.take(A, now):
        found.append(one.spool_id)
    return found


def test_recipients_of_higher_priority_go_first() -> None:
    line = Queues(lambda name: DomainSettings())
    for at, priority in enumerate((50, 10, 90, 50, 100, 10)):
        line.add(entry(at, priority), 0.0)
    assert taken(line) == [4, 2, 0, 3, 1, 5]
    assert len(line) == 0


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=60))
def test_none_goes_before_one_of_higher_priority_and_all_go(steps) -> None:
    line = Queues(lambda name: DomainSettings(retry_after=(1.0,)))
    waiting: dict[int, int] = {}
    for at, (priority, is_taken) in enumerate(steps):
        line.add(entry(at, priority), 0.0)
        waiting[at] = priority
        if is_taken:
            found = line.take(A, 0.0)
            assert found is not None
            priority = waiting.pop(found.spool_id)
            assert priority == max([*waiting.values(), priority])
    while found := line.take(A, 0.0):
        del waiting[found.spool_id]
    assert not waiting


def test_mail_of_each_priority_expires_at_its_time() -> None:
    line = Queues(lambda name: DomainSettings(bounce_after=100.0))
    line.add(entry(0, 90, received_at=0.0), 50.0)
    line.add(entry(1, 10, received_at=40.0), 50.0)
    line.add(entry(2, 50, received_at=20.0), 50.0)
    gone = []
    for now in (100.0, 120.0, 140.0):
        assert line.next_wake(now - 1) == now
        gone += [one.spool_id for one in line.expired(now)]
    assert gone == [0, 2, 1]


def site(total: int = 1, **of_b: object) -> Queues:
    found = {A: DomainSettings(), B: DomainSettings(**of_b)}  # type: ignore[arg-type]
    return Queues(found.__getitem__, total)


def test_a_queue_of_higher_priority_gets_the_connection_that_is_left() -> None:
    line = site(queue_priority=80)
    for at in range(3):
        line.add(entry(at), 0.0)
    line.add(entry(9, name=B), 0.0)
    assert line.ready(0.0) == [B]


def test_a_queue_of_lower_priority_gets_what_others_leave() -> None:
    line = site(total=2, queue_priority=10)
    line.add(entry(9, name=B), 0.0)
    line.add(entry(0), 0.0)
    assert line.ready(0.0) == [A, B]
    line.add(entry(1), 0.0)
    assert line.ready(0.0) == [A, A]


def test_a_rate_that_is_used_up_leaves_the_others_their_turn() -> None:
    line = site(queue_priority=80, max_connect_rate=Rate(1, 60.0))
    line.add(entry(8, name=B), 0.0)
    line.opened(B, 0.0)
    line.closed(B, 0.0)
    line.add(entry(0), 0.0)
    assert line.ready(0.0) == [A]
