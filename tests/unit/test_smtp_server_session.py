import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.smtp.command_lines import MAX_LINE
from sinyal.smtp.events import (
    Auth,
    AuthResponse,
    DataCommand,
    Event,
    Hello,
    MailData,
    MailFrom,
    PartCommand,
    Quit,
    RcptTo,
    StartTls,
)
from sinyal.smtp.reply import reply
from sinyal.smtp.server import ServerSession, Signal
from sinyal.smtp.transitions import State
from sinyal.smtp.transparency import stuff

OK, GO, BYE = reply(250, "ok"), reply(354, "go on"), reply(221, "bye")
BEGUN = b"EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n"
CHALLENGE, READY = reply(334, "VXNlcg=="), reply(220, "ready")
REPLIES = {
    DataCommand: GO,
    PartCommand: GO,
    Quit: BYE,
    Auth: CHALLENGE,
    StartTls: READY,
}

# What peers send, well formed and not.
WORDS = st.sampled_from([
    b"EHLO client.example\r\n",
    b"MAIL FROM:<a@b.example> SIZE=10\r\n",
    b"MAIL FROM:<>\r\n",
    b"RCPT TO:<c@d.example>\r\n",
    b"RCPT TO:<bad\r\n",
    b"DATA\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"AUTH PLAIN\r\n",
    b"*\r\n",
    b"AGE=\r\n",
    b"text\r\n",
    b"..text\r\n",
    b".\r\n",
    b"\n.\n",
    b"\r.\r",
    b".\r",
    b"\n",
    b"\r\r\n",
    b"x" * 60,
    b"x" * (MAX_LINE + 1) + b"\r\n",
    b"\x00\xff\r\n",
    b"BDAT 4\r\na\r\nb",
    b"BDAT 0 LAST\r\n",
    b"BDAT 9\r\n",
    b"XACK OFF\r\n",
    b"XMRG FROM:<a@b.example>\r\n",
    b"XDFN a=1\r\n",
    b"XPRT 1\r\n",
    b"XPRT 2 LAST\r\n",
    b"XCLIENT ADDR=192.0.2.1\r\n",
    b"MAIL FROM:<\xc3\xbc@b.example> SMTPUTF8 RET=FULL\r\n",
    b"GET / HTTP/1.1\r\n",
    b"XDFN a=" + b"x" * 60,
])
FEATURES = frozenset(("CHUNKING", "SMTPUTF8", "DSN", "VERP", "XMRG", "XCLIENT"))


def drive(pieces: list[bytes], max_octets: int = 50) -> tuple[list[Event], bytes]:
    """The events and the replies of a session fed these pieces."""
    session, events, said = ServerSession(max_octets), [], b""
    session.features = FEATURES
    session.max_line_octets = max_octets * 3 // 4
    session.greet(reply(220, "hello"))
    for piece in pieces:
        session.receive_data(piece)
        while not isinstance(event := session.next_event(), Signal):
            events.append(event)
            session.send(REPLIES.get(type(event), OK))
        said += session.data_to_send()
    return events, said


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=30), st.lists(st.integers(0, 3000), max_size=30))
def test_events_and_replies_do_not_depend_on_how_the_octets_are_cut(
    words: list[bytes], cuts: list[int]
) -> None:
    for octets in (b"".join(words), BEGUN + b"".join(words)):
        are_seen_alike(octets, cuts)


