from sinyal.runtime.crowd import Crowd
from sinyal.runtime.strangers import MAX_ADDRESSES, MEMORY_S, Strangers


def test_who_has_most_in_a_full_crowd_makes_room_with_the_oldest():
    crowd, gone = Crowd(4), []
    for name in ("good", "evil1", "evil2", "evil3", "late"):
        crowd.enter(name.rstrip("123"), name, lambda name=name: gone.append(name))
    assert gone == ["evil1"]
    assert len(crowd) == 4


def test_among_equals_the_one_that_waits_longest_goes():
    crowd, gone = Crowd(2), []
    for name in ("a", "b", "c"):
        crowd.enter(name, name, lambda name=name: gone.append(name))
    assert gone == ["a"]


def test_who_has_left_is_counted_once():
    crowd = Crowd(2)
    crowd.enter("a", 1, lambda: None)
    crowd.left("a", 1)
    crowd.left("a", 1)
    assert len(crowd) == 0


def test_a_stranger_is_remembered_for_an_hour():
    strangers = Strangers()
    strangers.add("192.0.2.1", 100.0)
    assert strangers.has("192.0.2.1", 99.0 + MEMORY_S)
    assert not strangers.has("192.0.2.1", 100.0 + MEMORY_S)
    assert not strangers.has("192.0.2.2", 100.0)


def test_the_oldest_stranger_is_forgotten_when_there_are_too_many():
    strangers = Strangers()
    for number in range(MAX_ADDRESSES + 1):
        strangers.add(str(number), 0.0)
    assert not strangers.has("0", 0.0)
    assert strangers.has("1", 0.0)
