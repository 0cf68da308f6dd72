"""What `sinyal explain` says: each effective setting and the line that set it."""

import pytest
from config_files import OneFile
from hypothesis import given
from hypothesis import strategies as st

from sinyal.config import load
from sinyal.config.provenance import Provenance
from sinyal.control.explain import Question, Unknown, explain, mx_record, target
from sinyal.control.layout import Place, folded, json_of


def provenance(text):
    loaded = load("f", OneFile(text))
    assert loaded.configuration, [str(problem) for problem in loaded.problems]
    return Provenance(loaded.whole, loaded.configuration)


def answers(text, **question):
    return explain(provenance(text), Question(**question))


def group(groups, start):
    return next(group for group in groups if group.title.startswith(start))


def said(found):
    """Name, value and line number of each row; 0 for what no line says."""
    return [
        (row.name, row.value, row.places[0].line if row.places else 0)
        for row in found.rows
    ]


PORT25 = """\
<domain discard.port25.com>
bounce-after 1h
</domain>
<domain *.port25.com>
dkim-sign yes
</domain>
<domain [*.]port25.com>
bounce-after 4d
</domain>
<domain *>
bounce-after 5d
</domain>
"""


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (
            "discard.port25.com",
            [("bounce-after", "1h", 2), ("dkim-sign", "yes", 5)],
        ),
        (
            "deep.other.port25.com",
            [("bounce-after", "4d", 8), ("dkim-sign", "yes", 5)],
        ),
        ("port25.com", [("bounce-after", "4d", 8)]),
        ("example.com", [("bounce-after", "5d", 11)]),
    ],
)
def test_the_worked_example_of_domain_inheritance_names_each_line(domain, expected):
    """DOM-4; a log switch of the guide is replaced by dkim-sign."""
    assert said(answers(PORT25, domain=domain)[0]) == expected


def test_a_row_names_its_section_and_the_lines_it_overrides():
    row = answers(PORT25, domain="discard.port25.com")[0].rows[0]
    assert row.places == (Place("f", 2, "<domain discard.port25.com>"),)
    assert [place.line for place in row.overrides] == [11, 8]


OWNERS = """\
<domain example.com>
max-smtp-out 1
retry-after 1m
</domain>
<virtual-mta v>
max-smtp-out 3
domain-key v, v.example, v.pem
<domain *>
max-smtp-out 4
</domain>
</virtual-mta>
<virtual-mta-pool p>
virtual-mta v
max-smtp-out 5
rewrite-list r
domain-key p, p.example, p.pem
<domain *>
bounce-after 2h
</domain>
</virtual-mta-pool>
<rewrite-list r>
</rewrite-list>
domain-key g, *, g.pem
smtp-source-host 10.0.0.1 g.example
"""


def test_the_virtual_mta_counts_before_its_pool_and_that_before_the_global_level():
    groups = answers(OWNERS, domain="example.com", vmta="v")
    queue = [
        ("max-smtp-out", "4", 9),
        ("bounce-after", "2h", 18),
        ("retry-after", "1m", 3),
    ]
    assert sorted(said(groups[0])) == sorted(queue)
    places = {row.name: row.places[0].section for row in groups[0].rows}
    assert places["max-smtp-out"] == "<virtual-mta v> <domain *>"
    assert places["bounce-after"] == "<virtual-mta-pool p> <domain *>"
    assert places["retry-after"] == "<domain example.com>"


def test_a_virtual_mta_shows_what_its_pool_and_the_file_give_it():
    found = group(answers(OWNERS, domain="x", vmta="v"), "VirtualMTA v, in pool p")
    assert sorted(said(found)) == [
        ("domain-key", "g, *, g.pem", 23),
        ("domain-key", "p, p.example, p.pem", 16),
        ("domain-key", "v, v.example, v.pem", 7),
        ("max-smtp-out", "3", 6),
        ("rewrite-list", "r", 15),
        ("smtp-source-host", "10.0.0.1 g.example", 24),
    ]
    keys = [row.value[0] for row in found.rows if row.name == "domain-key"]
    assert keys == ["v", "p", "g"]


