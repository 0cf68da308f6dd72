import pytest
from hypothesis import given
from hypothesis import strategies as st
from smtp_scripted import ALL, Scripted

from sinyal.smtp import xtext
from sinyal.smtp.address import has_bad_domain
from sinyal.smtp.events import MailFrom, RcptTo, Verify, XClient
from sinyal.smtp.grammar import PARSERS, Parsed
from sinyal.smtp.reply import Reply


def parse(line: str, features: frozenset[str] = ALL) -> Parsed:
    verb, _, argument = line.encode().partition(b" ")
    return PARSERS[verb](line.encode(), argument, features)


def code(line: str, features: frozenset[str] = ALL) -> int:
    answer = parse(line, features)
    return answer.code if isinstance(answer, Reply) else 250


def test_what_a_sender_asks_of_reports_is_read() -> None:
    mail = parse("MAIL FROM:<a@b> RET=hdrs ENVID=QQ+2B+20314 BODY=8bitmime SIZE=5")
    assert isinstance(mail, MailFrom)
    assert (mail.ret, mail.env_id, mail.size) == ("HDRS", "QQ+ 314", 5)
    rcpt = parse("RCPT TO:<a@b> NOTIFY=success,Delay ORCPT=rfc822;Bob+2Bx@b")
    assert isinstance(rcpt, RcptTo)
    assert (rcpt.notify, rcpt.orcpt) == ("SUCCESS,DELAY", "rfc822;Bob+2Bx@b")
    original = parse("RCPT TO:<a@b> ORCPT=utf-8;b\\x{FC}@b")
    assert isinstance(original, RcptTo)


@pytest.mark.parametrize(
    "parameters",
    [
        "RET=BOTH", "RET", "RET=FULL RET=FULL", "ENVID=", "ENVID=a+2", "ENVID=+0A",
        "ENVID=" + "x" * 101, "VERP=yes", "SMTPUTF8=1", "BODY=BINARYMIME",
        "SIZE=-1", "SIZE=1 SIZE=1", "SIZE=", "SIZE=" + "9" * 21, "SIZE=1.5",
    ],
)  # fmt: skip
def test_values_that_mean_nothing_are_refused(parameters: str) -> None:
    assert code(f"MAIL FROM:<a@b> {parameters}") == 501


@pytest.mark.parametrize(
    "parameters",
    [
        "NOTIFY=NEVER,DELAY", "NOTIFY=", "NOTIFY=ALL", "NOTIFY=DELAY,DELAY",
        "NOTIFY=NEVER NOTIFY=NEVER", "ORCPT=a@b", "ORCPT=rfc822;a+b", "ORCPT=;a",
        "ORCPT=rfc822;" + "x" * 500,
    ],
)  # fmt: skip
def test_wishes_of_a_recipient_that_mean_nothing_are_refused(parameters: str) -> None:
    assert code(f"RCPT TO:<a@b> {parameters}") == 501


@pytest.mark.parametrize("word", ["RET=FULL", "ENVID=x", "SMTPUTF8", "VERP", "XVERP=x"])
def test_parameters_of_what_is_not_served_are_unknown(word: str) -> None:
    assert code(f"MAIL FROM:<a@b> {word}", frozenset()) == 555


def test_twenty_parameters_are_unknown() -> None:
    words = " ".join(f"P{number}=1" for number in range(20))
    assert code(f"MAIL FROM:<> {words}") == 555


def test_a_size_beyond_all_limits_is_too_large() -> None:
    one = Scripted(max_octets=1000)
    line = b"MAIL FROM:<> SIZE=99999999999999999999\r\n"
    assert one.codes(b"EHLO x\r\n" + line) == [250, 552]


