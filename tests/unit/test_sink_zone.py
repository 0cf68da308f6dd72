"""The DNS stub answers for its own world and denies every other."""

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sinyal.sink.zone import Zone

ZONE = Zone(
    "sink.test", "127.0.0.1", {"k._domainkey.pmta.test": 'v=DKIM1; p="' + "A" * 300}
)


def ask(name: str, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    response = ZONE.answer(query.to_wire())
    assert response is not None
    return dns.message.from_wire(response)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("accept.sink.test", "MX", "10 mx.accept.sink.test."),
        ("Not-Gmail.Sink.TEST", "MX", "10 mx.not-gmail.sink.test."),
        ("mx.accept.sink.test", "A", "127.0.0.1"),
        ("sink.test", "A", "127.0.0.1"),
    ],
)
def test_a_name_of_the_zone_has_its_mail_server_here(name, kind, expected):
    (rrset,) = ask(name, kind).answer
    assert rrset[0].to_text().lower() == expected


@pytest.mark.parametrize(
    ("name", "kind"), [("mx.a.sink.test", "AAAA"), ("a.sink.test", "TXT")]
)
def test_a_type_that_a_name_does_not_have_is_an_empty_answer(name, kind):
    response = ask(name, kind)
    assert response.rcode() == dns.rcode.NOERROR
    assert not response.answer


@pytest.mark.parametrize("name", ["example.com", "notsink.test", "test"])
def test_a_name_outside_the_zone_does_not_exist(name):
    assert ask(name, "MX").rcode() == dns.rcode.NXDOMAIN


def test_a_long_text_comes_in_several_strings():
    (rrset,) = ask("k._domainkey.pmta.test", "TXT").answer
    assert b"".join(rrset[0].strings) == b'v=DKIM1; p="' + b"A" * 300


def test_a_response_is_not_answered():
    response = dns.message.make_response(dns.message.make_query("a.sink.test", "MX"))
    assert ZONE.answer(response.to_wire()) is None


@settings(max_examples=150)
@example(dns.message.make_query("a.sink.test", "MX").to_wire()[:-3])
@given(st.binary(max_size=80))
def test_any_datagram_gets_an_answer_or_none(octets):
    response = ZONE.answer(octets)
    assert response is None or dns.message.from_wire(response).flags & dns.flags.QR
