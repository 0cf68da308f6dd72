"""A rate is never exceeded, in no window whatever."""

from hypothesis import given
from hypothesis import strategies as st

from sinyal.queues.rate import GRAINS, Window

GAPS = st.lists(st.floats(0, 20, allow_nan=False), max_size=200)


@given(st.integers(1, 12), st.floats(0.5, 30), GAPS)
def test_no_interval_as_long_as_the_window_holds_more_than_the_limit(
    limit, window_s, gaps
):
    window, now, events = Window(limit, window_s), 1000.0, []
    for gap in gaps:
        now += gap
        if window.room(now):
            window.spend(now)
            events.append(now)
    for at in events:
        assert sum(at <= other < at + window_s for other in events) <= limit


@given(GAPS)
def test_a_large_limit_counted_in_grains_is_not_exceeded_either(gaps):
    limit, window_s = GRAINS * 4, 20.0
    window, now, events = Window(limit, window_s), 1000.0, []
    for gap in gaps:
        now += gap / 10
        count = min(100, window.room(now))
        window.spend(now, count)
        events.append((now, count))
    for at, _ in events:
        total = sum(count for other, count in events if at <= other < at + window_s)
        assert total <= limit


@given(st.integers(1, 12), st.floats(0.5, 30), GAPS)
def test_the_time_that_is_told_is_the_first_with_room(limit, window_s, gaps):
    window, now = Window(limit, window_s), 1000.0
    for gap in gaps:
        now += gap
        at = window.next_at(now)
        if at > now:
            assert not window.room(now)
            now = at
        assert window.room(now)
        window.spend(now)


def test_what_did_not_take_place_is_taken_back():
    window = Window(3, 60)
    window.spend(0, 2)
    window.spend(1, 1)
    window.refund(2)
    assert window.room(2) == 2
    assert window.next_at(2, 3) == 60


def test_what_is_larger_than_the_limit_waits_for_an_empty_window():
    window = Window(100, 60)
    assert window.next_at(5, 1000) == 5
    window.spend(5, 10)
    assert window.next_at(6, 1000) == 65


def test_a_clock_that_is_set_back_gives_no_room_again():
    window = Window(1, 60)
    window.spend(1000)
    assert not window.room(10)
    assert window.room(1060)