def are_seen_alike(octets: bytes, cuts: list[int]) -> None:
    bounds = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    pieces = [octets[a:b] for a, b in itertools.pairwise(bounds)]
    assert drive(pieces) == drive([octets])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_octets_upset_the_session(octets: bytes) -> None:
    drive([octets])
    drive([b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n", octets])


def test_a_whole_transaction_is_seen_as_its_events() -> None:
    events, said = drive([
        b"EHLO c\r\nMAIL FROM:<a@b.c> SIZE=9 BODY=8BITMIME\r\nrcpt to:<d@e.f>\r\n"
        b"DATA\r\n..x\r\n.\r\nQUIT\r\n"
    ])
    assert events == [
        Hello("c"),
        MailFrom("a@b.c", 9, "8BITMIME", {"SIZE": "9", "BODY": "8BITMIME"}),
        RcptTo("d@e.f", "rcpt to:<d@e.f>"),
        DataCommand(),
        MailData(b".x\r\n"),
        Quit(),
    ]
    assert said.endswith(b"250 ok\r\n221 bye\r\n")


def test_a_pending_event_holds_the_ones_behind_it_back() -> None:
    session = ServerSession()
    session.receive_data(b"NOOP\r\nNOOP\r\n")
    session.next_event()
    assert session.next_event() is Signal.PAUSED
    assert session.buffered_octets == 6
    session.send(OK)
    assert not isinstance(session.next_event(), Signal)


def test_a_line_without_end_and_a_message_above_the_limit_cost_bounded_memory() -> None:
    session = ServerSession(1000)
    for _ in range(1000):
        session.receive_data(b"x" * 1000)
        session.next_event()
    assert session.buffered_octets < 2 * MAX_LINE
    session.receive_data(b"\r\nEHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n")
    while not isinstance(event := session.next_event(), Signal):
        session.send(REPLIES.get(type(event), OK))
    for _ in range(1000):
        session.receive_data(b"x" * 1000)
        assert session.next_event() is Signal.NEED_DATA
    assert session.buffered_octets < 3000
    session.data_to_send()
    session.receive_data(b"\r\n.\r\n")
    session.next_event()
    assert session.data_to_send().startswith(b"552 5.3.4 ")
    assert session.state is State.GREETED


def test_auth_responses_are_decoded_and_end_with_the_verdict() -> None:
    session = ServerSession()
    session.receive_data(b"EHLO c\r\n")
    session.next_event()
    session.send(OK)
    session.receive_data(b"AUTH LOGIN =\r\n")
    assert session.next_event() == Auth("LOGIN", b"")
    session.send(CHALLENGE)
    session.receive_data(b"YWxpY2U=\r\n")
    assert session.next_event() == AuthResponse(b"alice")
    session.send(reply(235, "in"))
    assert session.state is State.GREETED
    assert session.is_authenticated


def test_a_421_ends_the_session() -> None:
    session = ServerSession()
    session.receive_data(b"NOOP\r\nNOOP\r\n")
    session.next_event()
    session.send(reply(421, "going down"))
    assert session.next_event() is Signal.CLOSED


def test_a_refused_greeting_ends_the_session_before_it_begins() -> None:
    session = ServerSession()
    session.greet(reply(521, "no"))
    session.receive_data(b"EHLO c\r\n")
    assert session.next_event() is Signal.CLOSED
    assert session.data_to_send() == b"521 no\r\n"


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(1, 50))
def test_a_line_of_content_that_is_too_long_is_refused_however_it_comes(
    lengths: list[int], step: int
) -> None:
    content = b"".join(b"x" * length + b"\r\n" for length in lengths)
    octets = ENVELOPE + content + b".\r\nNOOP\r\n"
    session = ServerSession()
    session.max_line_octets = 20
    said = b""
    for at in range(0, len(octets), step):
        session.receive_data(octets[at : at + step])
        while not isinstance(event := session.next_event(), Signal):
            session.send(REPLIES.get(type(event), OK))
        said += session.data_to_send()
    code = b"500 5.5.2 " if max(lengths) > 20 else b"250 "
    assert said.splitlines()[-2].startswith(code)


def test_a_line_of_content_without_end_costs_less_than_a_megabyte() -> None:
    session = ServerSession()
    session.receive_data(ENVELOPE)
    while not isinstance(event := session.next_event(), Signal):
        session.send(REPLIES.get(type(event), OK))
    piece, most = b"x" * 250_000, 0
    for _ in range(1000):
        session.receive_data(piece)
        session.next_event()
        most = max(most, session.held_octets)
    assert most < 1_000_000
    session.data_to_send()
    session.receive_data(b"\r\n.\r\nNOOP\r\n")
    assert not isinstance(session.next_event(), Signal)
    assert session.data_to_send().startswith(b"500 5.5.2 line of the message")


def test_a_long_pipeline_asks_for_its_replies_to_be_written_meanwhile() -> None:
    session = ServerSession()
    session.receive_data(b"NOOP\r\n" * 10_000)
    answered = 0
    while not isinstance(session.next_event(), Signal):
        session.send(OK)
        answered += 1
        if session.has_much_to_say:
            assert len(session.data_to_send()) < 16_000
    assert answered == 10_000
    assert len(session.data_to_send()) < 16_000


LINES = st.sampled_from([b"", b".", b"..", b".x", b"x", b"x.", b"x" * 70])
ENVELOPE = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"


@settings(max_examples=200)
@given(st.lists(LINES, max_size=12), st.lists(st.integers(0, 300), max_size=12))
def test_a_message_arrives_as_it_was_written_however_its_lines_begin(
    lines: list[bytes], cuts: list[int]
) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    octets = ENVELOPE + stuff(content) + b"QUIT\r\n"
    bounds = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    pieces = [octets[a:b] for a, b in itertools.pairwise(bounds)]

    events, _ = drive(pieces, max_octets=2000)

    assert [one.octets for one in events if isinstance(one, MailData)] == [content]
    assert isinstance(events[-1], Quit)
