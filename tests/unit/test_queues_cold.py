"""Warm-up: who takes the first messages of a day (COLD-1, COLD-2)."""

import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sinyal.queues.cold import ColdQuotas

NOON = time.mktime((2026, 5, 4, 12, 0, 0, 0, 0, -1))
DAY = 86400.0


def quotas(*per_day: int) -> ColdQuotas:
    return ColdQuotas(lambda domain, vmta: (domain, per_day))


def taken(cold: ColdQuotas, count: int, now: float, *names: str) -> Counter[str]:
    found = (cold.diverted("a.test", "w", names, now) for _ in range(count))
    return Counter(name for name in found if name)


def test_the_first_messages_of_a_day_are_taken_and_no_more() -> None:
    cold = quotas(3)
    assert taken(cold, 10, NOON, "c") == {"c": 3}
    assert taken(cold, 10, NOON + 3600, "c") == {}


def test_at_midnight_the_count_begins_anew() -> None:
    cold = quotas(3)
    midnight = time.mktime((2026, 5, 5, 0, 0, 0, 0, 0, -1))
    assert taken(cold, 10, midnight - 1, "c") == {"c": 3}
    assert taken(cold, 10, midnight, "c") == {"c": 3}


def test_a_list_holds_day_by_day_and_its_last_number_repeats() -> None:
    cold = quotas(1, 5, 20)
    found = [taken(cold, 50, NOON + at * DAY, "c")["c"] for at in range(4)]
    assert found == [1, 5, 20, 20]


def test_several_take_turns_each_with_its_own_quota() -> None:
    assert taken(quotas(3), 4, NOON, "c", "d") == {"c": 2, "d": 2}
    assert taken(quotas(3), 40, NOON, "c", "d") == {"c": 3, "d": 3}


def test_each_domain_has_its_own_count() -> None:
    cold = quotas(1)
    found = [cold.diverted(name, "w", ("c",), NOON) for name in ("a", "b", "a")]
    assert found == ["c", "c", ""]


def test_without_a_quota_nothing_is_taken() -> None:
    assert taken(quotas(0), 5, NOON, "c") == {}
    assert taken(quotas(), 5, NOON, "c") == {}


def test_counts_survive_a_restart() -> None:
    cold, again = quotas(3, 9), quotas(3, 9)
    taken(cold, 2, NOON, "c")
    again.restore(cold.state())
    assert taken(again, 5, NOON, "c") == {"c": 1}
    assert taken(again, 50, NOON + DAY, "c") == {"c": 9}


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=4),
    st.lists(st.tuples(st.floats(0, 2 * DAY), st.integers(0, 9)), max_size=20),
)
def test_no_day_ever_takes_more_than_its_largest_quota(per_day, steps):
    cold, now, found = quotas(*per_day), NOON, Counter()
    for step_s, count in steps:
        now += step_s
        day = time.localtime(now).tm_yday
        found[day] += taken(cold, count, now, "c")["c"]
    assert all(count <= max(per_day) for count in found.values())
