"""SPF against a DNS in memory.

The facts of many rows (record, client, result) are those of the openspf.org test suite
for RFC 7208 (release 2014.04; BSD-like licence) and of the examples of the RFC.
"""

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_dns import TIMEOUT, run

from sinyal.mail import lookup, spf
from sinyal.mail.spf_record import RecordError, parse_record

FOUR, OTHER, SIX = "1.2.3.4", "1.2.3.5", "cafe:babe::1"
LONG = "a" + "0123456789" * 6 + "123"


def pointer(ip: str) -> tuple[str, str]:
    return lookup.reverse_name(ip_address(ip)), "PTR"


ZONE = {
    ("mail.example.com", "A"): [FOUR],
    ("mail6.example.com", "AAAA"): ["cafe:babe::4"],
    ("net.example.com", "A"): ["1.1.1.1", OTHER],
    ("net.example.com", "AAAA"): ["2001:db8:1234::dead:beef"],
    ("six.example.com", "AAAA"): ["1234::1"],
    ("foo.example.com", "MX"): ["net.example.com"],
    ("six-mx.example.com", "MX"): ["six.example.com"],
    ("null-mx.example.com", "MX"): [""],
    ("many-mx.example.com", "MX"): ["mail.example.com"] * 11,
    ("foo:bar/baz.example.com", "A"): [FOUR],
    ("foo.example.xn--zckzah", "A"): [FOUR],
    ("macro%percent  space%20url-space.example.com", "A"): [FOUR],
    ("err.example.com", "*"): TIMEOUT,
    ("fails5.example.com", "TXT"): ["v=spf1 ip4:1.2.3.5 -all"],
    ("soft6.example.com", "TXT"): ["v=spf1 ip4:1.2.3.6 ~all"],
    ("neutral7.example.com", "TXT"): ["v=spf1 ip4:1.2.3.7 ?all"],
    ("broken.example.com", "TXT"): ["v=spf1 include +all"],
    ("other.example.com", "TXT"): ["v=spfl am not an SPF record"],
    ("pass.example.com", "TXT"): ["v=spf1 ip4:1.2.3.4 -all"],
    ("exp-inside.example.com", "TXT"): ["v=spf1 -all exp=no-see-um.example.com"],
    ("loop.example.com", "TXT"): ["v=spf1 include:loop2.example.com"],
    ("loop2.example.com", "TXT"): ["v=spf1 include:loop.example.com"],
    ("eight.example.com", "TXT"): ["v=spf1" + " a:net.example.com" * 8],
    ("implicit.example.com", "TXT"): ["v=spf1 a -all"],
    ("implicit.example.com", "A"): ["192.0.2.2"],
    ("_spfh.example.com", "TXT"): ["v=spf1 -a:%{h} +all"],
    pointer(FOUR): ["E3.example.com.", "liar.example.com", "mail.example.com"],
    pointer(SIX): ["e3.example.com"],
    pointer("192.168.218.42"): ["mx.elsewhere.com", "mx.d.example.com"],
    ("e3.example.com", "A"): [FOUR],
    ("e3.example.com", "AAAA"): ["CAFE:BABE::1"],
    ("mx.elsewhere.com", "A"): ["192.168.218.42"],
    ("mx.d.example.com", "A"): ["192.168.218.42"],
    ("mx.d.example.com.should.example.com", "A"): ["127.0.0.2"],
    ("1.2.3.4.gladstone.philip.user.example.com", "A"): ["127.0.0.2"],
    ("bar.foo.user.example.com", "A"): ["127.0.0.2"],
    ("no-see-um.example.com", "TXT"): ["of an include or before a redirect"],
    ("correct.example.com", "TXT"): ["Correct!"],
    ("local.example.com", "TXT"): ["%{l} in implementation"],
    ("two.example.com", "TXT"): ["one", "two"],
    ("bad-text.example.com", "TXT"): ["The %{x}-files."],
    ("accents.example.com", "TXT"): ["\xef\xbb\xbfExplanation"],
    ("dotted.example.com", "TXT"): ["This is a test."],
    ("client.example.com", "TXT"): ["%{c} is queried as %{ir}.%{v}.arpa"],
    ("40.218.168.192.example.com", "TXT"): ["%{c} not authorized by %{r} at %{t}"],
    ("why.example.com", "TXT"): ["http://example.com/why.html?l=%{L}"],
    ("from.example.com", "TXT"): ["connect from %{p}"],
    ((".".join(["somewhat.long.exp.example.com"] * 8) + ".example.com"), "TXT"): [
        "That was tricky."
    ],
}

