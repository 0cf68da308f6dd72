from sinyal.config.vocabulary import Rate
from sinyal.reception.lockout import MAX_SOURCES, Lockout

THREE_IN_FIVE_MINUTES = Rate(3, 300.0)


def test_the_third_failure_locks_until_the_window_after_the_first() -> None:
    lockout, rate = Lockout(), THREE_IN_FIVE_MINUTES
    for at in (0, 60):
        lockout.failed("192.0.2.1", rate, at)
        assert not lockout.is_locked("192.0.2.1", rate, at)
    lockout.failed("192.0.2.1", rate, 120)
    assert lockout.is_locked("192.0.2.1", rate, 120)
    assert lockout.is_locked("192.0.2.1", rate, 299.9)
    assert not lockout.is_locked("192.0.2.1", rate, 300)


def test_a_failure_after_the_window_begins_a_new_one() -> None:
    lockout, rate = Lockout(), Rate(2, 60.0)
    for at in (0, 61):
        lockout.failed("192.0.2.1", rate, at)
    assert not lockout.is_locked("192.0.2.1", rate, 62)


def test_without_a_rate_nobody_is_locked() -> None:
    lockout = Lockout()
    lockout.failed("192.0.2.1", None, 0)
    assert not lockout.is_locked("192.0.2.1", None, 0)


def test_an_ipv6_source_is_its_network_and_a_mapped_address_is_ipv4() -> None:
    lockout, rate = Lockout(), Rate(1, 60.0)
    lockout.failed("2001:db8:0:1::1", rate, 0)
    assert lockout.is_locked("2001:db8:0:1:ffff::2", rate, 1)
    assert not lockout.is_locked("2001:db8:0:2::1", rate, 1)
    lockout.failed("::ffff:192.0.2.1", rate, 0)
    assert lockout.is_locked("192.0.2.1", rate, 1)


def test_many_sources_cost_bounded_memory() -> None:
    lockout, rate = Lockout(), Rate(1, 60.0)
    for number in range(MAX_SOURCES + 10):
        lockout.failed(f"source-{number}", rate, 0)
    assert len(lockout._failures) == MAX_SOURCES
    assert not lockout.is_locked("source-0", rate, 1)
