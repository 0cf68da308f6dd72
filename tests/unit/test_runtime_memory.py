"""The gauge of memory, on numbers of our own."""

from sinyal.runtime.memory import MemoryGauge, limit_octets, resident_octets


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
