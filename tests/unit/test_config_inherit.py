"""Which entries apply, and what they say together; rules DOM, SRC, RLY, SIG."""

import pytest
from config_files import OneFile
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config import load
from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.config.vocabulary import DomainKey, RewriteRule, SignalsDecision, SourceHost


def configuration(text):
    loaded = load("/c/main", OneFile(text))
    assert loaded.configuration, [str(problem) for problem in loaded.problems]
    return loaded.configuration


def domain(pattern, *lines):
    return f"<domain {pattern}>\n" + "\n".join(lines) + "\n</domain>\n"


# The guide's worked example with settings of ours; DOM-4.
ENTRIES = [
    domain("discard.port25.com", "bounce-after 1h"),
    domain("*.port25.com", "dkim-sign yes"),
    domain("[*.]port25.com", "bounce-after 4d"),
    domain("*", "bounce-after 5d"),
]


@pytest.mark.parametrize("entries", [ENTRIES, ENTRIES[::-1]])
@pytest.mark.parametrize(
    ("name", "bounce_after", "dkim_sign"),
    [
        ("discard.port25.com", 3_600, True),
        ("DISCARD.Port25.com.", 3_600, True),
        ("other.port25.com", 345_600, True),
        ("deep.other.port25.com", 345_600, True),
        ("port25.com", 345_600, False),
        ("notport25.com", 432_000, False),
        ("example.com", 432_000, False),
    ],
)
def test_the_most_specific_entry_that_sets_a_directive_decides(
    entries, name, bounce_after, dkim_sign
):
    found = configuration("".join(entries)).domain_for(name)
    assert (found.bounce_after, found.dkim_sign) == (bounce_after, dkim_sign)


def test_address_literals_fall_into_ranges_the_longer_mask_first():
    text = domain("[0/0]", "max-smtp-out 1") + domain("[10/8]", "max-smtp-out 2")
    found = configuration(text + domain("*", "bounce-after 1h"))
    assert found.domain_for("[10.1.2.3]").max_smtp_out == 2
    assert found.domain_for("[192.0.2.1]").max_smtp_out == 1
    assert found.domain_for("[192.0.2.1]").bounce_after == 3600
    assert found.domain_for("[nonsense]").max_smtp_out == 20


def test_international_names_are_compared_as_a_labels():
    found = configuration(domain("bücher.example", "max-smtp-out 3"))
    assert found.domain_for("xn--bcher-kva.example").max_smtp_out == 3
    assert found.domain_for("BÜCHER.example").max_smtp_out == 3


def test_a_macro_stands_for_every_value_and_a_written_entry_beats_it():
    text = domain("gmail.com", "max-smtp-out 7")
    text += domain("$BIG", "max-smtp-out 9", "dkim-sign yes")
    text += "domain-macro BIG $MORE, yahoo.com\ndomain-macro MORE gmail.com,aol.com\n"
    found = configuration(text)
    assert found.domain_for("yahoo.com").max_smtp_out == 9
    assert found.domain_for("aol.com").max_smtp_out == 9
    assert found.domain_for("gmail.com").max_smtp_out == 7
    assert found.domain_for("gmail.com").dkim_sign is True


def test_several_macros_in_one_pattern_give_every_combination():
    text = "domain-macro A a,b\ndomain-macro B .c,.d\n" + domain(
        "$A$B", "dkim-sign yes"
    )
    found = configuration(text)
    assert all(
        found.domain_for(name).dkim_sign for name in ("a.c", "a.d", "b.c", "b.d")
    )


def test_the_virtual_mta_counts_before_its_pool_and_that_before_the_global_level():
    text = domain("example.com", "max-smtp-out 1", "bounce-after 1h", "retry-after 1m")
    text += "<virtual-mta v>\n" + domain("*", "max-smtp-out 3") + "</virtual-mta>\n"
    text += "<virtual-mta-pool p>\nvirtual-mta v\n"
    text += domain("*", "max-smtp-out 2", "bounce-after 2h") + "</virtual-mta-pool>\n"
    found = configuration(text)
    queue = found.domain_for("example.com", "v")
    assert (queue.max_smtp_out, queue.bounce_after) == (3, 7200)
    assert queue.retry_after == (60,)
    assert found.domain_for("example.com").max_smtp_out == 1


