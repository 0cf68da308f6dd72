"""The ceiling over contents in memory."""

from hypothesis import given
from hypothesis import strategies as st

from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.spool import Contents

QUEUE = QueueName("y.z", "{default}")


def entries(spool_id: int, count: int) -> list[QueueEntry]:
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=(Recipient("x@y.z", "0" * 20),) * count,
        received_at=0.0,
        size_octets=1,
    )
    return [QueueEntry(spool_id, at, QUEUE, envelope) for at in range(count)]


def test_a_content_above_the_limit_is_read_back_from_the_spool() -> None:
    stored = {1: b"x" * 60, 2: b"y" * 60}
    read: list[int] = []

    def read_back(spool_id: int) -> bytes:
        read.append(spool_id)
        return stored[spool_id]

    contents = Contents(read_back, 100)
    (first,), (second,) = entries(1, 1), entries(2, 1)
    contents.hold([first], stored[1])
    contents.hold([second], stored[2])
    assert (contents.held_octets, contents.dropped) == (60, 1)
    assert contents.of(first) == stored[1]
    assert contents.of(second) == stored[2]
    assert read == [2]
    contents.release(first)
    contents.release(first)
    assert contents.held_octets == 0
    assert contents.of(first) == stored[1]


def test_a_content_shared_by_recipients_counts_once() -> None:
    contents = Contents(lambda spool_id: b"", 100)
    shared = entries(1, 5)
    contents.hold(shared, b"x" * 80)
    assert contents.held_octets == 80
    for entry in shared[:4]:
        contents.release(entry)
    assert contents.held_octets == 80
    contents.release(shared[4])
    assert contents.held_octets == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 3)), max_size=40))
def test_what_is_held_never_exceeds_the_limit(
    messages: list[tuple[int, int]],
) -> None:
    contents = Contents(lambda spool_id: b"", 100)
    held: list[QueueEntry] = []
    for spool_id, (octets, count) in enumerate(messages):
        fresh = entries(spool_id, count)
        contents.hold(fresh, b"x" * octets)
        assert contents.held_octets <= 100
        held += fresh
        if spool_id % 3 == 0:
            contents.release(held.pop(0))
    for entry in held:
        contents.release(entry)
    assert contents.held_octets == 0
