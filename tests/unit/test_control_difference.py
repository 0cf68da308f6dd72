"""What `sinyal diff` tells of two files: effective values, not lines."""

import re

from hypothesis import given
from hypothesis import strategies as st
from test_config_inherit import OneFile

from sinyal.config import load
from sinyal.config.provenance import Provenance
from sinyal.control.difference import difference, needs_restart, told

WORLD = """\
total-max-smtp-out 100
relay-domain a.example
relay-domain b.example
<source 0/0>
max-message-size 1M
</source>
<source 10/8>
always-allow-relaying yes
</source>
<source inside>
max-message-size 2M
</source>
<smtp-user u>
password secret1
</smtp-user>
<virtual-mta v>
max-smtp-out 10
</virtual-mta>
<virtual-mta w>
</virtual-mta>
<virtual-mta-pool p>
virtual-mta w
</virtual-mta-pool>
<domain *>
max-smtp-out 5
</domain>
<domain *.example.com>
retry-after 5m
</domain>
<domain gmail.com>
max-smtp-out 7
</domain>
"""


def read(text, name):
    loaded = load(name, OneFile(text))
    assert loaded.configuration, [str(problem) for problem in loaded.problems]
    return Provenance(loaded.whole, loaded.configuration)


def changes(old, new):
    return difference(read(old, "old"), read(new, "new"))


def short(old, new):
    """(where, directive, old values, new values) of each change."""
    return [
        (
            change.where,
            change.directive,
            [row.value for row in change.old],
            [row.value for row in change.new],
        )
        for change in changes(old, new)
    ]


def test_a_file_differs_in_nothing_from_itself():
    assert changes(WORLD, WORLD) == ()
    assert told((), 80) == []


def test_lines_that_move_or_are_written_otherwise_change_nothing():
    sections = re.split(r"\n(?=<\w)", WORLD.rstrip("\n"))
    moved = "# a comment\n" + "\n".join(reversed(sections)) + "\n"
    moved = moved.replace("5m", "300s").replace("max-smtp-out 7", "Max-SMTP-Out  7")
    assert changes(WORLD, moved) == ()


def test_a_default_that_is_written_down_changes_nothing():
    assert changes(WORLD, WORLD + "<domain x.org>\nbounce-after 4d12h\n</domain>") == ()
    assert changes(WORLD, WORLD + "domain-macro M x,y\n") == ()


def test_a_value_is_told_once_where_it_is_most_general():
    new = WORLD.replace("max-smtp-out 5", "max-smtp-out 6")
    (change,) = changes(WORLD, new)
    assert (change.where, change.directive) == ("queue *", "max-smtp-out")
    assert change.also == ("queue *.example.com",)  # gmail.com has a limit of its own
    assert [str(row.places[0]) for row in (*change.old, *change.new)] == [
        "old:25",
        "new:25",
    ]


def test_an_override_that_goes_uncovers_what_is_below_it():
    new = WORLD.replace("<domain gmail.com>\nmax-smtp-out 7\n</domain>\n", "")
    assert short(WORLD, new) == [("queue gmail.com", "max-smtp-out", ["7"], ["5"])]


def test_the_entries_of_a_pool_change_the_queues_of_its_members_only():
    entry = "virtual-mta w\n<domain *>\nmax-smtp-out 5\nretry-after 1m\n</domain>\n"
    new = WORLD.replace("virtual-mta w\n", entry)
    assert short(WORLD, new) == [
        ("queue */w", "retry-after", ["10m"], ["1m"]),
        ("queue *.example.com/w", "retry-after", ["5m"], ["1m"]),
        ("queue gmail.com/w", "max-smtp-out", ["7"], ["5"]),
    ]


def test_what_a_pool_gives_to_its_members_is_told_once():
    new = WORLD.replace("virtual-mta w\n", "virtual-mta w\nmax-smtp-out 4\n")
    (change,) = changes(WORLD, new)
    assert (change.where, change.also) == (
        "<virtual-mta-pool p>",
        ("<virtual-mta w>",),
    )


def test_global_settings_lists_and_users_are_compared():
    new = WORLD.replace("out 100", "out 200").replace("b.example", "c.example")
    new = new.replace("secret1", "secret2")
    assert short(WORLD, new) == [
        ("global", "total-max-smtp-out", ["100"], ["200"]),
        ("global", "relay-domain", ["b.example"], ["c.example"]),
        ("<smtp-user u>", "password", ["(hidden)"], ["(hidden)"]),
    ]
    assert "secret" not in "\n".join(told(changes(WORLD, new), 0))


def test_sources_are_compared_as_clients_meet_them():
    new = WORLD.replace("max-message-size 1M", "max-message-size 3M")
    new = new.replace("max-message-size 2M", "max-message-size 4M")
    found = changes(WORLD, new)
    assert [(one.where, one.also) for one in found] == [
        ("<source 0.0.0.0/0>", ("<source 10.0.0.0/8>",)),
        ("<source inside>", ()),
    ]


def test_a_named_source_that_writes_a_default_lies_over_others_and_is_told():
    new = WORLD.replace("max-message-size 2M", "max-message-size 2M\nsmtp-service yes")
    assert short(WORLD, new) == [("<source inside>", "smtp-service", [], ["yes"])]


def test_sections_that_come_and_go_are_told_with_their_lines():
    new = WORLD.replace("<virtual-mta v>\nmax-smtp-out 10\n</virtual-mta>\n", "")
    new += "<virtual-mta x>\nsmtp-source-host 10.0.0.1 x.example\n</virtual-mta>\n"
    assert short(WORLD, new) == [
        ("<virtual-mta v>", "virtual-mta", ["removed"], []),
        ("<virtual-mta v>", "max-smtp-out", ["10"], []),
        ("<virtual-mta x>", "virtual-mta", [], ["added"]),
        ("<virtual-mta x>", "smtp-source-host", [], ["10.0.0.1 x.example"]),
    ]