def test_queues_with_the_same_entries_share_one_record():
    found = configuration(domain("*", "max-smtp-out 4"))
    assert found.domain_for("a.example") is found.domain_for("b.example")
    first = found.source_for("192.0.2.1")
    assert first is found.source_for("192.0.2.2")


def test_a_million_names_do_not_grow_the_memory_of_answers():
    found = configuration(domain("*", "max-smtp-out 4"))
    for number in range(50_000):
        found.domain_for(f"d{number}.example")
    assert len(found.domains._by_question._answers) <= 20_000


def source(place, *lines):
    return f"<source {place}>\n" + "\n".join(lines) + "\n</source>\n"


def test_every_range_contributes_and_the_longest_prefix_decides():
    text = source("10.0.0.5", "process-x-job yes")
    text += source("10/8", "always-allow-relaying yes")
    text += source("0/0", "always-allow-relaying no", "process-x-job no")
    found = configuration(text)
    both = found.source_for("10.0.0.5")
    assert both.process_x_job and both.always_allow_relaying
    assert found.source_for("10.0.0.6").always_allow_relaying
    assert not found.source_for("192.0.2.1").always_allow_relaying


def test_named_sources_lie_over_the_ranges_and_the_users_over_both():
    text = source("0/0", "process-x-job no", "allow-auth yes", "max-message-size 1M")
    text += source("inside", "process-x-job yes", "max-message-size 2M")
    text += source("{auth}", "max-message-size 3M")
    text += source("own", "max-message-size 4M")
    text += "<smtp-user u>\npassword x\n</smtp-user>\n"
    text += "<smtp-user o>\npassword x\nsource own\n</smtp-user>\n"
    found = configuration(text)
    sizes = [
        found.source_for("192.0.2.1"),
        found.source_for("192.0.2.1", "inside"),
        found.source_for("192.0.2.1", "inside", "u"),
        found.source_for("192.0.2.1", "inside", "o"),
    ]
    assert [size.max_message_size >> 20 for size in sizes] == [1, 2, 3, 4]
    assert [size.process_x_job for size in sizes] == [False, True, True, True]


def test_ipv6_and_mapped_addresses_find_their_ranges():
    text = source("2001:db8::/32", "allow-auth no") + source("10/8", "smtp-service no")
    found = configuration(text + source("0/0", "require-auth yes"))
    assert not found.source_for("2001:db8::9").allow_auth
    assert not found.source_for("::ffff:10.1.1.1").smtp_service
    assert found.source_for("2001:db9::1").require_auth
    assert found.source_for("not an address").smtp_service


def test_relaying_is_granted_by_domain_address_and_host_name():
    text = "relay-domain *.a.example\nrelay-address Info@b.example\n"
    text += "relay-address /^abuse@/\nhost-name mail.example\n"
    relays = configuration(text).relays
    assert relays("x@sub.a.example") and not relays("x@a.example")
    assert relays("info@B.example") and not relays("other@b.example")
    assert relays("abuse@anywhere.example") and relays("x@mail.example")
    assert not relays("no-domain") and not relays("")


def test_keys_hosts_and_rules_are_inherited():
    text = "domain-key g, *, g.pem\nsmtp-source-host 10.0.0.1 g.example\n"
    text += "<rewrite-list a>\nmail-from *@a *@b\n</rewrite-list>\n"
    text += "<rewrite-list b>\nmail-from *@c *@d\n</rewrite-list>\n"
    text += source("0/0", "rewrite-list a")
    text += "<virtual-mta v>\ndomain-key v, v.example, v.pem\n"
    text += "smtp-source-host 10.0.0.2 v.example\n</virtual-mta>\n"
    text += "<virtual-mta w>\nmax-smtp-out 3\n</virtual-mta>\n"
    text += "<virtual-mta-pool p>\nvirtual-mta v\nvirtual-mta w\nrewrite-list b\n"
    text += "max-smtp-out 9\ndomain-key p, p.example, p.pem\n</virtual-mta-pool>\n"
    found = configuration(text)
    assert [key.selector for key in found.keys_for("v")] == ["v", "p", "g"]
    assert found.keys_for("{default}") == (DomainKey("g", "*", "/c/g.pem"),)
    assert found.source_hosts_for("v") == (SourceHost("10.0.0.2", "v.example"),)
    assert found.source_hosts_for("w") == (SourceHost("10.0.0.1", "g.example"),)
    assert found.virtual_mtas["v"].max_smtp_out == 9
    assert found.virtual_mtas["w"].max_smtp_out == 3
    rules = found.rewrite_for(found.source_for("10.0.0.1"), "v")
    assert rules == (RewriteRule("*@a", "*@b"), RewriteRule("*@c", "*@d"))