def test_a_pool_is_shown_with_its_first_member():
    groups = answers(OWNERS, domain="example.com", vmta="p")
    assert groups[0].title.startswith("pool p")
    assert groups[1].title == "queue example.com/v"


SOURCES = """\
<source 10.0.0.5>
process-x-job yes
</source>
<source 10/8>
always-allow-relaying yes
</source>
<source 0/0>
process-x-job no
always-allow-relaying no
</source>
<source inside>
max-message-size 2M
</source>
<source {auth}>
max-message-size 3M
</source>
<source own>
max-message-size 4M
</source>
<smtp-user u>
password x
</smtp-user>
<smtp-user o>
password x
source own
</smtp-user>
smtp-listener 127.0.0.1:2525 source=inside
smtp-listener [::1]:25
"""


def connection(**question):
    return said(answers(SOURCES, **question)[-1])


def test_every_range_contributes_and_the_longest_prefix_decides():
    """SRC-1."""
    assert sorted(connection(source="10.0.0.5")) == [
        ("always-allow-relaying", "yes", 5),
        ("process-x-job", "yes", 2),
    ]
    assert sorted(connection(source="192.0.2.1")) == [
        ("always-allow-relaying", "no", 9),
        ("process-x-job", "no", 8),
    ]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ({"listener": "127.0.0.1:2525"}, 12),
        ({"listener": "inside"}, 12),
        ({"listener": "inside", "user": "u"}, 15),
        ({"listener": "inside", "user": "o"}, 18),
        ({"listener": "[::1]:25"}, None),
    ],
)
def test_the_listeners_source_lies_over_the_ranges_and_the_users_over_both(
    question, line
):
    lines = {name: at for name, _, at in connection(source="10.0.0.5", **question)}
    assert lines.get("max-message-size") == line
    assert lines["process-x-job"] == 2


def test_without_an_address_the_source_for_everyone_counts():
    lines = {name: at for name, _, at in connection(user="u")}
    assert lines == {
        "always-allow-relaying": 9,
        "process-x-job": 8,
        "max-message-size": 15,
    }


def test_defaults_are_shown_when_asked_for_and_marked():
    rows = answers(PORT25, domain="port25.com", with_defaults=True)[0].rows
    values = {row.name: row for row in rows}
    assert values["max-smtp-out"].is_default and values["max-smtp-out"].value == "20"
    assert not values["bounce-after"].is_default
    lines = folded(answers(PORT25, domain="port25.com", with_defaults=True), 0)
    assert any(line.split() == ["max-smtp-out", "20", "default"] for line in lines)


def test_relaying_names_the_lines_that_open_a_domain():
    text = "relay-domain *.a.example\nhost-name b.example\nrelay-address i@c.example\n"
    assert said(answers(text, domain="x.a.example")[2])[0][1] == "anyone"
    assert said(answers(text, domain="x.a.example")[2])[1][2] == 1
    assert said(answers(text, domain="b.example")[2])[1][2] == 2
    assert said(answers(text, domain="c.example")[2])[1][2] == 3
    assert said(answers(text, domain="d.example")[2]) == [
        ("may be sent by", "sources with always-allow-relaying", 0)
    ]


def test_the_key_that_signs_is_told_for_the_domain_of_the_header():
    text = OWNERS + "<domain *>\ndkim-sign yes\n</domain>\n"

    def signature(sender):
        found = group(answers(text, domain="a.b", vmta="v", sender=sender), "DKIM")
        return next((v, at) for name, v, at in said(found) if name == "signature")

    assert signature("news.p.example") == ("s=p; d=p.example", 16)
    assert signature("other.example") == ("s=g; d=other.example", 23)


def test_without_a_key_mail_is_told_to_go_unsigned():
    text = "<domain *>\ndkim-sign yes\n</domain>\ndomain-key s, d.example, k.pem\n"
    found = group(answers(text, domain="a.b", sender="e.example"), "DKIM")
    assert ("signature", "none, as no key fits", 0) in said(found)


