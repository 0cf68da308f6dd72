import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.smtp.client import (
    MAX_REPLY_OCTETS,
    BrokenReply,
    ClientSession,
    NeedsUtf8,
    Wishes,
)
from sinyal.smtp.reply import Reply, reply

EHLO = Reply(250, ("mx", "PIPELINING", "size 1000", "8BITMIME", "AUTH PLAIN LOGIN"))


def replies(pieces: list[bytes]) -> list[Reply]:
    session, found = ClientSession(), []
    for piece in pieces:
        session.receive_data(piece)
        while one := session.next_reply():
            found.append(one)
    return found


@settings(max_examples=100)
@given(st.lists(st.integers(0, 80), max_size=10))
def test_replies_do_not_depend_on_how_the_octets_are_cut(cuts: list[int]) -> None:
    octets = b"250-one\r\n250-two\r\n250 three\r\n354\r\n421 4.3.2 gone\n550 \xff\r\n"
    bounds = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    assert replies([octets[a:b] for a, b in itertools.pairwise(bounds)]) == [
        Reply(250, ("one", "two", "three")),
        reply(354),
        reply(421, "4.3.2 gone"),
        reply(550, "\ufffd"),
    ]


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_octets_upset_the_session(octets: bytes) -> None:
    try:
        replies([octets])
    except BrokenReply as error:
        assert isinstance(error, ConnectionError)


@pytest.mark.parametrize("octets", [b"HTTP/1.1 400\r\n", b"25\r\n", b"999 x\r\n"])
def test_what_is_no_reply_breaks_the_connection(octets: bytes) -> None:
    with pytest.raises(BrokenReply):
        replies([octets])


@pytest.mark.parametrize("line", [b"250-x\r\n", b"x"])
def test_a_reply_without_end_breaks_the_connection(line: bytes) -> None:
    with pytest.raises(BrokenReply):
        replies([line * (MAX_REPLY_OCTETS // len(line) + 1000)])


def test_the_parameters_of_mail_are_those_the_peer_understands() -> None:
    session = ClientSession()
    assert session.envelope("a@b", ("c@d",), b"\xff") == [
        b"MAIL FROM:<a@b>\r\n",
        b"RCPT TO:<c@d>\r\n",
        b"DATA\r\n",
    ]
    session.content(b"\xff")
    session.greeted(EHLO)
    assert session.extensions["AUTH"] == "PLAIN LOGIN"
    first = session.envelope("", ("c@d",), b"\xff")[0]
    assert first == b"MAIL FROM:<> SIZE=1 BODY=8BITMIME\r\n"


WISHES = Wishes(
    ret="HDRS", env_id="job 7", notify="NEVER", orcpt="rfc822;c+2Bx@d", is_utf8=True
)


def test_wishes_go_to_a_peer_that_understands_them() -> None:
    session = ClientSession()
    plain = session.envelope("a@b", ("c@d",), b"", WISHES)
    assert plain[:2] == [b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n"]
    session.content(b"")
    session.greeted(Reply(250, ("mx", "DSN", "SMTPUTF8")))
    assert session.envelope("a@b", ("c@d",), b"", WISHES)[:2] == [
        b"MAIL FROM:<a@b> RET=HDRS ENVID=job+207\r\n",
        b"RCPT TO:<c@d> NOTIFY=NEVER ORCPT=rfc822;c+2Bx@d\r\n",
    ]


def test_a_message_in_utf8_goes_only_to_a_peer_that_takes_it() -> None:
    session = ClientSession()
    header = "Subject: ü\r\n\r\n".encode()
    with pytest.raises(NeedsUtf8):
        session.envelope("a@b", ("c@d",), header, WISHES)
    with pytest.raises(NeedsUtf8):
        session.envelope("ü@b", ("c@d",), b"")
    assert session.envelope("a@b", ("c@d",), header)[0] == b"MAIL FROM:<a@b>\r\n"
    session.content(b"")
    session.greeted(Reply(250, ("mx", "SMTPUTF8")))
    first = session.envelope("ü@b", ("c@d",), b"")[0]
    assert first == "MAIL FROM:<ü@b> SMTPUTF8\r\n".encode()


def test_a_transaction_without_content_is_reset_before_the_next() -> None:
    session = ClientSession()
    session.envelope("a@b", ("c@d",), b"")
    assert session.envelope("a@b", ("c@d",), b"")[0] == b"RSET\r\n"
    session.content(b"")
    assert session.envelope("a@b", ("c@d",), b"")[0] == b"MAIL FROM:<a@b>\r\n"


@pytest.mark.parametrize("address", ["a@b>\r\nDATA", "a b@c", "a@b\n", "<a@b"])
def test_an_address_that_would_end_its_command_is_not_written(address: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        ClientSession().envelope("", (address,), b"")


def test_what_was_learnt_in_the_clear_is_forgotten_inside_tls() -> None:
    session = ClientSession()
    session.greeted(EHLO)
    session.receive_data(b"250 injected\r\n")
    session.secured()
    assert session.extensions == {}
    assert session.next_reply() is None
