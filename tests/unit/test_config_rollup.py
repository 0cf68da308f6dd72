"""Which domains share a queue by their MX records; rules ROLL-1 to ROLL-5."""

import pytest

from sinyal.config.rollup import Rollup, RollupRule, rollup

RULES = (
    RollupRule("mx1.domain.com", "domain.rollup"),
    RollupRule("mx2.domain.com", "domain.rollup"),
    RollupRule("mx1.domain2.com", "domain2.rollup"),
)
DOMAIN = Rollup("domain.rollup", ("mx1.domain.com", "mx2.domain.com"))
DOMAIN2 = Rollup("domain2.rollup", ("mx1.domain2.com",))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(10, "mx1.domain.com"), (10, "mx2.domain.com")], DOMAIN),
        ([(10, "mx1.domain.com"), (20, "mx2.domain.com")], None),
        (
            [
                (10, "mx1.domain.com"),
                (10, "mx2.domain.com"),
                (10, "mx3.domain.com"),
            ],
            DOMAIN,
        ),
        ([(10, "mx1.domain.com")], None),
        ([(10, "mx1.domain2.com"), (10, "mx2.domain2.com")], DOMAIN2),
        ([(10, "mx1.domain2.com"), (20, "mx1.domain2.com")], DOMAIN2),
        ([(10, "mx1.mail.domain.com")], None),
    ],
)
def test_the_truth_table_of_the_guide(answers, expected):
    assert rollup(RULES, answers) == expected


def test_letter_case_and_the_root_dot_do_not_matter():
    assert rollup(RULES, [(10, "MX1.Domain2.com.")]) == DOMAIN2


def test_a_domain_without_mx_records_is_not_rolled_up():
    assert rollup(RULES, []) is None
    assert rollup((), [(10, "mx1.domain.com")]) is None


def test_a_pattern_fits_many_hosts_and_leaves_them_to_the_queue():
    rules = [RollupRule("*.google.com", "google.rollup")]
    answers = [(5, "a.aspmx.google.com"), (5, "b.aspmx.google.com"), (9, "x.example")]
    assert rollup(rules, answers) == Rollup("google.rollup", ())
    assert rollup(rules, [(5, "google.com")]) is None


def test_of_two_queues_that_fit_the_first_in_the_file_wins():
    rules = [RollupRule("*.b.c", "one.rollup"), RollupRule("a.b.c", "two.rollup")]
    assert rollup(rules, [(10, "a.b.c")]) == Rollup("one.rollup", ())
    assert rollup(rules[::-1], [(10, "a.b.c")]) == Rollup("two.rollup", ("a.b.c",))


def test_by_address_a_host_of_another_name_counts_and_keeps_its_place():
    rules = [RollupRule("mx.host.example", "host.rollup", is_by_ip=True)]
    addresses = {
        "mx.host.example": frozenset({"192.0.2.1", "192.0.2.2"}),
        "mail.customer.example": frozenset({"192.0.2.2"}),
        "mail.other.example": frozenset({"192.0.2.3"}),
    }
    found = rollup(rules, [(10, "mail.customer.example")], addresses)
    assert found == Rollup("host.rollup", ("mail.customer.example",))
    assert rollup(rules, [(10, "mail.other.example")], addresses) is None
    assert rollup(rules, [(10, "mail.customer.example")]) is None