ROWS = [
    # Terms and errors anywhere in the record; RFC 7208 4.5, 4.6
    ("v=spf1", FOUR, "neutral"),
    ("V=sPf1 ~all", FOUR, "softfail"),
    ("v=spf10 -all", FOUR, "none"),
    ("v=spf1mx -all", FOUR, "none"),
    ("v=spf1 a  -all", FOUR, "fail"),
    ("v=spf1 ip4:1.2.3.4 -all moo", FOUR, "permerror"),
    ("v=spf1 moo.cow-far_out=man:dog/cat ip4:1.2.3.4 -all", FOUR, "pass"),
    ("v=spf1 moo.cow/far_out=man:dog/cat ip4:1.2.3.4 -all", FOUR, "permerror"),
    ("v=spf1 moo.cow:far_out=man:dog/cat ip4:1.2.3.4 -all", FOUR, "permerror"),
    ("v=spf1 ip4:1.2.3.4", OTHER, "neutral"),
    ("v=spf1 redirect=d.example.com ~all", FOUR, "softfail"),
    ("v=spf1 ip4:1.2.3.4 redirect=pass.example.com", OTHER, "fail"),
    ("v=spf1 ip4:1.2.3.4 redirect:pass.example.com", FOUR, "permerror"),
    ("v=spf1 a:\xef\xbb\xbfgarbage.example.com -all", FOUR, "permerror"),
    ("v=spf1 a:example.com \x96all", FOUR, "permerror"),
    ("v=spf1 a:ctrl.example.com\rptr -all", FOUR, "permerror"),
    ("v=spf1 " + "ip4:1.2.3.4 " * 1000, FOUR, "permerror"),
    ("v=spf1 " + "ip4:1.2.3.4 " * 600, FOUR, "pass"),
    ("v=spf1 " + "?all " * 601, FOUR, "permerror"),
    # all
    ("v=spf1 -all.", FOUR, "permerror"),
    ("v=spf1 -all:foobar", FOUR, "permerror"),
    ("v=spf1 -all/8", FOUR, "permerror"),
    ("v=spf1 ?all", FOUR, "neutral"),
    ("v=spf1 all -all", FOUR, "pass"),
    # a
    ("v=spf1 a:mail.example.com -all", FOUR, "pass"),
    ("v=spf1 a:mail.example.com//33 -all", OTHER, "fail"),
    ("v=spf1 a:mail.example.com/33 -all", FOUR, "permerror"),
    ("v=spf1 a:mail.example.com//129 -all", FOUR, "permerror"),
    ("v=spf1 a:net.example.com/24//64 -all", FOUR, "pass"),
    ("v=spf1 a:net.example.com/24//64 -all", "2001:db8:1234::cafe:babe", "pass"),
    ("v=spf1 a:net.example.com/24/64 -all", FOUR, "permerror"),
    ("v=spf1 a:net.example.com//64 -all", FOUR, "fail"),
    ("v=spf1 a:net.example.com/24 -all", "2001:db8:1234::cafe:babe", "fail"),
    ("v=spf1 a:example.com:8080", FOUR, "permerror"),
    ("v=spf1 a:nothing.example.com/0 -all", FOUR, "fail"),
    ("v=spf1 a:net.example.com/0 -all", "9.9.9.9", "pass"),
    ("v=spf1 a:net.example.com/0 -all", "1234::1", "fail"),
    ("v=spf1 a:six.example.com//0 -all", FOUR, "fail"),
    ("v=spf1 a:six.example.com//0 -all", "::ffff:1.2.3.4", "fail"),
    ("v=spf1 a:six.example.com//0 -all", "9::9", "pass"),
    ("v=spf1 a:foo.example.com\0", FOUR, "permerror"),
    ("v=spf1 a:111.222.33.44", FOUR, "permerror"),
    ("v=spf1 a:abc.123", FOUR, "permerror"),
    ("v=spf1 a:museum", FOUR, "permerror"),
    ("v=spf1 a:museum.", FOUR, "permerror"),
    ("v=spf1 a:foo-bar -all", FOUR, "permerror"),
    ("v=spf1 a:example.-com", FOUR, "permerror"),
    ("v=spf1 a:", FOUR, "permerror"),
    ("v=spf1 a:foo:bar/baz.example.com", FOUR, "pass"),
    ("v=spf1 a:foo.example.xn--zckzah -all", FOUR, "pass"),
    ("v=spf1 a:mail.example...com -all", FOUR, "fail"),
    (f"v=spf1 a:{LONG}.example.com -all", FOUR, "fail"),
    # include
    ("v=spf1 include:fails5.example.com ~all", FOUR, "softfail"),
    ("v=spf1 include:soft6.example.com all", FOUR, "pass"),
    ("v=spf1 include:neutral7.example.com -all", FOUR, "fail"),
    ("v=spf1 include:err.example.com -all", FOUR, "temperror"),
    ("v=spf1 include:broken.example.com -all", FOUR, "permerror"),
    ("v=spf1 include:other.example.com -all", FOUR, "permerror"),
    ("v=spf1 include:fails5.example.com/24 -all", FOUR, "permerror"),
    ("v=spf1 include +all", FOUR, "permerror"),
    ("v=spf1 include: -all", FOUR, "permerror"),
    # mx
    ("v=spf1 mx:foo.example.com/24", FOUR, "pass"),
    ("v=spf1 mx:foo.example.com/33", FOUR, "permerror"),
    ("v=spf1 mx:foo.example.com -all", FOUR, "fail"),
    ("v=spf1 mx:six-mx.example.com//0 -all", FOUR, "fail"),
    ("v=spf1 mx:six-mx.example.com//0 -all", "9::9", "pass"),
    ("v=spf1 mx:null-mx.example.com", FOUR, "neutral"),
    ("v=spf1 mx:mail.example.com", FOUR, "neutral"),
    ("v=spf1 mx:many-mx.example.com", FOUR, "permerror"),
    ("v=spf1 mx: -all", FOUR, "permerror"),
    # exists
    ("v=spf1 exists:mail.example.com", FOUR, "pass"),
    ("v=spf1 exists:mail.example.com", "cafe:babe::3", "pass"),
    ("v=spf1 exists:mail6.example.com -all", "cafe:babe::3", "fail"),
    ("v=spf1 exists:mail.example.com/24", FOUR, "permerror"),
    ("v=spf1 exists", FOUR, "permerror"),
    ("v=spf1 exists:", FOUR, "permerror"),
    ("v=spf1 exists:err.example.com -all", "cafe:babe::3", "temperror"),
    # ip4 and ip6
    ("v=spf1 ip4:1.1.1.1/0 -all", FOUR, "pass"),
    ("v=spf1 ip4:1.2.3.4/32 -all", FOUR, "pass"),
    ("v=spf1 ip4:1.2.3.4/33 -all", FOUR, "permerror"),
    ("v=spf1 ip4:1.2.3.4/032 -all", FOUR, "permerror"),
    ("v=spf1 ip4", FOUR, "permerror"),
    ("v=spf1 ip4:1.2.3.4//32", FOUR, "permerror"),
    ("v=spf1 -ip4:1.2.3.4 ip6:::FFFF:1.2.3.4", "::ffff:1.2.3.4", "fail"),
    ("v=spf1 ip4:1.2.3.4:8080", FOUR, "permerror"),
    ("v=spf1 ip4:1.2.3", FOUR, "permerror"),
    ("v=spf1 -all ip6", FOUR, "permerror"),
    ("v=spf1 ip6:::1.1.1.1/0", FOUR, "neutral"),
    ("v=spf1 ip6:::1.1.1.1/0", "deaf:babe::cab:fee", "pass"),
    ("v=spf1 ip6:::1.1.1.1/129", FOUR, "permerror"),
    ("v=spf1 ip6:::1.1.1.1//33", FOUR, "permerror"),
    ("v=spf1 ip6:Cafe:Babe:8000::/33", "cafe:babe:8000::", "pass"),
    ("v=spf1 ip6::CAFE::BABE", FOUR, "permerror"),
    # ptr
    ("v=spf1 ptr/0 -all", FOUR, "permerror"),
    ("v=spf1 ptr:example.Com -all", FOUR, "pass"),
    ("v=spf1 ptr:e3.example.com -all", SIX, "pass"),
    ("v=spf1 ptr:liar.example.com -all", FOUR, "fail"),
    ("v=spf1 ptr -all", "192.168.218.42", "pass"),
    ("v=spf1 ptr:", FOUR, "permerror"),
    # modifiers
    ("v=spf1 redirect=erehwon.example.com", FOUR, "permerror"),
    ("v=spf1 redirect=-all ?all", FOUR, "permerror"),
    ("v=spf1 ?all redirect=", FOUR, "permerror"),
    (
        "v=spf1 redirect=a.example.com -all redirect=a.example.com",
        FOUR,
        "permerror",
    ),
    ("v=spf1 exp=a.example.com -all exp=a.example.com", FOUR, "permerror"),
    ("v=spf1 exp= -all", FOUR, "permerror"),
    ("v=spf1 exp=-all", FOUR, "permerror"),
    ("v=spf1 1up=foo", FOUR, "permerror"),
    ("v=spf1 =all", FOUR, "permerror"),
    ("v=spf1 -all foo=%abc", FOUR, "permerror"),
    ("v=spf1 default=+", FOUR, "neutral"),
    ("v=spf1 redirect=implicit.example.com", "192.0.2.2", "pass"),
    # macros
    ("v=spf1 -all exp=%{r}.example.com", FOUR, "permerror"),
    ("v=spf1 -exists:%(ir).sbl.example.com ?all", FOUR, "permerror"),
    ("v=spf1 exists:foo%.sbl.example.com ?all", FOUR, "permerror"),
    ("v=spf1 a:%{a}.example.com -all", FOUR, "permerror"),
    ("v=spf1 a:%{d0}.example.com -all", FOUR, "permerror"),
    (
        "v=spf1 a:macro%%percent%_%_space%-url-space.example.com -all",
        FOUR,
        "pass",
    ),
    ("v=spf1 a:%{H} -all", FOUR, "pass"),
    ("v=spf1 -include:_spfh.%{d2} ip4:1.2.3.0/24 -all", FOUR, "pass"),
    ("v=spf1 exists:%{p}.should.example.com", "192.168.218.42", "pass"),
    # limits; RFC 7208 4.6.4
    ("v=spf1 ip4:1.1.1.1 redirect=d.example.com", FOUR, "permerror"),
    ("v=spf1 include:loop.example.com", FOUR, "permerror"),
    ("v=spf1" + " a:net.example.com" * 10 + " ip4:1.2.3.4", FOUR, "pass"),
    ("v=spf1" + " a:net.example.com" * 11 + " ip4:1.2.3.4", FOUR, "permerror"),
    (
        "v=spf1 a:net.example.com include:eight.example.com ip4:1.2.3.4 mx",
        FOUR,
        "pass",
    ),
    (
        "v=spf1 a:net.example.com include:eight.example.com mx ip4:1.2.3.4",
        FOUR,
        "permerror",
    ),
    ("v=spf1 a:no1.example.com a:no2.example.com ?all", FOUR, "neutral"),
    (
        "v=spf1 a:no1.example.com a:no2.example.com a:no3.example.com ?all",
        FOUR,
        "permerror",
    ),
    (
        "v=spf1 a:no1.example.com a:no2.example.com exp=no3.example.com -all",
        FOUR,
        "fail",
    ),
]


