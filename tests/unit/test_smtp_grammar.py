import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.smtp.events import Auth, Hello, MailFrom, RcptTo
from sinyal.smtp.grammar import PARSERS, Parsed
from sinyal.smtp.reply import Reply
from sinyal.smtp.transitions import TRANSITIONS

ALL = frozenset(("CHUNKING", "SMTPUTF8", "DSN", "VERP", "XMRG", "XCLIENT"))


def parse(line: bytes, features: frozenset[str] = frozenset()) -> Parsed:
    verb, _, argument = line.partition(b" ")
    return PARSERS[verb.upper()](line, argument, features)


def code(line: bytes, features: frozenset[str] = frozenset()) -> int:
    answer = parse(line, features)
    return answer.code if isinstance(answer, Reply) else 0


def test_every_verb_of_the_transitions_has_a_parser() -> None:
    assert {verb for row in TRANSITIONS.values() for verb in row} == PARSERS.keys()


@pytest.mark.parametrize(
    "address",
    [
        "joe@example.net",
        "JOE+tag/x=y@Sub.Example.NET.",
        "a..b.@docomo.example",
        '"a b\\"c"@example.net',
        "joe@[192.0.2.1]",
        "joe@[IPv6:2001:db8::1]",
        "jsmith-jdoe=yahoo.com@example.com",
    ],
)
def test_addresses_of_the_field_are_read_as_they_are(address: str) -> None:
    line = f"RCPT TO:<{address}>"
    assert parse(line.encode()) == RcptTo(address, line)
    assert parse(f"MAIL FROM:<{address}>".encode()) == MailFrom(address)


@pytest.mark.parametrize(
    "path",
    ["a b@c", "a@b@c", "a@", "@b", "a", "a@-b", "a@b c", "a@b>x", 'a"b@c', "a@b..[c]"],
)
def test_what_is_no_address_is_refused(path: str) -> None:
    assert code(f"RCPT TO:<{path}>".encode()) == 501
    assert code(f"MAIL FROM:<{path}>".encode()) == 501


def test_a_domain_of_more_than_255_octets_is_refused() -> None:
    labels = b".".join([b"b" * 63] * 4)
    assert len(labels) == 255
    assert code(b"RCPT TO:<a@" + labels + b">") == 0
    assert code(b"RCPT TO:<a@" + labels[1:] + b".b>") == 501


def test_the_route_in_front_of_an_address_is_ignored() -> None:
    assert parse(b"MAIL FROM:<@x.example,@y.example:a@b.c>") == MailFrom("a@b.c")


def test_hello_takes_any_printable_name() -> None:
    assert parse(b"EHLO [IPv6:::1] ") == Hello("[IPv6:::1]")
    assert parse(b"helo my_host") == Hello("my_host", is_extended=False)
    assert code(b"EHLO two words") == 501


def test_auth_decodes_the_initial_response() -> None:
    assert parse(b"AUTH plain AGEAYg==") == Auth("PLAIN", b"\0a\0b")
    assert parse(b"AUTH PLAIN =") == Auth("PLAIN", b"")
    assert parse(b"AUTH LOGIN") == Auth("LOGIN")
    assert code(b"AUTH PLAIN AGEAYg") == 501


@settings(max_examples=200)
@given(st.sampled_from(sorted(PARSERS)), st.binary(max_size=200))
def test_whatever_stands_behind_a_verb_is_read_or_refused(
    verb: bytes, argument: bytes
) -> None:
    line = verb + b" " + argument
    parse(line)
    parse(line, ALL)
    parse(line, ALL | {"INVALID-RCPT"})


@pytest.mark.parametrize("piece", [b".", b"a.", b"@a,", b'"', b"\\", b" A=", b"-"])
def test_a_hostile_line_costs_little_time(piece: bytes) -> None:
    argument = (piece * 2048)[:2048]
    started = time.process_time()
    for line in (b"MAIL FROM:<" + argument, b"RCPT TO:<a@b> " + argument):
        parse(line)
        parse(line + b">")
    assert time.process_time() - started < 0.5
