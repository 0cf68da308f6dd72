import asyncio
import gzip
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sinyal.tracking.feed import bodies, feed, feed_regularly, journal_line
from sinyal.tracking.journal import Journal

Accepted = list[tuple[bytes, int]]


def test_a_line_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    async def scene() -> None:
        journal = Journal(tmp_path)
        await journal.write(b"7\tone\n")
        (segment,) = journal.segments()
        assert segment.read_bytes() == b"7\tone\n"
        await journal.close()

    asyncio.run(scene())


def test_lines_that_come_together_are_all_kept_in_order(tmp_path: Path) -> None:
    async def scene() -> None:
        journal = Journal(tmp_path)
        lines = [b"7\t%d\n" % number for number in range(500)]
        await asyncio.gather(*map(journal.write, lines))
        await journal.close()
        assert journal.segments()[0].read_bytes() == b"".join(lines)

    asyncio.run(scene())


def test_segments_of_an_earlier_life_are_fed_and_never_overwritten(
    tmp_path: Path,
) -> None:
    async def scene() -> Accepted:
        accepted: Accepted = []

        async def accept(body: bytes, customer_id: int, _subaccount: int) -> str:
            accepted.append((gzip.decompress(body), customer_id))
            return "batch"

        for life in (b"first", b"second"):
            journal = Journal(tmp_path)
            await journal.write(b"7\t" + life + b"\n")
            await journal.close()
        assert len(Journal(tmp_path).segments()) == 2
        assert await feed(Journal(tmp_path), accept) == 2
        assert Journal(tmp_path).segments() == []
        return accepted

    assert asyncio.run(scene()) == [(b"first\n", 7), (b"second\n", 7)]


def test_a_segment_that_is_refused_stays_for_the_next_time(tmp_path: Path) -> None:
    async def scene() -> None:
        async def refuse(_body: bytes, _customer: int, _subaccount: int) -> str:
            raise OSError("no space left on device")

        journal = Journal(tmp_path)
        await journal.write(b"7\tone\n")
        stop = asyncio.Event()
        stop.set()
        await feed_regularly(journal, refuse, stop)
        try:
            await feed(journal, refuse)
        except OSError:
            assert len(journal.segments()) == 1
        else:
            raise AssertionError("the refusal was swallowed")
        await journal.close()

    asyncio.run(scene())


def test_a_segment_is_one_batch_per_account_whatever_the_time() -> None:
    segment = (
        journal_line(7, b"a\n") + journal_line(8, b"b\n") + journal_line(7, b"c\n")
    )
    made = bodies(segment)
    assert made == bodies(segment)
    assert {name: gzip.decompress(body) for name, body in made.items()} == {
        7: b"a\nc\n",
        8: b"b\n",
    }


@given(st.integers(0, 40))
def test_a_torn_last_line_is_left_out(cut: int) -> None:
    whole = journal_line(7, b"one\n")
    torn = whole + journal_line(7, b"two" * 20 + b"\n")[: cut + 1]
    assert gzip.decompress(bodies(torn)[7]) == b"one\n"


@given(st.binary(max_size=200))
def test_a_segment_of_any_octets_is_read(segment: bytes) -> None:
    assert isinstance(bodies(segment), dict)
