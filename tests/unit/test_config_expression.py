"""Patterns of operators: two engines, neither without a limit; CFG-15."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config.expression import Pattern, PatternSet, has_nested_quantifiers
from sinyal.config.problem import BadValue


@pytest.mark.parametrize(
    ("regex", "text", "is_match"),
    [
        ("bounce", "My-BOUNCE-1", True),
        ("(?-i)bounce", "BOUNCE", False),
        ("^a.b$", "a/b", True),
        (r"a\/b", "a/b", True),
        (r"[[:digit:]]{3}", "x421y", True),
        (r"(?<word>a)", "A", True),
        ("", "anything", True),
        ("foo(?!bar)", "foobar", False),
        ("foo(?!bar)", "FOObaz", True),
        ("(?-i)foo(?!bar)", "FOObaz", False),
        (r"(a)\1", "aa", True),
        ("a++b", "aaab", True),
    ],
)
def test_a_pattern_is_searched_anywhere_in_any_letter_case(regex, text, is_match):
    assert Pattern(regex).matches(text) is is_match


@pytest.mark.parametrize(
    ("regex", "what"),
    [
        ("(?=a)b", "a lookahead"),
        ("(?<!a)b", "a lookbehind"),
        (r"(a)\1", "a backreference"),
        ("(?>a)b", "an atomic group"),
        ("a*+b", "a possessive quantifier"),
    ],
)
def test_what_only_pcre_has_is_matched_with_a_limit_and_said(regex, what):
    (advice,) = Pattern(regex).advice
    assert what in advice and "given up after 50 ms" in advice


@pytest.mark.parametrize(
    ("regex", "said"),
    [
        ("(*COMMIT)a", "a control verb of PCRE is not supported"),
        ("a(?C1)b", "a callout of PCRE is not supported"),
        ("(", "missing )"),
        ("a**", "bad repetition operator"),
        ("(?=a" * 2000, "not a regular expression"),
    ],
)
def test_what_neither_engine_reads_is_an_error(regex, said):
    with pytest.raises(BadValue) as bad:
        Pattern(regex)
    assert said in bad.value.text


@pytest.mark.parametrize("regex", ["(a+)+b", "(?:a*)*", "((a+))*", "(?i:a{2,})+"])
def test_a_repetition_inside_a_repetition_is_worth_a_word(regex):
    assert any("inside a repetition" in said for said in Pattern(regex).advice)


@pytest.mark.parametrize("regex", ["(a|b)*c", r"\(a+\)+", "[(a+)]+", "(a+)b+", "a+b*"])
def test_other_repetitions_are_not(regex):
    assert Pattern(regex).advice == ()


def test_no_pattern_holds_a_message_up():
    started = time.perf_counter()
    assert not Pattern("(x+x+)+y").matches("x" * 50_000)
    assert not Pattern("(?=x)(x+x+)+y").matches("x" * 50_000)
    assert time.perf_counter() - started < 2


def test_patterns_that_are_too_large_for_one_automaton_are_tried_singly():
    patterns = [Pattern(f".{{0,500}}a{at}.{{0,500}}b$") for at in range(900)]
    assert PatternSet(patterns).matching("xa1zzb") == [1]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab(){}[]*+?|\\^$.,:=!<>-1", max_size=24), st.text(max_size=30))
def test_any_text_is_a_pattern_or_a_bad_value(regex, text):
    has_nested_quantifiers(regex)
    try:
        pattern = Pattern(regex)
    except BadValue as bad:
        assert bad.text
        return
    assert pattern.matches(text) in {True, False}
    assert all(pattern.advice) or pattern.advice == ()
