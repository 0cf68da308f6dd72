"""The open loop, and the summary of a run."""

from sinyal.traffic.result import Tally, percentile, summary
from sinyal.traffic.schedule import MOST_BEHIND_S, Schedule


def test_messages_are_due_at_even_distances():
    schedule = Schedule(first=7, count=3, rate=10, now=100.0)
    turns = [schedule.next(100.0) for _ in range(4)]
    assert [turn and turn[0] for turn in turns] == [7, 8, 9, None]
    assert [round(turn[1], 3) for turn in turns if turn] == [100.0, 100.1, 100.2]


def test_a_short_lag_is_caught_up():
    schedule = Schedule(0, 10, rate=10, now=100.0)
    schedule.next(100.0)
    assert schedule.next(101.0) == (1, 100.1)


def test_a_long_lag_moves_the_schedule():
    schedule = Schedule(0, 10, rate=10, now=100.0)
    schedule.next(100.0)
    turn = schedule.next(160.0)
    assert turn == (1, 160.0 - MOST_BEHIND_S)


def test_without_a_rate_everything_is_due_at_once():
    schedule = Schedule(0, 2, rate=0, now=100.0)
    assert [schedule.next(100.0), schedule.next(100.0)] == [(0, 100.0), (1, 100.0)]


def test_percentiles_are_values_that_occurred():
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 0.95) == 96.0
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0], 0.99) == 3.0


def test_the_summary_says_rate_and_latency_and_what_was_refused():
    tally = Tally(acknowledged=2, refused=1, last_refusal="550 no")
    tally.latencies_s = [0.001, 0.003]
    line = summary(tally, elapsed_s=2.0, rate=5)
    assert "2 messages acknowledged in 2.00 s: 1.0/s (5/s asked for)" in line
    assert "p50 3.0 ms, p95 3.0 ms; refused 1 (550 no)" in line
