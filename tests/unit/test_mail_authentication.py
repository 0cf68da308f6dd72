"""Authentication-Results as text, and the check of the client's name."""

import email
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_dns import TIMEOUT, run

from sinyal.mail import authentication, iprev, lookup

HOST = "mta.example.net"


def test_a_clause_holds_method_result_comment_and_properties() -> None:
    assert authentication.clause("dkim", "none") == "dkim=none"
    made = authentication.clause(
        "spf",
        "pass",
        [("smtp.mailfrom", "a@example.org"), ("smtp.helo", "")],
        "mx of (example.org)",
    )
    assert made == r"spf=pass (mx of \(example.org\)) smtp.mailfrom=a@example.org"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a@b.example", "a@b.example"),
        ("@b.example", "@b.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", '"2001:db8::1"'),
        ('a"b\\c@d', '"a\\"b\\\\c@d"'),
        ("a\r\nX: y", '"a??X: y"'),
        ("caf\u00e9", '"caf?"'),
        ("x;y", '"x;y"'),
    ],
)
def test_a_value_that_is_no_token_is_quoted(value: str, shown: str) -> None:
    assert authentication.clause("m", "r", [("p", value)]) == f"m=r p={shown}"


@given(st.text(max_size=500), st.text(max_size=2000))
def test_the_field_is_one_field_of_short_lines(value: str, comment: str) -> None:
    clause = authentication.clause("spf", "fail", [("smtp.mailfrom", value)], comment)
    field = authentication.field(HOST, [clause, "dkim=none"])
    lines = field.removesuffix(b"\r\n").split(b"\r\n")
    assert all(line[:1] in b"\tA" and len(line) < 4000 for line in lines)
    assert b"\n" not in field.replace(b"\r\n", b"")
    parsed = email.message_from_bytes(field + b"\r\n")
    assert parsed.keys() == ["Authentication-Results"]


def test_a_field_without_results_says_none() -> None:
    assert authentication.field(HOST, []) == (
        b"Authentication-Results: mta.example.net;\r\n\tnone\r\n"
    )


@pytest.mark.parametrize(
    ("value", "is_ours"),
    [
        (b"mta.example.net; spf=pass", True),
        (b"MTA.example.NET 1; none", True),
        (b'"mta.example.net" ; none', True),
        (b" (a (b) mta.example.net; none", False),
        (b"(a \\) b) (c)\r\n mta.example.net; none", True),
        (b"(a (b(c)) d)(e) mta.example.net; none", True),
        (b"mta.example.net.; none", True),
        (b"mta.example.network; spf=pass", False),
        (b"other.example; x (mta.example.net)", False),
        (b"", False),
    ],
)
def test_fields_that_claim_to_be_ours_are_known(value: bytes, is_ours: bool) -> None:
    assert authentication.is_from(value, HOST) is is_ours


IP = ip_address("192.0.2.1")
PTR = (lookup.reverse_name(IP), "PTR")
HELO = "a.example"


@pytest.mark.parametrize(
    ("zone", "helo", "result"),
    [
        ({PTR: ["A.example."], (HELO, "A"): ["192.0.2.1"]}, HELO, "pass"),
        ({PTR: ["b.example", "a.example"], (HELO, "A"): ["192.0.2.1"]}, HELO, "pass"),
        ({PTR: ["b.example"], ("b.example", "A"): ["192.0.2.1"]}, HELO, "fail"),
        ({PTR: ["a.example"], (HELO, "A"): ["192.0.2.9"]}, HELO, "fail"),
        ({PTR: ["a.example"]}, HELO, "fail"),
        ({}, HELO, "permerror"),
        ({PTR: TIMEOUT}, HELO, "temperror"),
        ({PTR: ["a.example"], (HELO, "A"): TIMEOUT}, HELO, "temperror"),
        ({PTR: ["a.example"]}, "", "none"),
        ({PTR: ["a.example"]}, "[192.0.2.1]", "fail"),
    ],
)
def test_the_name_of_the_client_is_judged(zone, helo: str, result: str) -> None:
    assert run(iprev.check(IP, helo), zone).result == result


def test_an_address_of_ipv6_is_looked_up_as_such() -> None:
    ip = lookup.client_address("2001:db8::1")
    zone = {(lookup.reverse_name(ip), "PTR"): [HELO], (HELO, "AAAA"): ["2001:DB8::1"]}
    assert run(iprev.check(ip, HELO), zone).result == "pass"
    assert lookup.client_address("::ffff:192.0.2.1") == IP
