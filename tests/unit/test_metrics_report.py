import msgspec
import pytest

from sinyal.events.event import Event
from sinyal.metrics.definition import DIMENSION, DIMENSIONS, METRIC, METRICS, RATES
from sinyal.metrics.report import Query, newest_event_at, report, step_for
from sinyal.metrics.search import SearchFilters, search
from sinyal.store.events import EventStore

START = 1_800_000_000


def events() -> list[Event]:
    kinds = (
        [("injection", {})] * 5
        + [("delivery", {"msg_size": 100})] * 3
        + [("delivery", {"msg_size": 10, "num_retries": 2})]
        + [("delay", {}), ("delay", {"num_retries": 1})]
        + [("bounce", {"bounce_class": 10}), ("bounce", {"bounce_class": 25})]
        + [("out_of_band", {"bounce_class": 22})]
        + [("spam_complaint", {}), ("initial_open", {}), ("open", {})]
        + [("click", {}), ("click", {})]
    )
    return [
        Event(
            type=kind,
            event_id=f"{at:04}",
            timestamp=START + 60 * at,
            message_id=f"m{at % 2}",
            campaign_id=("spring", "spring-sale", "")[at % 3],
            subaccount_id=at % 2,
            customer_id=7,
            **facts,
        )
        for at, (kind, facts) in enumerate(kinds)
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = EventStore(f"chdb://{tmp_path_factory.mktemp('report') / 'events'}")
    opened.insert(b"\n".join(map(msgspec.json.encode, events())), "token")
    yield opened
    opened.close()


def asked(**wanted: object) -> Query:
    return Query(**{"from_at": START, "to_at": START + 3600, **wanted})


def test_each_metric_counts_what_its_definition_says(store):
    counts = report(store, asked()).total.counts
    assert {name: n for name, n in counts.items() if n} == {
        "count_targeted": 5,
        "count_injected": 5,
        "count_sent": 5,
        "count_delivered": 4,
        "count_delivered_first": 3,
        "count_delivered_subsequent": 1,
        "count_accepted": 3,
        "count_delayed": 2,
        "count_delayed_first": 1,
        "count_bounce": 2,
        "count_inband_bounce": 1,
        "count_outofband_bounce": 1,
        "count_hard_bounce": 1,
        "count_soft_bounce": 1,
        "count_admin_bounce": 1,
        "count_spam_complaint": 1,
        "count_initial_rendered": 1,
        "count_unique_initial_rendered": 1,
        "count_rendered": 1,
        "count_unique_rendered": 1,
        "count_unique_confirmed_opened": 2,
        "count_clicked": 2,
        "count_unique_clicked": 2,
        "total_msg_volume": 310,
    }


@pytest.mark.parametrize("row", DIMENSIONS, ids=lambda row: row.name)
def test_groups_add_up_to_the_total(store, row):
    answer = report(store, asked(group_by=row.name))
    for name in ("count_injected", "count_sent", "count_accepted", "count_clicked"):
        parts = sum(group.counts[name] for group in answer.groups)
        assert parts == answer.total.counts[name]
    assert answer.group_count == len(answer.groups)


def test_steps_add_up_to_the_total_and_empty_ones_are_zeros(store):
    answer = report(store, asked())
    assert len(answer.steps) == 60
    assert sum(step.counts["count_injected"] for step in answer.steps) == 5
    assert sum(step.counts["count_clicked"] for step in answer.steps) == 2
    assert answer.steps[-1].counts["count_sent"] == 0


def test_the_greatest_groups_come_first_and_the_rest_is_told(store):
    answer = report(store, asked(group_by="campaign_id", limit=2))
    assert [group.value for group in answer.groups] == ["spring", "spring-sale"]
    assert answer.group_count == 3


def test_a_report_can_be_narrowed_to_an_exact_value(store):
    answer = report(store, asked(exact=(("campaign_id", "spring"),)))
    assert answer.total.counts["count_injected"] == 2
    answer = report(store, asked(exact=(("subaccount_id", "1"),)))
    assert answer.total.counts["count_injected"] == 2


def test_another_account_sees_nothing(store):
    assert not any(report(store, asked(customer_id=8)).total.counts.values())
    assert newest_event_at(store, 8) == 0
    assert newest_event_at(store, 7) == START + 60 * 18


def test_the_end_of_the_window_is_not_in_it(store):
    first = report(store, asked(to_at=START + 60)).total.counts
    assert first["count_injected"] == 1


@pytest.mark.parametrize("row", METRICS, ids=lambda row: row.name)
def test_search_by_a_metric_finds_the_events_that_it_counts(store, row):
    page = search(
        store, SearchFilters(from_at=START, to_at=START + 3600, metric=row.name)
    )
    counted = report(store, asked()).total.counts[row.name]
    if row.unit.value == "events" and not row.less:
        assert page.total_count == counted
    elif row.unit.value == "messages":
        assert len({found.message_id for found in page.results}) == counted


def test_the_formulas_of_the_api_hold(store):
    n = report(store, asked()).total.counts
    kinds = ("hard", "soft", "block", "undetermined")
    assert n["count_sent"] == n["count_delivered"] + n["count_inband_bounce"]
    assert n["count_bounce"] == sum(n[f"count_{kind}_bounce"] for kind in kinds)
    assert n["count_targeted"] == n["count_injected"] + n["count_rejected"]


def test_a_rate_without_a_whole_is_none(store):
    total = report(store, asked(customer_id=8)).total
    assert total.rate("rate_delivered") is None
    assert report(store, asked()).total.rate("rate_delivered") == 0.8


def test_rates_are_made_of_metrics_that_exist():
    assert {row.part for row in RATES} | {row.whole for row in RATES} <= set(METRIC)
    assert len(DIMENSION) == len(DIMENSIONS)


@pytest.mark.parametrize(
    ("window_s", "step_s"),
    [(3600, 60), (7200, 60), (8 * 3600, 300), (86400, 900), (7 * 86400, 3600)],
)
def test_the_step_suits_the_window(window_s, step_s):
    assert step_for(window_s) == step_s
