from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.smtp.transparency import END_MARK, has_bare_line_end, stuff, unstuff

MAIL = st.lists(st.sampled_from([b".", b"..", b"a", b"\xff", b"\r\n", b"\r", b"\n"]))


def test_a_leading_dot_is_doubled_in_each_line() -> None:
    assert stuff(b".a\r\n.\r\nb.") == b"..a\r\n..\r\nb.\r\n.\r\n"


def test_an_empty_message_is_the_end_mark_alone() -> None:
    assert stuff(b"") == b".\r\n"


def test_bare_line_ends_cannot_smuggle_an_end_mark_outwards() -> None:
    assert stuff(b"a\n.\nb\r.\rc") == b"a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n"


@settings(max_examples=200)
@given(MAIL)
def test_the_wire_holds_one_end_mark_at_its_end_and_unstuffs_to_the_same(
    pieces: list[bytes],
) -> None:
    octets = b"".join(pieces)
    wire = stuff(octets)
    assert (b"\r\n" + wire).find(END_MARK) == len(wire) - 3
    assert not has_bare_line_end(wire)
    back = unstuff(wire[:-3])
    if not has_bare_line_end(octets):
        assert back in {octets, octets + b"\r\n"}


@settings(max_examples=200)
@given(MAIL)
def test_bare_means_that_a_cr_or_lf_is_left_without_the_pairs(
    pieces: list[bytes],
) -> None:
    octets = b"".join(pieces)
    left = octets.replace(b"\r\n", b"")
    assert has_bare_line_end(octets) == (b"\r" in left or b"\n" in left)
