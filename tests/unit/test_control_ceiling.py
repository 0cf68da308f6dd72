"""Messages an hour that the limits of a file allow, and which limit binds."""

import pytest
from test_control_explain import provenance

from sinyal.control.ceiling import ceilings, groups
from sinyal.control.layout import folded

QUEUE = "<domain a.example>\n{}\n</domain>\n"


def found(text, message_s=1.0):
    """(per hour, limit, line) by place; line 0 for a default."""
    return {
        one.name: (
            one.per_hour,
            one.limit,
            one.places[0].line if one.places else 0,
        )
        for one in ceilings(provenance(text), message_s)
        if one.kind != "cold"
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("max-msg-rate 100/15m", (400, "max-msg-rate 100/15m", 2)),
        ("max-msg-rate 50/d", (2.083, "max-msg-rate 50/d", 2)),
        ("max-smtp-out 3", (10_800, "max-smtp-out 3", 2)),
        ("max-smtp-out 3\nmax-msg-rate 1/s", (3_600, "max-msg-rate 1/s", 3)),
        (
            "max-connect-rate 2/m\nmax-msg-per-connection 10",
            (1_200, "max-connect-rate 2/m x max-msg-per-connection 10", 2),
        ),
        ("max-connect-rate 2/m", (72_000, "max-smtp-out 20", 0)),
        ("max-smtp-out unlimited", (4_320_000, "total-max-smtp-out 1200", 0)),
    ],
)
def test_the_lowest_limit_of_a_queue_binds_and_has_its_line(lines, expected):
    assert found(QUEUE.format(lines))["a.example"] == expected


def test_a_slower_connection_carries_less():
    assert found(QUEUE.format("max-smtp-out 1"), 0.5)["a.example"][0] == 7_200


def test_a_virtual_mta_binds_its_queues_and_the_server_binds_all():
    text = "<virtual-mta v>\nmax-smtp-msg-rate 60/h\n<domain b.example>\n"
    text += "max-msg-rate 90/h\n</domain>\n</virtual-mta>\ntotal-max-smtp-out 2\n"
    limits = found(text)
    assert limits["*/v"] == (60, "max-smtp-msg-rate 60/h", 2)
    assert limits["b.example/v"] == (60, "max-smtp-msg-rate 60/h", 2)
    assert limits["*"] == (7_200, "total-max-smtp-out 2", 7)
    assert limits["*/*"] == (7_200, "total-max-smtp-out 2", 7)


def test_the_entries_of_a_pool_hold_for_each_member():
    text = "<virtual-mta v>\n</virtual-mta>\n<virtual-mta-pool p>\nvirtual-mta v\n"
    text += "<domain *>\nmax-msg-rate 5/h\n</domain>\n</virtual-mta-pool>\n"
    assert found(text)["*/v, each of pool p"] == (5, "max-msg-rate 5/h", 6)


def test_the_quota_of_cold_virtual_mtas_is_told_below_the_queue():
    text = "<virtual-mta c>\n</virtual-mta>\n<virtual-mta v>\ncold-virtual-mta c\n"
    text += "<domain *>\nmax-cold-virtual-mta-msg 100/d,240/d\n</domain>\n"
    text += "</virtual-mta>\n"
    cold = [one for one in ceilings(provenance(text), 1.0) if one.kind == "cold"]
    assert [(one.name, one.per_hour) for one in cold] == [("*/v", 10)]


def test_the_ceilings_fit_a_terminal():
    text = QUEUE.format("max-msg-rate 2400/h")
    lines = folded(groups(ceilings(provenance(text), 2.0), 2.0), 80)
    assert lines[0].endswith("at 2 s a message on each connection")
    row = "  a.example        2,400  max-msg-rate 2400/h  f:2  <domain a.example>"
    assert row.split() in [line.split() for line in lines]
    assert max(map(len, lines)) <= 80