def test_processors_read_addresses_local_parts_patterns_and_files():
    text = "<bounce-processor>\n<address-list x>\naddress Abuse\n"
    text += "address fbl@a.example\naddress /^b-.*@c/\ndomain d.example\n"
    text += "</address-list>\n</bounce-processor>\n"
    matches = configuration(text).bounce_processor.matches
    for address in ("abuse@any", "FBL@A.example", "b-1@c.example", "x@D.example"):
        assert matches(address)
    for address in ("x@any", "fbl@b.example", "x@sub.d.example", ""):
        assert not matches(address)


def test_the_listeners_section_form_and_its_default():
    assert configuration("").listeners[0].port == 25
    text = source("inside", "allow-auth no")
    text += "<smtp-listener [::1]:2525>\nsource inside\n</smtp-listener>"
    (found,) = configuration(text).listeners
    assert (found.host, found.port, found.source_name) == ("::1", 2525, "inside")


# --- enable-signals: the guide's use cases -------------------------------------------

SIGNALS = f"<signals>\napi-key {'0' * 40}\n</signals>\n"
NONE = SignalsDecision(enabled=False)


def yes(subaccount=0):
    return SignalsDecision(enabled=True, subaccount_id=subaccount)


def vmta(name, switch=""):
    line = f"enable-signals {switch}\n" if switch else ""
    return f"<virtual-mta {name}>\n{line}</virtual-mta>\n"


def pool(name, switch, *members):
    lines = [f"enable-signals {switch}"] + [f"virtual-mta {one}" for one in members]
    return f"<virtual-mta-pool {name}>\n" + "\n".join(lines) + "\n</virtual-mta-pool>\n"


def rules(name, *lines):
    body = "".join(f"sender-or-from {line}\n" for line in lines)
    return f"<signals-filter {name}>\n{body}</signals-filter>\n"


OFF, ON = "enable-signals false\n", "enable-signals true\n"
EXACT = [f"d{number}.c enable-signals,subaccount={number}00" for number in range(1, 7)]
USE_CASES = {
    1: (OFF + vmta("a"), [("a", "x.c", NONE), ("{default}", "x.c", NONE)]),
    2: (
        ON + vmta("a") + vmta("b"),
        [("a", "x.c", yes()), ("b", "x.c", yes()), ("{default}", "x.c", yes())],
    ),
    3: (
        OFF + vmta("mktg", "true") + vmta("sales"),
        [("mktg", "x.c", yes()), ("sales", "x.c", NONE), ("{default}", "x.c", NONE)],
    ),
    4: (
        OFF
        + vmta("mktg", "true,subaccount=100")
        + vmta("sales", "true,subaccount=200"),
        [("mktg", "x", yes(100)), ("sales", "x", yes(200)), ("{default}", "x", NONE)],
    ),
    5: (
        OFF + vmta("v1") + vmta("v2") + vmta("v3") + pool("p", "true", "v1", "v2"),
        [("v1", "x", yes()), ("v2", "x", yes()), ("v3", "x", NONE)],
    ),
    6: (
        OFF
        + vmta("v1", "F")
        + vmta("v2")
        + rules(
            "F",
            "a.c enable-signals,subaccount=100",
            "b.c enable-signals,subaccount=100",
            "d.c enable-signals,subaccount=999",
        ),
        [
            ("v1", "a.c", yes(100)),
            ("v1", "B.c", yes(100)),
            ("v1", "d.c", yes(999)),
            ("v1", "e.c", NONE),
            ("v2", "a.c", NONE),
        ],
    ),
    7: (
        OFF
        + vmta("v1", "F")
        + rules("F", "*.c enable-signals,subaccount=100", "transact.c disable-signals"),
        [
            ("v1", "mktg.c", yes(100)),
            ("v1", "transact.c", NONE),
            ("v1", "c", NONE),
            ("{default}", "mktg.c", NONE),
        ],
    ),
    8: (
        "enable-signals F\n"
        + vmta("v1")
        + rules("F", "*.e enable-signals,subaccount=1", "transact.e disable-signals"),
        [
            ("v1", "a.e", yes(1)),
            ("{default}", "a.e", yes(1)),
            ("v1", "transact.e", NONE),
        ],
    ),
    9: (
        "enable-signals F\n"
        + vmta("transact", "false")
        + vmta("personal", "false")
        + vmta("bulk")
        + rules("F", *EXACT, "* disable-signals"),
        [
            ("bulk", "d1.c", yes(100)),
            ("bulk", "d6.c", yes(600)),
            ("bulk", "other.c", NONE),
            ("transact", "d1.c", NONE),
            ("personal", "d2.c", NONE),
        ],
    ),
}


