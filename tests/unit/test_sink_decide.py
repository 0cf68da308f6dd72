"""Decisions are a function of seed, Message-ID and recipient."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.sink.decide import Act, Decision, decide, decide_at_rcpt
from sinyal.sink.draw import Dice
from sinyal.sink.profiles import MIX, PROFILES, ROWS, profile_of
from sinyal.sink.replies import SETS, exact_reply

MANY = 2000


def many(label: str, seed: int = 1) -> list[Decision]:
    return [decide(seed, f"<{n}@x>", f"p{n}@{label}.sink.test") for n in range(MANY)]


def acts(decision: Decision) -> list[Act]:
    return [planned.act for planned in decision.plan]


@settings(max_examples=100)
@given(st.integers(), st.text(max_size=40), st.text(max_size=40))
def test_the_same_message_is_decided_the_same_every_time(seed, message_id, rcpt):
    assert decide(seed, message_id, rcpt) == decide(seed, message_id, rcpt)


def test_the_case_of_an_address_changes_nothing_but_the_text_of_a_reply():
    lower = decide(1, "<1@x>", "a@openclick.sink.test")
    assert decide(1, "<1@x>", "A@OpenClick.Sink.Test") == lower


def test_another_seed_decides_otherwise():
    assert many("openclick", seed=1) != many("openclick", seed=2)


def test_the_decisions_of_seed_1_are_those_of_every_release():
    found = Counter(
        act.value
        for label in ("not-gmail", "not-yahoo", "not-telkom", "openclick")
        for decision in many(label)
        for act in acts(decision)
    )
    assert found == {"open": 4629, "click": 850, "scan": 17, "oob": 18, "fbl": 1}


def test_draws_are_spread_evenly():
    tenths = Counter(
        int(Dice(1, f"<{n}@x>", "a@b").fraction("s") * 10) for n in range(MANY)
    )
    assert len(tenths) == 10
    assert all(MANY / 10 * 0.75 < count < MANY / 10 * 1.25 for count in tenths.values())


def test_the_median_of_a_delay_is_its_median():
    delays = sorted(Dice(1, f"<{n}@x>", "a@b").delay_s("s", 60) for n in range(MANY))
    assert 54 < delays[MANY // 2] < 66


@pytest.mark.parametrize(
    ("label", "code", "enhanced"),
    [("bounce", 550, "5."), ("full", 552, "5.2.2"), ("code-550-5-7-26", 550, "5.7.26")],
)
def test_a_label_of_certain_refusal_answers_rcpt(label, code, enhanced):
    said = decide_at_rcpt(1, f"a@{label}.sink.test")
    assert said.code == code
    assert said.enhanced.startswith(enhanced)


@pytest.mark.parametrize(("label", "codes"), [("block", {550, 554}), ("toobig", {552})])
def test_a_refusal_of_the_content_comes_at_the_end_of_the_data(label, codes):
    assert decide_at_rcpt(1, f"a@{label}.sink.test").code == 250
    assert {d.refusal.code for d in many(label) if d.refusal} == codes
    assert all(decision.refusal for decision in many(label))


@pytest.mark.parametrize(
    ("label", "act"), [("oob", Act.OOB), ("fbl", Act.FBL), ("bot", Act.SCAN)]
)
def test_a_label_of_one_act_always_leads_to_it(label, act):
    assert all(acts(decision) == [act] for decision in many(label))


def test_openclick_opens_always_and_clicks_in_three_of_ten():
    decisions = many("openclick")
    assert all(Act.OPEN in acts(decision) for decision in decisions)
    clicked = sum(Act.CLICK in acts(decision) for decision in decisions)
    assert 0.26 < clicked / MANY < 0.34


def test_a_click_comes_after_the_first_open():
    for decision in many("openclick"):
        opened, *rest = (planned.after_s for planned in decision.plan)
        assert all(later > opened for later in rest)


def test_mail_that_bounces_late_is_neither_opened_nor_complained_about():
    for label in PROFILES:
        for decision in many(label):
            planned = acts(decision)
            assert not {Act.OOB, Act.FBL} & set(planned) or len(planned) == 1


def test_the_rates_of_a_provider_are_those_of_its_row():
    row, decisions = PROFILES["not-telkom"], many("not-telkom")
    deferred = sum(d.deferrals > 0 for d in decisions)
    refused = sum(d.refusal is not None for d in decisions)
    assert abs(deferred / MANY * 100 - row.defer) < 2.5
    assert abs(refused / MANY * 100 - (row.hard + row.block + row.full)) < 1.5


def test_an_unknown_label_is_a_bit_of_everything():
    assert profile_of("a@foo.bar") is MIX
    assert exact_reply("a@code-99.sink.test") is None


def test_every_reply_has_an_enhanced_code_of_its_own_class():
    for rows in SETS.values():
        for row in rows:
            assert row.enhanced.startswith(str(row.code)[0])
            assert row.code != 421


def test_no_row_promises_more_than_all_its_mail():
    for row in (*ROWS, MIX):
        assert row.hard + row.block + row.full + row.too_big <= 100
        assert not row.at_rcpt or 100 in {row.hard, row.full}
