"""Values of directives; guide 3.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config import addresses, amounts, reporting, values
from sinyal.config.directives.table import DIRECTIVES
from sinyal.config.grammar import words
from sinyal.config.problem import BadValue
from sinyal.config.types import Type
from sinyal.config.vocabulary import EnableSignals, Rate, RecordFields, SmtpHost

TYPES = list({row.type.name: row.type for row in DIRECTIVES}.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4d12h", 388_800), ("1w2d12h", 820_800), ("300s", 300), ("10m", 600), ("45", 45)],
)
def test_a_time_interval_counts_seconds(text, expected):
    assert amounts.duration(text) == expected


@pytest.mark.parametrize("text", ["", "4x", "m", "-1s", "1 2", "never", "9" * 60 + "s"])
def test_other_text_is_no_time_interval(text):
    with pytest.raises(BadValue):
        amounts.duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20M", 20 << 20), ("1g", 1 << 30), ("100", 100), ("unlimited", 0), ("2k", 2048)],
)
def test_a_size_counts_octets_in_binary_multiples(text, expected):
    assert amounts.size(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/min", Rate(1, 60)),
        ("100/15m", Rate(100, 900)),
        ("5/2day", Rate(5, 172_800)),
        ("7/hr", Rate(7, 3600)),
        ("unlimited", None),
        ("0", None),
    ],
)
def test_a_rate_is_a_count_and_a_window(text, expected):
    assert amounts.rate(text) == expected


@pytest.mark.parametrize("text", ["0/min", "1/0m", "1/fortnight", "1", "1/", "/m"])
def test_other_text_is_no_rate(text):
    with pytest.raises(BadValue):
        amounts.rate(text)


@pytest.mark.parametrize("text", ["yes", "TRUE", "Yes"])
def test_a_switch_is_read_in_any_letter_case(text):
    assert values.boolean(text) is True


def test_a_list_of_waits_has_at_most_thirty_steps():
    assert amounts.durations("10m, 1h,2h") == (600, 3600, 7200)
    with pytest.raises(BadValue):
        amounts.durations(",".join(["1m"] * 31))


def test_records_are_named_by_letter_or_at_length():
    assert reporting.record_types("d, bounce,feedback-loop,rb") == ("d", "b", "f", "rb")
    assert reporting.record_fields("delivery *, !orcpt") == RecordFields(
        "d", ("*", "!orcpt")
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", EnableSignals(enabled=True)),
        ("true,subaccount=200", EnableSignals(enabled=True, subaccount_id=200)),
        ("true, 100", EnableSignals(enabled=True, subaccount_id=100)),
        ("false", EnableSignals(enabled=False)),
        ("ListOne", EnableSignals(enabled=False, filter_name="ListOne")),
    ],
)
def test_enable_signals_is_a_switch_or_a_filter(text, expected):
    assert reporting.enable_signals(text) == expected


@pytest.mark.parametrize("text", ["false,subaccount=1", "ListOne,subaccount=1", ""])
def test_a_filter_and_false_take_no_subaccount(text):
    with pytest.raises(BadValue):
        reporting.enable_signals(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0/0", "0.0.0.0/0"),
        ("10/8", "10.0.0.0/8"),
        ("173.194/16", "173.194.0.0/16"),
        ("10.0.0.5", "10.0.0.5/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("::1", "::1/128"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_a_range_may_be_shortened(text, expected):
    assert str(addresses.network(text)) == expected


@pytest.mark.parametrize("text", ["10", "10/", "10/33", "300.1/8", "10/-1", "a/8"])
def test_other_text_is_no_range(text):
    with pytest.raises(BadValue):
        addresses.network(text)


def test_a_listener_has_an_address_a_port_and_maybe_a_source():
    found = addresses.listener("[::1]:2525 source=inside")
    assert (found.host, found.port, found.source_name) == ("::1", 2525, "inside")
    for text in ["0.0.0.0", "0.0.0.0:0", "0.0.0.0:99999", "host:25", "1.2.3.4:25 x=y"]:
        with pytest.raises(BadValue):
            addresses.listener(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:2553", ("127.0.0.1", 2553)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:2553", ("2001:db8::1", 2553)),
    ],
)
def test_a_name_server_may_carry_a_port(text, expected):
    assert addresses.name_server(text) == expected


def test_a_source_host_is_one_address_or_a_range():
    assert addresses.source_host("172.31.25.101 a.example").cidr == "172.31.25.101"
    assert addresses.source_host("10.0.0/24 a.example").cidr == "10.0.0.0/24"


def test_a_domain_key_may_have_blanks_after_its_commas():
    spaced = addresses.domain_key("mypmta, Example.COM,  /etc/key.pem")
    assert (spaced.selector, spaced.domain) == ("mypmta", "example.com")
    assert spaced.filename == "/etc/key.pem"
    assert addresses.domain_key('s,*,"/etc/a b.pem"').filename == "/etc/a b.pem"


def test_smtp_hosts_have_levels_of_equal_hosts():
    assert addresses.smtp_hosts("h1, h2; [10.1.1.1]:2525; lookup-mx:x.example") == (
        (SmtpHost("h1"), SmtpHost("h2")),
        (SmtpHost("[10.1.1.1]", 2525),),
        (SmtpHost("x.example", is_mx_lookup=True),),
    )
    assert addresses.smtp_hosts('""') == ()


@pytest.mark.parametrize(
    "text", ["*@a.x *@b.x", "a@* <>", "<> bounce@x.example", "*@* <>", "a@x b@y"]
)
def test_rewrite_rules_take_every_form_of_the_guide(text):
    assert addresses.rewrite_rule(text).source == text.split()[0]


@pytest.mark.parametrize("text", ["<> *@x", "a@x", "a b", "a@x é@y", "a@x b@y c@z"])
def test_other_text_is_no_rewrite_rule(text):
    with pytest.raises(BadValue):
        addresses.rewrite_rule(text)


def test_patterns_are_searched_anywhere_in_any_letter_case():
    pattern = addresses.address_or_pattern(bare=False)("/bounce.*@x/")
    assert pattern.matches("My-BOUNCE-1@X.example")
    strict = addresses.address_or_pattern(bare=False)("/(?-i)bounce/")
    assert not strict.matches("BOUNCE")
    for text in ["/(/", "/open", "/", "plain"]:
        with pytest.raises(BadValue):
            addresses.address_or_pattern(bare=False)(text)


def test_quotes_join_words_and_protect_escapes():
    assert words(r'a "b c" "d\" \\ \$ \n"') == ["a", "b c", r'd" \ $ \n']
    with pytest.raises(BadValue):
        words('"open')


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=80).map(str.strip))
def test_every_type_reads_any_text_or_says_that_it_is_bad(kind: Type, text: str):
    try:
        kind.parse(text)
    except BadValue as bad:
        assert bad.text
