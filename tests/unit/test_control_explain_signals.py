"""The guide's Signals use cases, as `sinyal explain` tells them; guide 10.1.3."""

import pytest
from test_config_inherit import BY_DIRECTIVES, BY_FILTERS, SIGNALS, USE_CASES
from test_control_explain import answers, group, said


def told(text, name, sender):
    """What is said of events for mail of `sender` by the VirtualMTA `name`."""
    found = answers(SIGNALS + text, domain="to.example", vmta=name, sender=sender)
    rows = said(group(found, "Signals"))
    lines = (SIGNALS + text).split("\n")
    for directive, value, line in rows:
        assert not line or lines[line - 1].split() == [directive, *value.split()]
    return rows[-1][1]


def expected(decision):
    if not decision.enabled:
        return "not uploaded"
    account = decision.subaccount_id
    return f"uploaded, subaccount {account}" if account else "uploaded"


@pytest.mark.parametrize("case", USE_CASES)
def test_each_use_case_is_told_as_the_guide_has_it(case):
    text, cases = USE_CASES[case]
    for name, sender, decision in cases:
        assert told(text, name, sender) == expected(decision), name


def test_the_directives_example_is_told_as_the_guide_has_it():
    found = [
        told(BY_DIRECTIVES, f"v{at}", "x.example").split()[-1] for at in range(1, 6)
    ]
    assert found == ["999", "888", "999", "uploaded", "555"]
    assert told(BY_DIRECTIVES, "v4", "x.example") == "not uploaded"


def test_the_filters_example_is_told_as_the_guide_has_it():

    def row(sender):
        return [told(BY_FILTERS, f"v{at}", sender).split()[-1] for at in range(1, 6)]

    assert row("sales.c2") == ["999", "777", "999", "uploaded", "222"]
    assert row("marketing.c1") == ["uploaded", "777", "uploaded", "uploaded", "555"]
    assert row("any.c1")[-1] == "333"
    assert told(BY_FILTERS, "v5", "transact.c1") == "not uploaded"
    assert told(BY_FILTERS, "v1", "marketing.c1") == "not uploaded"


def test_without_a_senders_domain_the_lines_of_the_filter_are_listed():
    text, _ = USE_CASES[7]
    found = answers(SIGNALS + text, domain="to.example", vmta="v1")
    names = [name for name, _, _ in said(group(found, "Signals"))]
    assert names == ["enable-signals", "sender-or-from", "sender-or-from"]
