"""Fields by offsets, encoded words, addresses, trace, rewriting, job ids."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import formatdate, parseaddr, parsedate_to_datetime
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.mail import address, header, trace
from sinyal.mail.job import pmtaSafeJobID, safe_job_id
from sinyal.mail.rewrite import rewrite
from sinyal.mail.trace import Hop

MESSAGE = (
    b"Received: from x\r\n\tby y\r\nSubject: a\r\n  b\r\nno field at all\r\n"
    b"X-JOB : promo \r\nsubject: second\r\n\r\nX-Job: body\r\n\r\nmore"
)
PIECES = st.sampled_from([
    *(b"A: b", b"X-Job:", b" ", b"\t", b"\r\n", b"\n", b"\r", b":", b"=?", b"?="),
    *(b"=?utf-8?q?a?=", b"=?utf-8?b?w6k=?=", b"\xc3\xa9", b"\xff", b"x", b"\r\n\r\n"),
])
CONTENTS = st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=15).map(b"".join)


def test_a_message_is_split_after_its_header():
    assert header.split(b"A: b\r\n\r\nbody") == (6, 8)
    assert header.split(b"A: b\n\nbody\r\n\r\n") == (5, 6)
    assert header.split(b"\r\nbody") == (0, 2)
    assert header.split(b"A: b\r\n") == (6, 6)
    assert header.split(b"") == (0, 0)
    assert header.split(b"xxA: b\r\n\r\nbody", 2, 12) == (8, 10)


def test_fields_are_found_with_their_offsets_and_unfolded():
    found = header.fields(MESSAGE)
    assert [(one.name, one.value) for one in found] == [
        (b"Received", b"from x\tby y"),
        (b"Subject", b"a  b"),
        (b"X-JOB", b"promo"),
        (b"subject", b"second"),
    ]
    assert MESSAGE[found[1].start : found[1].end] == b"Subject: a\r\n  b\r\n"
    assert header.named(found, b"SUBJECT") == found[1]
    assert header.named(found, b"Date") is None


def test_the_first_field_of_a_name_is_found_in_any_case():
    assert header.first(MESSAGE, b"x-job") == b"promo"
    assert header.first(MESSAGE, b"Subject") == b"a  b"
    assert header.first(MESSAGE, b"Job") is None
    assert header.first(b"\r\nA: b\r\n", b"A") is None


def test_removing_and_inserting_leave_all_other_octets():
    removed = header.remove(MESSAGE, b"subject")
    assert removed == MESSAGE.replace(b"Subject: a\r\n  b\r\n", b"").replace(
        b"subject: second\r\n", b""
    )
    assert header.remove(MESSAGE, b"Date") is MESSAGE
    assert header.insert(b"ac", 1, b"b") == b"abc"


@settings(max_examples=200)
@given(CONTENTS)
def test_fields_of_anything_are_inside_the_header_and_in_order(content):
    split = header.split(content)
    at = 0
    for field in header.fields(content):
        assert at <= field.start < field.end <= split.header_end
        assert content[field.start : field.end].startswith(field.name)
        at = field.end
        assert header.first(content, field.name) is not None
    assert content[split.header_end : split.body_start] in {b"", b"\n", b"\r\n"}


@settings(max_examples=200)
@given(CONTENTS, st.sampled_from([b"A", b"X-Job"]))
def test_a_removed_name_is_gone_and_the_body_stays(content, name):
    removed = header.remove(content, name)
    body_at = header.split(content).body_start
    assert removed.endswith(content[body_at:])
    if header.split(removed).header_end:
        assert header.first(removed[: header.split(removed).header_end], name) is None


@settings(max_examples=200)
@given(CONTENTS)
def test_decoding_never_fails(value):
    header.decode(value)
    address.parse(value)


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120))
def test_an_encoded_value_is_decoded_by_us_and_by_the_standard_library(text):
    value = header.encode(text)
    assert all(len(line) <= 76 for line in value.split(b"\r\n ") if b"=?" in line)
    if b"=?" in value:
        assert header.decode(header.unfold(value)) == text
        assert str(make_header(decode_header(value.decode()))) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"caf\xc3\xa9", "caf\u00e9"),
        (b"caf\xe9", "caf\u00e9"),
        (b"=?ISO-8859-1?Q?caf=E9_x?= y", "caf\u00e9 x y"),
        (b"=?utf-8?B?w6k?=", "\u00e9"),
        (b"=?utf-8?q?=C3?= \t=?utf-8?q?=A9?=", "\u00e9"),
        (b"a =?utf-8?q?b?= =?iso-8859-1?q?c?= d", "a bc d"),
        (b"=?utf-8*en?q?x?=", "x"),
        (b"=?punycode?q?x?= =?idna?b?eA==?=", "=?punycode?q?x?= =?idna?b?eA==?="),
        (b"=?utf-8?b?!!!!x?= end", "=?utf-8?b?!!!!x?= end"),
        (b"=?utf-8?q?=FF?=", "\ufffd"),
        (b"=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
    ],
)
def test_encoded_words_are_undone(value, text):
    assert header.decode(value) == text


@pytest.mark.parametrize("piece", [b"=?a?b?", b"=?", b"=?utf-8?q??= ", b"\r\n ", b"<"])
def test_giant_values_are_read_in_one_pass(piece):
    value = piece * 100_000
    header.decode(value)
    address.parse(value)
    header.fields(b"A:" + value)


@pytest.mark.parametrize(
    ("value", "name", "spec"),
    [
        (b"a@b.example", "", "a@b.example"),
        (b"A B <a@b.example>", "A B", "a@b.example"),
        (b'"B, A \\"x\\"" <a@b.example>, c@d', 'B, A "x"', "a@b.example"),
        (b"a@b.example (A (x) B)", "A (x) B", "a@b.example"),
        (b"=?utf-8?q?Caf=C3=A9=2C?= <a@b.example>", "Caf\u00e9,", "a@b.example"),
        (b"Toko <@r1,@r2:a@b.example>", "Toko", "a@b.example"),
        (b"group: A <a@b.example>, c@d;", "A", "a@b.example"),
        (b"undisclosed-recipients:;", "", ""),
        (b"", "", ""),
        (b"nobody", "", ""),
        (b"A <>", "A", ""),
        (b'"a@b"@c.example', "", '"a@b"@c.example'),
        (b"A <a@b.example", "A", "a@b.example"),
    ],
)
def test_the_first_mailbox_is_read(value, name, spec):
    assert address.parse(value) in {
        address.Mailbox(name, spec),
        address.Mailbox(name, spec.replace('"', "")),
    }


def test_our_mailbox_is_the_standard_librarys_for_ordinary_values():
    for value in ("a@b.example", "A B <a@b.example>", '"A, B" <a@b.example>'):
        found = address.parse(value.encode())
        assert (found.name, found.address) == parseaddr(value)


def test_addresses_are_taken_apart():
    assert address.domain("a@B.Example.") == "b.example"
    assert address.domain("nobody") == ""
    assert address.local("a@b@c.example") == "a@b"


# Trace

HOP = Hop(
    helo="feeder.example",
    from_ip="192.0.2.7",
    by="mta.example",
    with_protocol="ESMTPSA",
    id="0000000000000001",
    at=1772615720,
    rcpt="a@b.example",
    mail_from="c@d.example",
    tls="TLSv1.3 AES",
)


def test_the_received_field_is_one_that_others_read():
    field = trace.received(HOP)
    parsed = message_from_bytes(field + b"\r\n", policy=policy.default)["Received"]
    assert " ".join(parsed.split()) == (
        "from feeder.example (192.0.2.7) by mta.example (sinyal) with ESMTPSA"
        " (TLSv1.3 AES) id 0000000000000001 for <a@b.example>;"
        " Wed, 04 Mar 2026 09:15:20 +0000 (envelope-from <c@d.example>)"
    )


def test_a_peer_cannot_write_into_the_field():
    hostile = Hop(
        helo="x)\r\nX-Job: forged\r\n\r\n;(",
        from_ip="",
        by="mta",
        with_protocol="SMTP",
        id="1",
        at=0,
        mail_from="a\nb>c\u00e9",
    )
    field = trace.received(hostile)
    (one,) = header.fields(field)
    assert one.name == b"Received"
    assert field.isascii()
    assert one.value.count(b";") == 1


def test_a_hidden_source_is_not_shown():
    hop = Hop(helo="", from_ip="", by="mta", with_protocol="ESMTP", id="1", at=0)
    assert trace.received(hop).startswith(b"Received: by mta (sinyal) with ESMTP id 1;")


@given(st.integers(0, 4_000_000_000))
def test_dates_are_those_of_the_standard_library(at):
    assert trace.date(at) == formatdate(at).replace("-0000", "+0000")
    assert parsedate_to_datetime(trace.date(at)).timestamp() == at


def test_the_missing_fields_are_made():
    assert trace.date_field(0) == b"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
    made = trace.message_id_field("abc", "mta.example")
    assert made == b"Message-ID: <abc@mta.example>\r\n"


# Rewriting


class Rule(NamedTuple):
    source: str
    target: str


@pytest.mark.parametrize(
    ("source", "target", "address", "result"),
    [
        ("*@d.example", "*@bounces.d.example", "x@D.Example", "x@bounces.d.example"),
        ("*@d.example", "*@bounces.d.example", "x@e.example", "x@e.example"),
        ("*@d.example", "*@bounces.d.example", "", ""),
        ("a@d.example", "b@e.example", "A@d.example", "b@e.example"),
        ("a@d.example", "b@e.example", "aa@d.example", "aa@d.example"),
        ("a@*", "a@*", "a@Any.Example", "a@Any.Example"),
        ("a@*", "b@*", "a@any.example", "b@any.example"),
        ("*@*", "<>", "x@y.example", ""),
        ("*@*", "z@z.example", "", ""),
        ("<>", "post@z.example", "", "post@z.example"),
        ("<>", "post@z.example", "x@y.example", "x@y.example"),
        ("*@d.example", "*@e.example", "a@b@d.example", "a@b@e.example"),
    ],
)
def test_a_rule_rewrites_what_it_matches(source, target, address, result):
    assert rewrite([Rule(source, target)], address) == result


def test_the_first_matching_rule_decides():
    rules = [Rule("a@x", "1@x"), Rule("*@x", "2@x"), Rule("*@*", "<>")]
    assert rewrite(rules, "a@x") == "1@x"
    assert rewrite(rules, "b@x") == "2@x"
    assert rewrite(rules, "b@y") == ""
    assert rewrite([], "b@y") == "b@y"


# Job ids

ALLOWED = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    r"""!#$%&'()*+,-./:;<=>?@[\]^_{|}~"""
)


