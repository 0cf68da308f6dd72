"""Pattern lists: which rule decides (rules PL)."""

import time

import pytest

from sinyal.config.expression import Pattern
from sinyal.config.vocabulary import PatternRule
from sinyal.mail import header
from sinyal.reception.selection import NOTHING, Choice, Patience, Sight, choose

CONTENT = b"From: a@b.c\r\nX-Kind: \r\n bulk\r\nX-Kind: other\r\n\r\nx"


def rule(kind: str, regex: str = "", **results) -> PatternRule:
    pattern = Pattern(regex) if regex else None
    return PatternRule(kind=kind, pattern=pattern, **results)


def sight(sender: str = "news@shop.example", *rcpts: str) -> Sight:
    addresses = rcpts or ("one@example.net", "two@example.org")
    return Sight(sender, addresses, CONTENT, lambda: header.fields(CONTENT))


def decide(*rules: PatternRule, seen: Sight | None = None, **lists) -> Choice:
    return choose({"main": rules, **lists}, "main", seen or sight())


def test_the_first_rule_that_fits_decides() -> None:
    assert decide(
        rule("mail-from", "/@other/".strip("/"), virtual_mta="a"),
        rule("mail-from", "@shop", virtual_mta="b"),
        rule("*", virtual_mta="c"),
    ) == Choice("b")


def test_no_rule_that_fits_decides_nothing() -> None:
    assert decide(rule("mail-from", "@other", virtual_mta="a")) == NOTHING
    assert choose({}, "unknown", sight()) == NOTHING


@pytest.mark.parametrize(
    "regex", ["@shop\\.example$", "^news@", "^<news@shop.example>$"]
)
def test_a_sender_is_matched_bare_and_in_brackets(regex) -> None:
    assert decide(rule("mail-from", regex, virtual_mta="a")) == Choice("a")


def test_one_recipient_that_fits_is_enough() -> None:
    assert decide(rule("rcpt-to", "@example\\.org$", virtual_mta="a")) == Choice("a")


def test_a_header_is_seen_as_it_stands_blanks_and_folds_included() -> None:
    folded = rule("header", "^ \\r\\n bulk$", header="x-kind", virtual_mta="a")
    assert decide(folded) == Choice("a")
    unfolded = rule("header", "^bulk", header="x-kind", virtual_mta="a")
    assert decide(unfolded) == NOTHING
    assert decide(rule("header", "^\\s*other$", header="x-kind", virtual_mta="a"))


def test_a_rule_may_set_the_priority_alone() -> None:
    assert decide(rule("*", recipient_priority=0)) == Choice("", 0)


def test_a_called_list_decides_and_the_calling_rule_fills_in() -> None:
    inner = (rule("rcpt-to", "@example.org", virtual_mta="a"),)
    calling = rule("*", call_to="inner", recipient_priority=9, virtual_mta="z")
    assert decide(calling, inner=inner) == Choice("a", 9)


def test_a_nested_list_without_a_fitting_rule_lets_the_next_rule_try() -> None:
    nested = rule("*", rules=(rule("mail-from", "@other", virtual_mta="a"),))
    assert decide(nested, rule("*", virtual_mta="b")) == Choice("b")


def test_lists_that_call_each_other_come_to_an_end() -> None:
    back = (rule("*", call_to="main"), rule("*", virtual_mta="end"))
    assert decide(rule("*", call_to="back"), back=back) == Choice("end")
    assert decide(rule("*", call_to="main")) == NOTHING


def test_lists_that_branch_at_every_step_are_asked_once_each() -> None:
    lists = {f"l{at}": (rule("*", call_to=f"l{at + 1}"),) * 50 for at in range(40)}
    assert choose(lists, "l0", sight()) == NOTHING


def test_a_thousand_rules_cost_little_however_many_recipients_there_are() -> None:
    rules = tuple(
        rule("rcpt-to", f"@d{at}\\.test$", virtual_mta="a") for at in range(999)
    )
    last = rule("rcpt-to", "^u9999@", virtual_mta="last")
    seen = sight("a@b.c", *(f"u{at}@elsewhere.test" for at in range(10_000)))
    began = time.monotonic()
    assert decide(*rules, last, seen=seen) == Choice("last")
    assert time.monotonic() - began < 3.0  # one after the other they took a minute


def test_patterns_that_backtrack_share_the_time_of_a_message() -> None:
    hostile = rule("rcpt-to", "(?=a)(a+)+x$", virtual_mta="a")
    seen = sight("a@b.c", *(f"{'a' * 40}{at}@x.test" for at in range(2_000)))
    began = time.monotonic()
    found = decide(hostile, rule("rcpt-to", "@x", virtual_mta="b"), seen=seen)
    assert found == Choice("b")
    assert time.monotonic() - began < 5.0


def test_a_rule_of_either_engine_counts_in_its_place() -> None:
    slow = rule("rcpt-to", "(?=one)one@", virtual_mta="slow")
    quick = rule("rcpt-to", "two@", virtual_mta="quick")
    assert decide(slow, quick) == Choice("slow")
    assert decide(quick, slow) == Choice("quick")


def test_a_header_is_looked_at_once_for_all_recipients_of_a_mail_merge() -> None:
    lists = {"main": (rule("header", "zzz$", header="x-kind", virtual_mta="a"),)}
    content = b"X-Kind: " + b"abc " * 250_000 + b"\r\n\r\n"
    patience, fields = Patience(), header.fields(content)
    began = time.monotonic()
    for at in range(5_000):
        to = [f"{at}@x.test"]
        seen = Sight("a@b.c", to, content, lambda: fields, patience)
        assert choose(lists, "main", seen) == NOTHING
    assert time.monotonic() - began < 3.0
