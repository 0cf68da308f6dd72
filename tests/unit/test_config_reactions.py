"""Rules on remote replies: what they do together (SPL)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.problem import BadValue
from sinyal.config.reactions import NOTHING, CategoryRules, Reaction, ReplyRules
from sinyal.config.rules import category_rule, reply_rule


def rules(*lines: str) -> ReplyRules:
    return ReplyRules(reply_rule(line) for line in lines)


def test_a_reply_that_no_rule_matches_has_no_consequence():
    assert rules("/busy/ mode=backoff").reaction("550 no such user") == NOTHING
    assert rules().reaction("421 busy") == NOTHING


def test_a_rule_sees_the_code_and_any_letter_case():
    found = rules("/^421 .*TOO MANY/ mode=backoff").reaction("421 4.7.0 too many")
    assert found == Reaction(mode="backoff")


def test_case_matters_where_the_pattern_says_so():
    assert rules("/(?-i)Busy/ skip-mx").reaction("421 busy") == NOTHING
    assert rules("/(?-i)Busy/ skip-mx").reaction("421 Busy").skip_mx


def test_the_first_of_two_contradicting_rules_wins():
    found = rules("/421/ mode=normal", "/busy/ mode=backoff").reaction("421 busy")
    assert found.mode == "normal"
    found = rules("/421/ skip-mx", "/busy/ bounce-queue").reaction("421 busy")
    assert (found.skip_mx, found.bounce_queue) == (True, False)


def test_a_later_rule_adds_what_does_not_contradict():
    found = rules("/421/ mode=backoff", "/busy/ skip-mx,defer-queue").reaction(
        "421 busy"
    )
    assert found == Reaction(mode="backoff", skip_mx=True, defer_queue=True)


def test_how_long_belongs_to_the_rule_that_wins():
    found = rules(
        "/421/ disable-source-ip,reenable-after=1h",
        "/busy/ disable-source-ip,reenable-after=5m,mode=backoff,"
        "backoff-to-normal-after=2h",
    ).reaction("421 busy")
    assert found.reenable_after == 3600
    assert found.backoff_to_normal_after == 7200


def test_a_pattern_that_only_pcre_has_takes_part_in_its_place():
    found = rules("/busy/ mode=normal", "/421(?! 4\\.1)/ mode=backoff,skip-mx")
    assert found.reaction("421 4.7.0 busy") == Reaction(mode="normal", skip_mx=True)
    assert found.reaction("421 4.1.0 gone") == NOTHING


@pytest.mark.parametrize(
    "line",
    [
        "/x/",
        "/x/ mode=fast",
        "/x/ mode=normal,mode=backoff",
        "/x/ skip-mx,bounce-queue",
        "/x/ reenable-after=1h",
        "/x/ reenable-after=1h,disable-source-ip",
        "/x/ backoff-to-normal-after=1h",
        "/x/ disable-source-ip,reenable-after=1h,reenable-after=2h",
    ],
)
def test_a_rule_that_makes_no_sense_is_an_error(line):
    with pytest.raises(BadValue):
        reply_rule(line)


@given(st.text(max_size=300))
def test_no_reply_breaks_the_rules(text):
    assert rules("/421/ skip-mx", "/(?=b)busy/ defer-queue").reaction(text) is not None


def categories(*lines: str) -> CategoryRules:
    return CategoryRules(category_rule(line) for line in lines)


def test_the_first_category_that_matches_counts():
    rules = categories("/gone away/ my-gone", "/^5\\.1\\.1;/ bad-mailbox")
    assert rules.category("5.1.1", "550 5.1.1 he has gone away") == "my-gone"
    assert rules.category("5.1.1", "550 5.1.1 unknown") == "bad-mailbox"
    assert rules.category("5.2.2", "552 5.2.2 full") == ""


def test_without_rules_nothing_is_said():
    assert CategoryRules().category("5.1.1", "550 5.1.1 unknown") == ""