def checked(
    record: str,
    ip: str = FOUR,
    mail_from: str = "foo@d.example.com",
    helo: str = "mail.example.com",
) -> spf.Result:
    zone = {**ZONE, ("d.example.com", "TXT"): [record]}
    who = spf.sender(ip, mail_from, helo, "mta.example.net", 1_700_000_000)
    return run(spf.check(who), zone)


@pytest.mark.parametrize(("record", "ip", "result"), ROWS)
def test_a_record_decides_as_the_rfc_says(record: str, ip: str, result: str) -> None:
    assert checked(record, ip).result == result


@pytest.mark.parametrize(
    ("record", "explanation"),
    [
        ("v=spf1 -all exp=correct.example.com", "Correct!"),
        ("v=spf1 -all exp=dotted.example.com.", "This is a test."),
        ("v=spf1 -all exp=local.example.com", "foo in implementation"),
        ("v=spf1 -all exp=two.example.com", ""),
        ("v=spf1 -all exp=err.example.com", ""),
        ("v=spf1 -all exp=mail.example.com", ""),
        ("v=spf1 -all exp=bad-text.example.com", ""),
        ("v=spf1 -all exp=accents.example.com", ""),
        (
            "v=spf1 exp=no-see-um.example.com redirect=fails5.example.com",
            "",
        ),
        (
            "v=spf1 include:exp-inside.example.com -all exp=correct.example.com",
            "Correct!",
        ),
    ],
)
def test_a_refusal_says_what_its_own_domain_says(record: str, explanation: str) -> None:
    result = checked(record)
    assert (result.result, result.explanation) == ("fail", explanation)


