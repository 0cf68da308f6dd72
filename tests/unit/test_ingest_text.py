import gzip

from hypothesis import given
from hypothesis import strategies as st

from sinyal.ingest.batch import Batch, batch_of
from sinyal.ingest.text import MOST_MEMBERS, decompress, lines


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_members_are_joined(members: list[bytes]) -> None:
    body = b"".join(map(gzip.compress, members))
    assert decompress(body) == b"".join(members)


@given(st.binary(max_size=300))
def test_a_body_of_any_octets_is_read_or_refused(body: bytes) -> None:
    assert decompress(body) is None or body[:2] == b"\x1f\x8b"


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_body_that_is_cut_short_is_refused(text: bytes, data: st.DataObject) -> None:
    body = gzip.compress(text)
    end = data.draw(st.integers(0, len(body) - 1))
    assert decompress(body[:end]) is None


def test_a_bomb_is_refused_at_the_ceiling() -> None:
    bomb = gzip.compress(bytes(10_000))
    assert decompress(bomb, 10_000) == bytes(10_000)
    assert decompress(bomb, 9_999) is None
    assert decompress(bomb * 3, 20_000) is None


def test_a_crowd_of_empty_members_is_refused() -> None:
    member = gzip.compress(b"")
    assert decompress(member * MOST_MEMBERS) == b""
    assert decompress(member * (MOST_MEMBERS + 1)) is None


def test_octets_after_the_last_member_are_refused() -> None:
    assert decompress(gzip.compress(b"x") + b"tail") is None


def test_blank_lines_and_line_ends_are_passed_over() -> None:
    assert list(lines(b"one\r\n\n  \ntwo\nthree")) == [b"one", b"two", b"three"]


@given(
    st.builds(
        Batch,
        st.integers(0, 10**13),
        st.integers(0, 2**31),
        st.integers(0, 2**31),
        st.uuids().map(str),
    )
)
def test_the_name_of_a_file_tells_all_of_its_batch(batch: Batch) -> None:
    assert batch_of(batch.name) == batch


@given(st.text(max_size=60))
def test_other_names_are_no_batches(name: str) -> None:
    found = batch_of(name)
    assert found is None or found.batch_id
