"""A report: totals, their course in time and their parts, of one scan of the store.

One query answers all three, so that they agree while events keep coming in.
Source: API metrics (time, precision), ClickHouse documentation (GROUPING SETS).
"""

import math
from typing import Any

import msgspec

from sinyal.metrics.condition import Condition, all_of, one_of_numbers, within
from sinyal.metrics.definition import DIMENSION, METRIC, METRICS, RATE
from sinyal.store.events import EventStore

HOUR_S, DAY_S = 3600, 86_400

# (longest window, length of a step), both in seconds; API metrics, precision
STEPS: tuple[tuple[float, int], ...] = (
    (2 * HOUR_S, 60),
    (8 * HOUR_S, 300),
    (DAY_S + HOUR_S, 900),
    (11 * DAY_S, HOUR_S),
    (1000 * DAY_S, DAY_S),
    (math.inf, 30 * DAY_S),
)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. Units: epoch seconds, `from_at` inclusive, `to_at` exclusive.

    `customer_id` None adds up all accounts. `group_by` is the name of a dimension or
    "" for none; groups come by the greatest `order_by` first, at most `limit`.
    `exact` keeps events by (dimension, value).
    """

    from_at: int
    to_at: int
    customer_id: int | None = None
    group_by: str = ""
    order_by: str = "count_injected"
    limit: int = 100
    exact: tuple[tuple[str, str], ...] = ()
    metrics: tuple[str, ...] = tuple(row.name for row in METRICS)

    @property
    def step_s(self) -> int:
        """The length of a step of the series."""
        return step_for(self.to_at - self.from_at)


class Row(msgspec.Struct, frozen=True):
    """The numbers of one group, by the metrics' names; `value` "" is "not given"."""

    value: str
    counts: dict[str, int]

    def rate(self, name: str) -> float | None:
        """A share between 0 and 1, or None when there is nothing to divide by."""
        rate = RATE[name]
        whole = self.counts[rate.whole]
        return self.counts[rate.part] / whole if whole > 0 else None


class Step(msgspec.Struct, frozen=True):
    """The numbers of one step of time, from its start. Units: `at` epoch seconds."""

    at: int
    counts: dict[str, int]


class Report(msgspec.Struct, frozen=True):
    """The answer; `group_count` is how many groups there are beyond the limit, too.

    Steps without events are rows of zeros, in the order of time.
    """

    query: Query
    total: Row
    steps: tuple[Step, ...]
    groups: tuple[Row, ...]
    group_count: int


def report(store: EventStore, query: Query) -> Report:
    """Totals, series and groups of the window.

    Errors: StoreError when the store cannot answer; KeyError for a metric or a
    dimension that has no row.
    """
    matching = _matching(query)
    bound = {**matching.parameters, "most_groups": query.limit}
    found = store.rows(_sql(query), bound)
    groups = [row for row in found if row["kind"] == "group"] if query.group_by else []
    steps = {row["step"]: row for row in found if row["kind"] == "step"}
    total = next((row for row in found if row["kind"] == "total"), {})
    return Report(
        query=query,
        total=Row("", _counts(query, total)),
        steps=tuple(
            Step(at, _counts(query, steps.get(at, {}))) for at in _starts(query)
        ),
        groups=tuple(Row(row["value"], _counts(query, row)) for row in groups),
        group_count=total.get("group_count", 0) if query.group_by else 0,
    )


def newest_event_at(
    store: EventStore,
    customer_id: int | None,
    exact: tuple[tuple[str, str], ...] = (),
) -> int:
    """When the newest of all events happened, 0 when there is none. Epoch seconds.

    `exact` keeps events by (dimension, value).
    """
    narrowed = [DIMENSION[name].equals(value) for name, value in exact]
    matching = all_of([_account(customer_id), *narrowed])
    sql = (
        f"SELECT toUnixTimestamp(max(timestamp)) AS at FROM events WHERE {matching.sql}"
    )
    return int(store.rows(sql, matching.parameters)[0]["at"])


def step_for(window_s: float) -> int:
    """The length of a step that shows a window of this length well. Units: s."""
    return next(step for longest, step in STEPS if window_s <= longest)


def _sql(query: Query) -> str:
    """Rows of three kinds; a step's row and the total's have no group, and so on."""
    value = DIMENSION[query.group_by].text if query.group_by else "''"
    numbers = ", ".join(f"{METRIC[name].aggregate} AS {name}" for name in query.metrics)
    step = query.step_s
    return (
        "SELECT multiIf(grouping(step) = 0, 'step', grouping(value) = 0, 'group', "
        f"'total') AS kind, step, value, uniqExact(value) AS group_count, {numbers} "
        f"FROM (SELECT *, {value} AS value, "
        f"intDiv(toUnixTimestamp(timestamp), {step}) * {step} AS step "
        f"FROM events WHERE {_matching(query).sql}) "
        "GROUP BY GROUPING SETS ((step), (value), ()) "
        f"ORDER BY {METRIC[query.order_by].name} DESC, value "
        "LIMIT {most_groups:UInt32} BY kind, step"
    )


def _counts(query: Query, row: dict[str, Any]) -> dict[str, int]:
    return {name: int(row.get(name, 0)) for name in query.metrics}


def _matching(query: Query) -> Condition:
    narrowed = [DIMENSION[name].equals(value) for name, value in query.exact]
    window = within(query.from_at, query.to_at)
    return all_of([window, _account(query.customer_id), *narrowed])


def _account(customer_id: int | None) -> Condition:
    if customer_id is None:
        return all_of([])
    return one_of_numbers("customer_id", [customer_id])


def _starts(query: Query) -> range:
    """The starts of all steps that touch the window."""
    first = query.from_at // query.step_s * query.step_s
    return range(first, query.to_at, query.step_s)
