import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smtp_scripted import ALL, Scripted

from sinyal.smtp.chunks import MAX_CHUNKS
from sinyal.smtp.events import DataCommand, MailData, Noop
from sinyal.smtp.reply import reply
from sinyal.smtp.transitions import State

ENVELOPE = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"
CONTENT = b"Subject: x\r\n\r\n.\r\n..two\r\nQUIT\r\n.\r\nlast\r\n"


def ready(max_octets: int = 0, **more: object) -> Scripted:
    one = Scripted(max_octets, **more)
    one.feed(ENVELOPE)
    one.events.clear()
    return one


@given(st.lists(st.integers(0, len(CONTENT)), max_size=6), st.integers(1, 40))
def test_chunks_come_out_as_the_message_that_data_would_carry(
    cuts: list[int], step: int
) -> None:
    bounds = [0, *sorted(cuts), len(CONTENT)]
    chunks = [CONTENT[a:b] for a, b in itertools.pairwise(bounds)]
    octets = b"".join(b"BDAT %d\r\n%b" % (len(one), one) for one in chunks)
    octets += b"BDAT 0 LAST\r\nNOOP\r\n"

    one = ready()
    codes = one.codes(*(octets[at : at + step] for at in range(0, len(octets), step)))

    assert one.events == [DataCommand(), MailData(CONTENT), Noop()]
    assert codes == [250] * (len(chunks) + 2)


def test_a_last_line_without_end_is_ended_as_in_data() -> None:
    one = ready()
    one.feed(b"BDAT 3\r\na\r\nBDAT 1 LAST\r\nb")
    assert one.events[-1] == MailData(b"a\r\nb\r\n")


@pytest.mark.parametrize(
    ("before", "codes"),
    [
        (b"", [503, 250]),
        (b"EHLO x\r\n", [250, 503, 250]),
        (b"EHLO x\r\nMAIL FROM:<>\r\n", [250, 250, 503, 250]),
    ],
)
def test_what_follows_a_refused_bdat_is_never_a_command(
    before: bytes, codes: list[int]
) -> None:
    one = Scripted()
    assert one.codes(before + b"BDAT 12 LAST\r\nQUIT\r\nQUIT\r\nNOOP\r\n") == codes


def test_bdat_that_is_not_served_is_swallowed_too() -> None:
    one = Scripted(features=frozenset())
    one.feed(ENVELOPE)
    assert one.codes(b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") == [502, 250]


def test_a_chunk_behind_a_failed_one_is_out_of_order() -> None:
    one = ready(refused={"DataCommand": reply(452, "4.5.3 no")})
    assert one.codes(b"BDAT 3\r\nabcBDAT 3 LAST\r\nabc") == [452, 503]
    assert one.session.state is State.GREETED


@pytest.mark.parametrize("line", [b"DATA", b"MAIL FROM:<>", b"RCPT TO:<a@b.test>"])
def test_between_two_chunks_only_chunks_are_legal(line: bytes) -> None:
    one = ready()
    assert one.codes(b"BDAT 3\r\nabc" + line + b"\r\n") == [250, 503]
    assert one.codes(b"BDAT 2 LAST\r\n\r\n") == [250]
    assert one.events[-1] == MailData(b"abc\r\n")


def test_a_reset_forgets_the_chunks() -> None:
    one = ready()
    assert one.codes(b"BDAT 3\r\nabcRSET\r\nBDAT 3 LAST\r\nabc") == [250, 250, 503]
    assert one.session.held_octets == 0


def test_more_than_the_limit_is_swallowed_and_refused() -> None:
    one = ready(max_octets=10)
    assert one.codes(b"BDAT 8\r\n12345678BDAT 8\r\n12345678BDAT 1\r\nx") == [
        250,
        552,
        503,
    ]
    one.feed(ENVELOPE)
    one.feed(b"BDAT 99999999999999999999\r\n")
    for _ in range(1000):
        one.feed(b"x" * 10_000)
    assert one.session.held_octets == 0


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\rb", b"a\r"])
def test_bare_line_ends_are_refused_at_the_last_chunk(content: bytes) -> None:
    one = ready()
    said = one.feed(b"BDAT %d\r\n%bBDAT 0 LAST\r\n" % (len(content), content))
    assert said[-1] == "550 5.6.11 bare CR or LF in message data"


@pytest.mark.parametrize("chunk", [b"BDAT 0\r\n", b"BDAT 1\r\nx"])
def test_too_many_chunks_end_the_session(chunk: bytes) -> None:
    one = ready()
    said = one.feed(chunk * MAX_CHUNKS)
    assert {line[:3] for line in said} == {"250"}
    assert one.feed(chunk * 100) == ["421 4.7.0 too many chunks, closing connection"]
    assert one.session.state is State.CLOSED


def test_refused_chunks_are_counted_too() -> None:
    one = Scripted(features=ALL)
    said = one.feed(b"EHLO x\r\n", b"BDAT 0\r\n" * (MAX_CHUNKS + 1))
    assert said[-1].startswith("421 ")


@pytest.mark.parametrize("argument", [b"", b"x", b"-1", b"1 LAST LAST", b"1 FIRST"])
def test_a_chunk_without_a_length_is_refused(argument: bytes) -> None:
    assert ready().codes(b"BDAT " + argument + b"\r\n") == [501]