class Beside(OneFile):
    """A disk whose relative paths lie in the directory of the file that names them."""

    def resolve(self, path, beside):
        return f"{beside}.d/{path}"


def test_relative_paths_are_compared_as_they_are_written():
    text = "<spool spool>\n</spool>\nlog-file pmta.log\n"
    found = []
    for name in ("old", "new"):
        loaded = load(name, Beside(text))
        found.append(Provenance(loaded.whole, loaded.understood))
    assert found[0].whole.blocks != found[1].whole.blocks
    assert difference(*found) == ()


def test_a_line_with_macros_is_told_once():
    new = "domain-macro L a.example,b.example\nrelay-domain $L\n"
    (change,) = changes("", new)
    assert [row.value for row in change.new] == ["$L"]


def test_a_new_order_of_rules_is_a_change():
    lines = ["mail-from *@a *@b\n", "mail-from *@b *@c\n"]

    def rewriting(rules):
        return f"<rewrite-list r>\n{''.join(rules)}</rewrite-list>\n"

    (change,) = changes(rewriting(lines), rewriting(lines[::-1]))
    assert len(change.old) == len(change.new) == 2


def test_a_rule_in_a_list_inside_a_list_is_told_by_itself():
    text = "<virtual-mta v>\n</virtual-mta>\n<pattern-list l>\n"
    text += "header Subject /a/ <pattern-list>\nrcpt-to /{}/ virtual-mta=v\n"
    text += "</pattern-list>\n</pattern-list>\n"
    assert short(text.format("x"), text.format("y")) == [
        (
            "<pattern-list line 4>",
            "rcpt-to",
            ["/x/ virtual-mta=v"],
            ["/y/ virtual-mta=v"],
        )
    ]
    moved = "\n\n" + text.format("x").replace("/ virt", "/   virt")
    assert changes(text.format("x"), moved) == ()


def test_rules_of_different_kinds_in_another_order_are_a_change():
    rules = ["mail-from /x/ virtual-mta=v\n", "rcpt-to /y/ virtual-mta=v\n"]

    def listed(lines):
        lines = "".join(lines)
        start = "<virtual-mta v>\n</virtual-mta>\n<pattern-list l>\n"
        return f"{start}{lines}</pattern-list>\n"

    (change,) = changes(listed(rules), listed(rules[::-1]))
    assert [row.name for row in change.old] == ["mail-from", "rcpt-to"]
    assert [row.name for row in change.new] == ["rcpt-to", "mail-from"]


def test_a_change_that_a_reload_does_not_bring_is_marked():
    listed = "<bounce-processor>\n<address-list>\naddress {}\n</address-list>\n"
    listed += "</bounce-processor>\n"
    found = changes(listed.format("a@b.example"), listed.format("c@b.example"))
    assert needs_restart(found) == ["address"]
    assert told(found, 80)[-1] == "restart needed for: address"
    others = changes(WORLD, WORLD + "total-max-smtp-in 7\n")
    assert told(others, 80)[-1] == "a reload is enough"


def test_lines_of_both_files_are_shown_below_each_other():
    new = WORLD.replace("max-smtp-out 5", "max-smtp-out 60")
    assert told(changes(WORLD, new), 80) == [
        "queue * (also queue *.example.com)",
        "- max-smtp-out  5   old:25  <domain *>",
        "+ max-smtp-out  60  new:25  <domain *>",
        "",
        "a reload is enough",
    ]


ENTRIES = st.tuples(
    st.sampled_from(["*", "a.b", "*.b", "[*.]b", "c.a.b", "b"]),
    st.sampled_from(["", "v", "w", "p"]),
    st.sampled_from(["max-smtp-out 3", "max-smtp-out 4", "retry-after 9m"]),
)
DOMAINS = ["b", "a.b", "c.a.b", "z.b", "q", "z.a.b"]


def file_of(entries):
    inside = dict.fromkeys(("", "v", "w", "p"), "")
    for pattern, owner, line in entries:
        inside[owner] += f"<domain {pattern}>\n{line}\n</domain>\n"
    text = "".join(
        f"<virtual-mta {name}>\n{inside[name]}</virtual-mta>\n" for name in ("v", "w")
    )
    text += f"<virtual-mta-pool p>\nvirtual-mta w\n{inside['p']}</virtual-mta-pool>\n"
    return text + inside[""]


@given(st.lists(ENTRIES, max_size=5), st.lists(ENTRIES, max_size=5))
def test_files_are_told_apart_exactly_when_a_queue_comes_out_differently(one, other):
    old, new = read(file_of(one), "old"), read(file_of(other), "new")
    differ = any(
        old.configuration.domain_for(domain, vmta)
        != new.configuration.domain_for(domain, vmta)
        for domain in DOMAINS
        for vmta in ("{default}", "v", "w")
    )
    assert bool(difference(old, new)) == differ


def test_two_thousand_entries_and_five_hundred_virtual_mtas_are_compared():
    count = 2000
    text = "".join(
        f"<domain d{at}.example>\nmax-smtp-out {at % 50 + 1}\n</domain>\n"
        for at in range(count)
    )
    text += "".join(f"<virtual-mta v{at}>\n</virtual-mta>\n" for at in range(500))
    (change,) = changes(text, text + "<domain *>\nretry-after 1m\n</domain>\n")
    assert (change.where, len(change.also)) == ("queue *", count)
