"""Slots for connections: totals, groups, addresses, and those that wait."""

from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.settings import SourceGroup, SourceSettings
from sinyal.reception import connections
from sinyal.reception.connections import Admission, Limits, Slots, State

ANYONE = SourceSettings()
VIP = SourceSettings(source_group="vip")


def group(name: str, most: int = 0, reserved: int = 0) -> dict[str, SourceGroup]:
    made = SourceGroup(name=name, max_smtp_in=most, reserved_smtp_in=reserved)
    return {name: made}


def slots(total: int = 0, **groups: SourceGroup) -> Slots:
    return Slots(lambda: Limits(total, groups))


def test_the_last_slot_is_given_once_and_again_after_its_release() -> None:
    line = slots(2)
    first, second, third = (line.admit("192.0.2.1", ANYONE) for _ in range(3))
    assert (first.state, second.state, third.state) == (
        State.ADMITTED,
        State.ADMITTED,
        State.FULL,
    )
    line.release(third)
    assert line.admit("192.0.2.1", ANYONE).is_refused
    line.release(first)
    line.release(first)
    assert line.admit("192.0.2.1", ANYONE).state is State.ADMITTED
    assert len(line) == 2


def test_no_total_is_no_limit() -> None:
    line = slots(0)
    assert not any(line.admit("192.0.2.1", ANYONE).is_refused for _ in range(500))


def test_an_address_has_its_share_and_others_theirs() -> None:
    line, source = slots(100), SourceSettings(max_smtp_in=2)
    held = [line.admit("192.0.2.1", source) for _ in range(2)]
    assert line.admit("192.0.2.1", source).state is State.ADDRESS_FULL
    assert line.admit("192.0.2.2", source).state is State.ADMITTED
    line.release(held[0])
    assert line.admit("192.0.2.1", source).state is State.ADMITTED


def test_an_ipv6_network_counts_as_one_address() -> None:
    line, source = slots(100), SourceSettings(max_smtp_in=1)
    assert line.admit("2001:db8::1", source).state is State.ADMITTED
    assert line.admit("2001:db8::2", source).state is State.ADDRESS_FULL
    assert line.admit("2001:db8:0:1::1", source).state is State.ADMITTED


def test_a_group_has_no_more_than_its_maximum() -> None:
    line = slots(100, **group("vip", most=1))
    assert line.admit("192.0.2.1", VIP).state is State.ADMITTED
    assert line.admit("192.0.2.1", VIP).state is State.GROUP_FULL
    assert line.admit("192.0.2.1", ANYONE).state is State.ADMITTED


def test_what_is_reserved_for_a_group_is_left_free_for_it() -> None:
    line = slots(3, **group("vip", reserved=2))
    assert line.admit("192.0.2.1", ANYONE).state is State.ADMITTED
    assert line.admit("192.0.2.1", ANYONE).state is State.FULL
    assert line.admit("192.0.2.9", VIP).state is State.ADMITTED
    assert line.admit("192.0.2.1", ANYONE).state is State.FULL
    assert line.admit("192.0.2.9", VIP).state is State.ADMITTED
    assert line.admit("192.0.2.9", VIP).state is State.FULL


def test_who_waits_is_admitted_in_turn() -> None:
    line, admitted = slots(1), []
    holder = line.admit("192.0.2.1", ANYONE)
    waiting = [line.admit("192.0.2.1", ANYONE, is_patient=True) for _ in range(3)]
    for at, one in enumerate(waiting):
        one.then = lambda at=at: admitted.append(at)
    assert [one.is_waiting for one in waiting] == [True] * 3
    line.release(waiting[0])  # it has gone
    line.release(holder)
    assert admitted == [1]
    line.release(waiting[1])
    assert admitted == [1, 2]
    assert line.waiting == 0


def test_those_that_wait_are_bounded() -> None:
    line = slots(1)
    line.admit("192.0.2.1", ANYONE)
    for _ in range(connections.MAX_WAITING):
        assert line.admit("192.0.2.1", ANYONE, is_patient=True).is_waiting
    assert line.admit("192.0.2.1", ANYONE, is_patient=True).state is State.FULL


def test_those_that_wait_count_for_their_address() -> None:
    line, source = slots(1), SourceSettings(max_smtp_in=2)
    line.admit("192.0.2.1", source)
    assert line.admit("192.0.2.1", source, is_patient=True).is_waiting
    again = line.admit("192.0.2.1", source, is_patient=True)
    assert again.state is State.ADDRESS_FULL


def test_a_full_group_lets_others_pass_that_wait_behind_it() -> None:
    line = slots(2, **group("vip", most=1))
    line.admit("192.0.2.1", VIP)
    other = line.admit("192.0.2.1", ANYONE)
    vip = line.admit("192.0.2.1", VIP, is_patient=True)
    behind = line.admit("192.0.2.1", ANYONE, is_patient=True)
    line.release(other)
    assert (vip.state, behind.state) == (State.WAITING, State.ADMITTED)


def test_higher_limits_admit_those_that_wait() -> None:
    limits = [Limits(1)]
    line = Slots(lambda: limits[0])
    line.admit("192.0.2.1", ANYONE)
    waiting = line.admit("192.0.2.1", ANYONE, is_patient=True)
    limits[0] = Limits(2)
    line.refresh()
    assert waiting.state is State.ADMITTED


steps = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()))


@given(st.integers(0, 4), st.integers(0, 3), st.integers(0, 3), steps)
def test_limits_hold_and_nothing_is_left_when_all_have_gone(
    total: int, most: int, reserved: int, moves: list[tuple[int, bool, bool]]
) -> None:
    line = slots(total, **group("vip", most, reserved))
    held: list[Admission] = []
    for kind, is_vip, is_patient in moves:
        if kind == 0 and held:
            line.release(held.pop(0))
        else:
            source = VIP if is_vip else ANYONE
            held.append(line.admit("192.0.2.1", source, is_patient=is_patient))
        admitted = [one for one in held if one.state is State.ADMITTED]
        assert len(line) == len(admitted)
        assert not total or len(admitted) <= total
        assert not most or sum(one.group == "vip" for one in admitted) <= most
        assert line.waiting == sum(one.is_waiting for one in held)
    for one in held:
        line.release(one)
    assert (len(line), line.waiting) == (0, 0)
    assert not line._addresses and not line._groups