@pytest.mark.parametrize(
    ("record", "ip", "explanation"),
    [
        (
            "v=spf1 -all exp=%{ir}.example.com",
            "192.168.218.40",
            "192.168.218.40 not authorized by mta.example.net at 1700000000",
        ),
        (
            "v=spf1 -all exp=client.example.com",
            "192.168.218.40",
            "192.168.218.40 is queried as 40.218.168.192.in-addr.arpa",
        ),
        (
            "v=spf1 -all exp=client.example.com",
            SIX,
            f"cafe:babe::1 is queried as {'.'.join('1' + '0' * 23 + 'ebabefac')}"
            ".ip6.arpa",
        ),
        ("v=spf1 -all exp=from.example.com", "10.0.0.1", "connect from unknown"),
        (
            "v=spf1 -all exp=from.example.com",
            "192.168.218.42",
            "connect from mx.d.example.com",
        ),
    ],
)
def test_macros_tell_of_the_client(record: str, ip: str, explanation: str) -> None:
    assert checked(record, ip).explanation == explanation


def test_upper_case_macros_are_escaped() -> None:
    zone = {**ZONE, ("d.example.com", "TXT"): ["v=spf1 -all exp=why.%{D2}"]}
    who = spf.sender(FOUR, "~jack&jill=up-a_b3.c@d.example.com", "h.example", "r", 0)
    explanation = run(spf.check(who), zone).explanation
    assert explanation == "http://example.com/why.html?l=~jack%26jill%3Dup-a_b3.c"


