"""The gauge of memory, on numbers of our own."""

from sinyal.runtime.memory import (
    SLACK_OCTETS,
    MemoryGauge,
    Thrift,
    limit_octets,
    resident_octets,
)


def test_memory_is_looked_at_once_a_second_however_often_it_is_asked_for() -> None:
    now, looks = 0.0, [50, 80, 90]
    gauge = MemoryGauge(lambda: looks.pop(0), lambda: 200, lambda: now)
    assert [gauge.percent() for _ in range(3)] == [25.0] * 3
    now = 0.9
    assert gauge.percent() == 25.0
    now = 1.0
    assert gauge.percent() == 40.0


def test_a_process_has_less_memory_than_its_machine() -> None:
    assert 0 < resident_octets() < limit_octets()
    assert 0.0 < MemoryGauge().percent() < 100.0


def test_memory_is_given_back_while_the_process_is_above_its_start() -> None:
    has = [100, 100 + SLACK_OCTETS, 101 + SLACK_OCTETS, 101 + SLACK_OCTETS, 90]
    given: list[int] = []
    thrift = Thrift(lambda: has[0], lambda: given.append(has[0]))
    while has[1:]:
        del has[0]
        thrift.look()
    assert given == [101 + SLACK_OCTETS] * 2


def test_giving_back_leaves_what_is_in_use() -> None:
    kept = bytes(1 << 20)
    thrift = Thrift(resident=iter((0, SLACK_OCTETS + 1)).__next__)
    thrift.look()
    assert kept.count(0) == 1 << 20
