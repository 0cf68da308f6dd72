import pytest
from smtp_scripted import Scripted

from sinyal.smtp import merge
from sinyal.smtp.events import Acknowledge, Define, MailData, MailFrom, RcptTo
from sinyal.smtp.reply import reply
from sinyal.smtp.transitions import State

BEGIN = b"EHLO x\r\nXMRG FROM:<a@b.test> VERP\r\n"
RCPT = b"XDFN name=Ann *parts=1,2\r\nRCPT TO:<c@d.test>\r\n"
BAD = reply(550, "5.7.1 relaying denied")


def begun(octets: bytes = RCPT, **more: object) -> Scripted:
    one = Scripted(**more)
    one.feed(BEGIN + octets)
    return one


def test_a_merge_is_seen_as_its_events() -> None:
    one = begun()
    codes = one.codes(b"XPRT 1\r\na\r\n..b\r\n.\r\nXPRT 2 LAST\r\nc\r\n.\r\nNOOP\r\n")

    mail = MailFrom("a@b.test", parameters={"VERP": ""}, is_verp=True, is_merge=True)
    variables = {"name": "Ann", "*parts": "1,2"}
    assert one.events[1:4] == [
        mail,
        Define(variables),
        RcptTo("c@d.test", "RCPT TO:<c@d.test>", variables=variables),
    ]
    data = [event for event in one.events if isinstance(event, MailData)]
    assert data == [MailData(b"a\r\n.b\r\n", 1, False), MailData(b"c\r\n", 2, True)]
    assert codes == [354, 250, 354, 250, 250]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (b"A=1 b=2", {"a": "1", "b": "2"}),
        (b'a="x y"  b=', {"a": "x y", "b": ""}),
        (b'a="say \\"hi\\" \\\\ \\n"', {"a": 'say "hi" \\ \\n'}),
        (b"a_1=x=y *priority=80", {"a_1": "x=y", "*priority": "80"}),
        ("a=Ünal".encode(), {"a": "Ünal"}),
    ],
)
def test_variables_are_read_in_either_form(
    text: bytes, variables: dict[str, str]
) -> None:
    assert merge.define(text) == Define(variables)


@pytest.mark.parametrize(
    "text",
    [b"", b"a", b"1a=x", b"_a=x", b'a="x', b'a="x"y', b"a=1 A=2", b"a=\xff", b"=x"],
)
def test_what_defines_nothing_is_refused(text: bytes) -> None:
    answer = merge.define(text)
    assert not isinstance(answer, Define)
    assert answer.code == 501


@pytest.mark.parametrize(
    "octets",
    [
        b"XPRT 2 LAST\r\n",
        b"XPRT 1\r\na\r\n.\r\nXPRT 3 LAST\r\n",
        b"XPRT 1\r\na\r\n.\r\nXPRT 1 LAST\r\n",
        b"XPRT 1\r\na\r\n.\r\nRCPT TO:<e@f.test>\r\n",
        b"XPRT 1\r\na\r\n.\r\nXMRG FROM:<>\r\n",
        b"XDFN a=1\r\nXPRT 1 LAST\r\n",
    ],
)
def test_parts_out_of_order_end_the_submission(octets: bytes) -> None:
    one = begun()
    assert one.codes(octets)[-1] == 503
    assert one.session.state is State.GREETED
    assert one.session.held_octets == 0
    assert one.codes(b"XPRT 2 LAST\r\n") == [503]


@pytest.mark.parametrize("octets", [b"DATA\r\n", b"BDAT 3 LAST\r\nabc"])
def test_parts_alone_carry_the_content_of_a_merge(octets: bytes) -> None:
    one = begun()
    assert one.codes(octets) == [503]
    assert one.codes(b"XPRT 1 LAST\r\na\r\n.\r\n") == [354, 250]


def test_parts_together_are_bounded_by_the_limit() -> None:
    one = begun(max_octets=20)
    ten = b"12345678\r\n.\r\n"
    octets = b"XPRT 1\r\n" + ten + b"XPRT 2\r\n" + ten + b"XPRT 3 LAST\r\n" + ten
    assert one.codes(octets)[-1] == 552
    assert one.session.state is State.GREETED


def test_variables_are_bounded_and_their_recipient_is_refused() -> None:
    one = begun(b"")
    many = b" ".join(b"a%d=1" % number for number in range(1001))
    assert one.codes(b"XDFN " + many + b"\r\n") == [552]
    assert one.codes(b"RCPT TO:<c@d.test>\r\n") == [503]
    assert one.codes(b"XDFN a=" + b"x" * 65_000 + b"\r\n") == [250]
    assert one.codes(b"XDFN b=" + b"x" * 65_000 + b"\r\n") == [552]
    assert one.codes(b"RCPT TO:<c@d.test>\r\n") == [503]
    assert one.codes(b"XDFN a=", *[b"x" * 1000] * 1000, b"\r\n") == [500]
    assert one.codes(b"RCPT TO:<c@d.test>\r\n") == [503]
    assert one.codes(b"XDFN a=1\r\nXDFN a=2\r\nRCPT TO:<c@d.test>\r\n") == [
        250,
        501,
        503,
    ]
    assert one.codes(RCPT) == [250, 250]


def test_the_variables_of_a_refused_recipient_are_not_the_next_ones() -> None:
    one = begun(b"XDFN a=1\r\nRCPT TO:<bad\r\nRCPT TO:<c@d.test>\r\n")
    assert one.events[-1] == RcptTo("c@d.test", "RCPT TO:<c@d.test>")


def test_errors_that_xack_keeps_back_come_with_the_content() -> None:
    one = Scripted(refused={"no@d.test": BAD})
    said = one.feed(
        b"EHLO x\r\nXACK OFF\r\n" + BEGIN[8:] + RCPT + b"RCPT TO:<no@d.test>\r\n" * 2
    )
    assert said == ["250 ok"] * 3
    assert one.events[1] == Acknowledge(is_on=False)
    assert one.feed(b"XPRT 1 LAST\r\n") == ["550 5.7.1 relaying denied"]
    assert one.session.state is State.GREETED
    assert one.codes(BEGIN[8:] + RCPT + b"XPRT 1 LAST\r\na\r\n.\r\n") == [250, 354, 250]


def test_a_chunk_tells_the_error_kept_back_when_it_has_been_read() -> None:
    one = Scripted(refused={"no@d.test": BAD})
    one.feed(b"EHLO x\r\nXACK OFF\r\nMAIL FROM:<>\r\nRCPT TO:<no@d.test>\r\n")
    assert one.codes(b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") == [550, 250]


def test_errors_outside_a_submission_are_ignored_while_xack_is_off() -> None:
    one = Scripted()
    assert one.codes(b"EHLO x\r\nXACK OFF\r\nRCPT TO:<c@d.test>\r\nXDFN x\r\n") == [
        250,
        250,
    ]
    assert one.codes(BEGIN[8:] + RCPT + b"XACK ON\r\n" + RCPT) == [250, 250, 250, 250]
    assert one.codes(b"XPRT 1 LAST\r\na\r\n.\r\n") == [354, 250]


@pytest.mark.parametrize("line", [b"XMRG FROM:<>", b"XDFN a=1", b"XPRT 1", b"XACK ON"])
def test_a_merge_that_is_not_served_is_not_implemented(line: bytes) -> None:
    one = Scripted(features=frozenset())
    assert one.codes(b"EHLO x\r\n" + line + b"\r\n") == [250, 502]