def test_octets_above_127_are_addresses_with_smtputf8_alone() -> None:
    one = Scripted()
    mail, rcpt = "MAIL FROM:<bücher@b.test>".encode(), "RCPT TO:<ü@ü.test>".encode()
    said = one.feed(
        b"EHLO x\r\n" + mail + b"\r\nMAIL FROM:<>\r\n" + rcpt + b"\r\nRSET\r\n"
    )
    assert [line[:9] for line in said[1:]] == [
        "553 5.6.7", "250 ok", "553 5.6.7", "250 ok",
    ]  # fmt: skip
    assert one.codes(mail + b" SMTPUTF8\r\n" + rcpt + b"\r\n") == [250, 250]
    assert one.codes(b"RSET\r\nMAIL FROM:<\xff@b.test> SMTPUTF8\r\n") == [250, 501]
    assert one.codes(b"MAIL FROM:<\xff@b.test>\r\n") == [553]


def test_vrfy_takes_other_scripts_with_smtputf8_alone() -> None:
    assert parse("VRFY bücher SMTPUTF8") == Verify("bücher")
    assert code("VRFY bücher") == 553
    assert code("VRFY bücher SMTPUTF8", frozenset()) == 553
    assert parse("VRFY joe") == Verify("joe")


@pytest.mark.parametrize(
    ("address", "is_bad"),
    [
        ("a@" + "b" * 63 + ".test", False),
        ("a@" + "b" * 64 + ".test", True),
        ("a@" + "ü" * 40 + ".test", False),
        ("a@" + "ü" * 63 + ".test", True),
        ("a@[192.0.2.1]", False),
        ("a@[192.0.2.256]", True),
        ("a@[IPv6:2001:db8::1]", False),
        ("a@[IPv6:2001:db8::g]", True),
        ("a@[x-tag:data]", True),
        ('"a@b c"@' + "d." * 127 + "e", False),
        ("a@" + "b" * 320, True),
    ],
)
def test_the_limits_of_domains_are_those_of_the_dns(address: str, is_bad: bool) -> None:
    assert has_bad_domain(address) is is_bad


@pytest.mark.parametrize(
    "address",
    ["a;b@c.test", "$(id)@c.test", "`id`@c.test", '"; rm -rf \\" /"@c.test', "|x@c.d"],
)
def test_what_a_shell_would_run_is_data_or_no_address(address: str) -> None:
    answer = parse(f"RCPT TO:<{address}>")
    assert isinstance(answer, Reply) or answer.address == address


def test_a_recipient_that_is_no_address_comes_through_where_it_may() -> None:
    answer = parse("RCPT TO:<joe at b> NOTIFY=NEVER", ALL | {"INVALID-RCPT"})
    assert isinstance(answer, RcptTo)
    assert (answer.address, answer.is_valid, answer.notify) == (
        "joe at b",
        False,
        "NEVER",
    )
    assert code("RCPT TO:<joe at b>") == 501


def test_xclient_tells_who_the_client_is() -> None:
    line = "XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 port=25 LOGIN=a+2Bb"
    assert parse(line) == XClient({
        "NAME": "", "ADDR": "2001:db8::1", "PORT": "25", "LOGIN": "a+b",
    })  # fmt: skip
    assert code(line, frozenset()) == 502


@pytest.mark.parametrize(
    "argument",
    ["", "ADDR=300.1.1.1", "PORT=65536", "PROTO=HTTP", "FOO=1", "NAME=+0Ax", "NAME",
     "NAME=a NAME=b", "HELO=+FF"],
)  # fmt: skip
def test_xclient_that_means_nothing_is_refused(argument: str) -> None:
    assert code(f"XCLIENT {argument}") == 501


def test_xclient_begins_the_session_anew() -> None:
    one = Scripted()
    line = b"XCLIENT ADDR=192.0.2.1\r\n"
    assert one.codes(line + b"MAIL FROM:<>\r\nEHLO x\r\n" + line) == [
        220, 503, 250, 220,
    ]  # fmt: skip
    assert one.codes(b"EHLO x\r\nMAIL FROM:<>\r\n" + line) == [250, 250, 503]


@given(st.binary(max_size=60))
def test_xtext_gives_back_what_was_written_in_it(octets: bytes) -> None:
    assert xtext.decode(xtext.encode(octets).decode()) == octets


@given(
    st.sampled_from(["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "XCLIENT", "XDFN"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
)
def test_whatever_stands_in_parameters_is_read_or_refused(head: str, tail: str) -> None:
    parse(f"{head} {tail}")