def test_every_character_is_kept_or_becomes_an_underscore():
    every = "".join(map(chr, range(32, 256)))
    safe = safe_job_id(every)
    assert len(safe) == len(every)
    for was, now in zip(every, safe, strict=True):
        assert now == (was if was in ALLOWED else "_")
    assert {c for c in every if c in ALLOWED} == set(ALLOWED)
    assert safe_job_id(' "`') == "___"


@given(st.text())
def test_a_safe_job_id_is_safe_already(text):
    safe = safe_job_id(text)
    assert set(safe) <= set(ALLOWED)
    assert safe_job_id(safe) == safe


def test_the_seeds_name_is_the_same_function():
    assert pmtaSafeJobID is safe_job_id


@pytest.mark.parametrize("charset", sorted(header.CHARSETS))
def test_every_charset_that_is_known_can_be_decoded(charset: str):
    word = b"=?%b?q?abc?=" % charset.encode()
    assert isinstance(header.decode(word), str)


def test_thai_text_of_windows_is_read():
    assert header.decode(b"=?windows-874?q?=A1?=") == "\N{THAI CHARACTER KO KAI}"


def test_a_part_of_iso_8859_that_never_came_leaves_the_word_as_it_was():
    assert header.decode(b"=?iso-8859-12?q?abc?=") == "=?iso-8859-12?q?abc?="