@pytest.mark.parametrize(
    ("mail_from", "record"),
    [
        ("philip-gladstone-test@d.example.com", "exists:%{i}.%{l2r-}.user.%{d2}"),
        ("foo-bar+zip+quux@d.example.com", "exists:%{l2r+-}.user.%{d2}"),
    ],
)
def test_a_local_part_is_split_reversed_and_cut(mail_from: str, record: str) -> None:
    assert checked(f"v=spf1 {record} -all", mail_from=mail_from).result == "pass"


def test_a_long_name_loses_labels_on_its_left() -> None:
    domain = "somewhat.long.exp.example.com"
    record = f"v=spf1 -all exp=foobar.{'%{o}.' * 8}example.com"
    who = spf.sender(FOUR, f"test@{domain}", "mail.example.com", "r", 0)
    result = run(spf.check(who), {**ZONE, (domain, "TXT"): [record]})
    assert result.explanation == "That was tricky."


@pytest.mark.parametrize(
    ("mail_from", "helo", "result"),
    [
        (f"a@{LONG}.example.com", "mail.example.net", "none"),
        ("a@A...example.com", "mail.example.net", "none"),
        ("a@[1.2.3.5]", "OEMCOMPUTER", "none"),
        ("", "A2345678", "none"),
        ("", "[1.2.3.5]", "none"),
        ("a@xn--bcher-kva.example.com", "h", "none"),
        ("a@err.example.com", "h", "temperror"),
        ("@d.example.com", "h", "fail"),
        ("", "d.example.com", "fail"),
        ("Macro Error@d.example.com", "h", "fail"),
    ],
)
def test_the_domain_of_the_sender_or_of_helo_counts(
    mail_from: str, helo: str, result: str
) -> None:
    assert checked("v=spf1 -all", mail_from=mail_from, helo=helo).result == result


