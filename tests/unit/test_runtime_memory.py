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


def test_memory_is_given_back_when_the_process_has_grown() -> None:
    has = 100
    given: list[int] = []

    def give_back() -> None:
        nonlocal has
        given.append(has)
        has -= 50

    thrift = Thrift(lambda: has, give_back)
    has = 100 + SLACK_OCTETS
    thrift.look()
    assert not given
    has += 1
    thrift.look()
    thrift.look()
    assert given == [101 + SLACK_OCTETS]
    has = 60
    thrift.look()
    has = 61 + SLACK_OCTETS
    thrift.look()
    assert len(given) == 2


def test_giving_back_leaves_what_is_in_use() -> None:
    kept = bytes(1 << 20)
    thrift = Thrift(resident=iter((0, SLACK_OCTETS + 1, 0)).__next__)
    thrift.look()
    assert kept.count(0) == 1 << 20
