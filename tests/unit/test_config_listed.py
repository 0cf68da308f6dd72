"""Lists of addresses in files: exact, whatever their size."""

import time

from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.expression import Pattern
from sinyal.config.header_lines import header_lines
from sinyal.config.listed import Listed
from sinyal.config.problem import BadValue
from sinyal.config.settings import AddressList

ENTRIES = st.text(alphabet="abcé@.- ", min_size=1, max_size=12).map(str.strip)


@given(st.lists(ENTRIES.filter(bool)), st.lists(ENTRIES.filter(bool)))
def test_a_list_holds_what_stands_in_it_and_nothing_else(there, others) -> None:
    listed = Listed(["\r\n".join(there).encode()])
    assert len(listed) == len(set(there))
    assert all(one in listed for one in there)
    assert [one in listed for one in others] == [one in there for one in others]


def test_pieces_letters_and_blanks_do_not_matter() -> None:
    listed = Listed([
        b"A@B.Example\n\n  c@d.example \r\n",
        "É@f.example\nrole".encode(),
    ])
    found = AddressList(listed=listed)
    assert found.matches("a@b.EXAMPLE")
    assert found.matches("C@d.example")
    assert found.matches("é@f.example")
    assert found.matches("Role@anywhere.example")
    assert not found.matches("b.example")
    assert not found.matches("")


def test_lists_are_equal_by_what_they_hold() -> None:
    assert Listed([b"a\nb\n"]) == Listed([b"b\na\na"])
    assert Listed([b"a"]) != Listed([b"b"])


def test_octets_that_are_no_text_load_as_they_are() -> None:
    assert "ok@x.test" in Listed([b"\xff\xfe@x\nOK@x.test\n"])


def test_header_lines_get_their_line_ends_and_lose_empty_lines() -> None:
    text = b"\xef\xbb\xbfX-One: 1\nX-Two: a\r\n b\n\n"
    assert header_lines(text) == b"X-One: 1\r\nX-Two: a\r\n b\r\n"


def test_a_line_that_is_no_field_is_named() -> None:
    for octets in (b"X-One: 1\n\nnonsense\n", b" folded: first\n", b"X: \x00\n"):
        try:
            header_lines(octets)
        except BadValue as bad:
            assert "is no header field" in bad.text
        else:
            raise AssertionError(octets)


def test_thousands_of_addresses_are_held_against_hundreds_of_patterns() -> None:
    listed = AddressList(patterns=tuple(Pattern(f"^x{at}[a-z]+@") for at in range(500)))
    began = time.monotonic()
    assert not any(listed.matches(f"user{at}@d.test") for at in range(10_000))
    assert listed.matches("x499abc@d.test")
    assert time.monotonic() - began < 3.0  # one after the other they took half a minute