def test_an_empty_local_part_is_that_of_the_postmaster() -> None:
    result = checked("v=spf1 -all exp=local.example.com", mail_from="@d.example.com")
    assert result.explanation == "postmaster in implementation"


@pytest.mark.parametrize("helo", ["JUMPIN' JUPITER", "[192.168.218.40]", ""])
def test_a_helo_that_is_no_name_matches_nothing(helo: str) -> None:
    assert checked("v=spf1 a:%{H} -all", helo=helo).result == "fail"


@pytest.mark.parametrize(
    ("records", "result"),
    [
        (["v=spf1 -all", "V=sPf1 +all"], "permerror"),
        (["v=spf10", "v=spf1 ip4:1.2.3.4", "\x96"], "pass"),
        ([], "none"),
    ],
)
def test_one_record_of_a_domain_counts(records: list[str], result: str) -> None:
    who = spf.sender(FOUR, "a@d.example.com", "h", "r", 0)
    zone = {("d.example.com", "TXT"): records}
    assert run(spf.check(who), zone).result == result


def test_the_operator_may_allow_more_empty_answers() -> None:
    record = "v=spf1 a:no1.example.com a:no2.example.com a:no3.example.com ?all"
    who = spf.sender(FOUR, "a@d.example.com", "h", "r", 0)
    zone = {("d.example.com", "TXT"): [record]}
    assert run(spf.check(who, void_lookups=3), zone).result == "neutral"


@given(
    st.text(
        alphabet=st.sampled_from("v=spf1 al-+~?mxptr:/%{}dilsoph.0249_exists"),
        max_size=60,
    )
)
def test_no_record_breaks_the_parser(text: str) -> None:
    with suppress(RecordError):
        parse_record("v=spf1 " + text)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_every_sender_gets_a_result(record: str, mail_from: str, helo: str) -> None:
    zone = {("d.example.com", "TXT"): [f"v=spf1 {record}"]}
    who = spf.sender(FOUR, f"{mail_from}@d.example.com", helo, "r", 0)
    assert run(spf.check(who), zone).result in {
        *("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror")
    }