def test_what_the_file_does_not_have_is_refused():
    for question in (
        {"domain": "a", "vmta": "none"},
        {"source": "10.0.0.1", "user": "none"},
        {"listener": "127.0.0.1:1"},
        {"source": "10.0.0"},
    ):
        with pytest.raises(Unknown):
            answers(SOURCES, **question)


def test_a_queue_is_named_by_domain_and_virtual_mta():
    assert target("Example.COM") == ("example.com", "{default}")
    assert target("example.com/v1") == ("example.com", "v1")


def test_a_line_too_wide_for_the_terminal_gives_up_its_section_then_its_place():
    wide = folded(answers(PORT25, domain="port25.com")[:1], 120)
    narrow = folded(answers(PORT25, domain="port25.com")[:1], 30)
    tiny = folded(answers(PORT25, domain="port25.com")[:1], 20)
    assert wide[1] == "  bounce-after  4d  f:8  <domain [*.]port25.com>"
    assert narrow[1] == "  bounce-after  4d  f:8"
    assert tiny[1:] == ["  bounce-after  4d", "      f:8"]


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_any_question_has_an_answer_or_is_refused(one, other, third):
    known = provenance(OWNERS + SOURCES)
    for question in (
        Question(domain=target(one)[0], source=other, sender=third),
        Question(domain=one, vmta=other, sender=third),
        Question(source=one, listener=other, user=third),
    ):
        try:
            groups = explain(known, question)
        except Unknown:
            continue
        assert bool(folded(groups, 40)) == bool(groups)
        assert json_of(groups).startswith("[")


def test_a_directive_without_effect_is_marked_and_not_followed():
    text = "<domain a.example>\nqueue-to b.example\n</domain>\n"
    groups = answers(text, domain="a.example")
    if groups[0].rows[0].has_effect:
        assert groups[1].title == "queue b.example/{default}"
    else:
        assert "(no effect here)" in folded(groups, 0)[1]
        assert groups[1].title == "VirtualMTA {default}"


def test_without_a_question_the_global_settings_are_shown():
    assert said(answers("total-max-smtp-in 7\n")[0]) == [("total-max-smtp-in", "7", 1)]


ROLLUPS = """\
<mx-rollup-list>
mx mx1.domain.com domain.rollup
mx mx2.domain.com domain.rollup
mx mx1.domain2.com domain2.rollup
mx *.google.com google.rollup
</mx-rollup-list>
"""


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (
            ["10 mx1.domain.com", "10 mx2.domain.com"],
            "domain.rollup, to mx1.domain.com, mx2.domain.com",
        ),
        (["10 mx1.domain.com", "20 mx2.domain.com"], "nothing"),
        (
            ["10 mx1.domain.com", "10 mx2.domain.com", "10 mx3.domain.com"],
            "domain.rollup, to mx1.domain.com, mx2.domain.com",
        ),
        (["10 mx1.domain.com"], "nothing"),
        (
            ["10 mx1.domain2.com", "10 mx2.domain2.com"],
            "domain2.rollup, to mx1.domain2.com",
        ),
        (
            ["10 mx1.domain2.com", "20 mx1.domain2.com"],
            "domain2.rollup, to mx1.domain2.com",
        ),
        (["10 mx1.mail.domain.com"], "nothing"),
        (["5 a.google.com"], "google.rollup, to its smtp-hosts"),
    ],
)
def test_the_roll_up_of_mx_records_is_told_as_the_guide_has_it(records, expected):
    """ROLL-5."""
    asked = tuple(map(mx_record, records))
    found = group(answers(ROLLUPS, domain="x.example", records=asked), "MX roll-up")
    assert said(found)[0] == ("rolls up to", expected, 0)


def test_the_rules_of_a_rolled_up_queue_are_listed():
    found = group(answers(ROLLUPS, domain="domain.rollup"), "domains rolled up")
    assert [line for _, _, line in said(found)] == [2, 3]
    found = group(answers(ROLLUPS, domain="x.example"), "MX roll-up")
    assert said(found) == [
        ("decided by", "4 rules, as the MX records of x.example say", 2)
    ]
    for text in ("mx.example", "x mx.example", "10 ", ""):
        with pytest.raises(Unknown):
            mx_record(text)