@pytest.mark.parametrize("case", USE_CASES)
def test_signals_use_cases_of_the_guide(case):
    text, answers = USE_CASES[case]
    found = configuration(SIGNALS + text)
    for name, sender_domain, expected in answers:
        assert found.signals_for(name, "", sender_domain) == expected, name


FIVE = "".join(map(vmta, ["v1", "v3", "v5"]))
POOLED = vmta("v4", "false") + pool("p", "{}", "v1", "v2", "v3", "v4")
BY_DIRECTIVES = (
    "enable-signals true,subaccount=555\n"
    + FIVE
    + vmta("v2", "true,888")
    + POOLED.format("true,subaccount=999")
)
BY_FILTERS = (
    "enable-signals ListOne\n"
    + FIVE
    + vmta("v2", "ListThree")
    + POOLED.format("ListTwo")
    + rules(
        "ListOne",
        "marketing.c1 enable-signals,subaccount=555",
        "transact.c1 disable-signals",
        "*.c1 enable-signals,subaccount=333",
        "* enable-signals,subaccount=222",
    )
    + rules("ListTwo", "sales.c2 enable-signals,subaccount=999")
    + rules("ListThree", "* enable-signals,subaccount=777")
)


def test_the_directives_example_of_the_guide():
    found = configuration(SIGNALS + BY_DIRECTIVES)
    answers = [found.signals_for(f"v{at}", "", "x") for at in range(1, 6)]
    assert answers == [yes(999), yes(888), yes(999), NONE, yes(555)]
    assert found.signals_for("v1", "p", "x") == yes(999)


def test_the_filters_example_of_the_guide():
    found = configuration(SIGNALS + BY_FILTERS)

    def answers(sender_domain):
        return [found.signals_for(f"v{at}", "", sender_domain) for at in range(1, 6)]

    assert answers("sales.c2") == [yes(999), yes(777), yes(999), NONE, yes(222)]
    assert answers("marketing.c1") == [NONE, yes(777), NONE, NONE, yes(555)]
    assert answers("transact.c1") == [NONE, yes(777), NONE, NONE, NONE]
    assert answers("any.c1") == [NONE, yes(777), NONE, NONE, yes(333)]


def test_without_a_switch_the_signals_section_decides():
    assert configuration(SIGNALS).signals_for("{default}", "", "x") == yes()
    assert configuration("").signals_for("{default}", "", "x") == NONE


LABELS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(
    ".".join
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "*.", "[*.]"]), LABELS), max_size=8), LABELS
)
def test_an_index_finds_what_a_plain_comparison_finds(patterns, name):
    texts = [prefix + rest for prefix, rest in patterns]
    index = PatternIndex((domain_pattern(text), text) for text in texts)

    def fits(prefix, rest):
        below = name.endswith("." + rest)
        return {"": name == rest, "*.": below, "[*.]": below or name == rest}[prefix]

    expected = [prefix + rest for prefix, rest in patterns if fits(prefix, rest)]
    assert sorted(index.matches(name)) == sorted(expected)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_questions_about_any_text_have_an_answer(one, other):
    found = configuration(
        SIGNALS + source("0/0", "allow-auth no") + "relay-domain a.b\n"
    )
    found.domain_for(one, other)
    found.source_for(one, other, one)
    found.relays(f"{one}@{other}")
    found.signals_for(one, other, one)
