"""The summary page's content: totals, the chart, the groups, and where they lead."""

from collections.abc import Callable
from typing import Any

import msgspec

from sinyal.metrics.definition import DIMENSION, METRIC
from sinyal.metrics.moment import write_moment
from sinyal.metrics.report import Query, Report, Row, Step
from sinyal.web.access import Viewer
from sinyal.web.address import (
    Pairs,
    Parameters,
    Window,
    first,
    link,
    read_exact,
    read_window,
)
from sinyal.web.language import Language

MOST_GROUPS = 10_000
DEFAULT_GROUPS = 100
HOUR_S, DAY_S = 3600, 86_400

# How long a step of the chart is, in words.
STEP_LABELS: dict[int, str] = {
    60: "1 minute",
    300: "5 minutes",
    900: "15 minutes",
    HOUR_S: "1 hour",
    DAY_S: "1 day",
    30 * DAY_S: "30 days",
}


class Card(msgspec.Struct, frozen=True):
    """One row: a total, the share shown under it, its picture."""

    metric: str
    rate: str
    icon: str
    tone: str


class Series(msgspec.Struct, frozen=True):
    """One row: a series of the chart; bars are stacked, lines are not."""

    metric: str
    is_bar: bool


CARDS: tuple[Card, ...] = (
    Card("count_injected", "", "injection", "plain"),
    Card("count_delivered", "rate_delivered", "delivery", "good"),
    Card("count_delayed", "rate_delayed", "delay", "warning"),
    Card("count_inband_bounce", "rate_inband_bounce", "bounce", "danger"),
    Card("count_outofband_bounce", "rate_outofband_bounce", "out_of_band", "danger"),
    Card("count_spam_complaint", "rate_spam_complaint", "spam_complaint", "danger"),
    Card("count_initial_rendered", "", "initial_open", "plain"),
    Card("count_rendered", "", "open", "plain"),
    Card("count_unique_confirmed_opened", "rate_opened", "read", "plain"),
    Card("count_clicked", "rate_clicked", "click", "plain"),
)

# What a row of the group table shows, in this order; rates stand among the counts.
COLUMNS: tuple[str, ...] = (
    "count_injected",
    "count_delivered",
    "rate_delivered",
    "count_delayed",
    "count_inband_bounce",
    "rate_inband_bounce",
    "count_outofband_bounce",
    "count_spam_complaint",
    "count_initial_rendered",
    "count_rendered",
    "count_clicked",
)

SERIES: tuple[Series, ...] = (
    Series("count_delivered", is_bar=True),
    Series("count_delayed", is_bar=True),
    Series("count_inband_bounce", is_bar=True),
    Series("count_outofband_bounce", is_bar=True),
    Series("count_rendered", is_bar=False),
    Series("count_clicked", is_bar=False),
)


class SummaryView(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of a summary page asks for."""

    window: Window
    group_by: str
    order_by: str
    exact: Pairs
    limit: int
    problems: tuple[str, ...] = ()

    def query(self, viewer: Viewer) -> Query:
        """The question to the store, kept to what the viewer may see."""
        return Query(
            from_at=self.window.from_at,
            to_at=self.window.to_at,
            customer_id=viewer.customer_id,
            group_by=self.group_by,
            order_by=self.order_by,
            limit=self.limit,
            exact=self.exact + viewer.exact,
        )

    def link(self, path: str = "/summary", **changes: Any) -> str:
        """The address of this view, some of it changed.

        Shape: attributes by name; `window` may be a pair of parameters, too.
        """
        window = changes.get("window", self.window.pairs)
        settings = (
            ("group", changes.get("group_by", self.group_by)),
            ("sort", changes.get("order_by", self.order_by)),
        )
        return link(path, window, settings, changes.get("exact", self.exact))

    def events_link(self, metric: str, row: Row | None = None) -> str:
        """The events that a number counts."""
        return self._events(self.window.fixed, metric, row)

    def range_link(self, preset: str) -> str:
        """The same view of another range."""
        return self.link(window=(("range", preset),))

    def step_link(self, metric: str, step: Step, step_s: int) -> str:
        """The events that a number of the chart counts."""
        start = max(step.at, self.window.from_at)
        end = min(step.at + step_s, self.window.to_at)
        return self._events(Window(start, end).fixed, metric, None)

    def narrowed(self, value: str) -> Pairs:
        """The narrowing with a group's value added."""
        others = tuple(pair for pair in self.exact if pair[0] != self.group_by)
        return (*others, (self.group_by, value))

    def widened(self, name: str) -> Pairs:
        """The narrowing without a dimension."""
        return tuple(pair for pair in self.exact if pair[0] != name)

    def _events(self, window: Pairs, metric: str, row: Row | None) -> str:
        exact = self.exact if row is None else self.narrowed(row.value)
        # A number with something taken off is not a set of events: show the whole.
        return link("/events", window, (("metric", metric),), exact)


def read_summary(given: Parameters, now: float) -> SummaryView:
    """The view that an address asks for, with the usual where it asks for nothing."""
    window, wrong_window = read_window(given, now)
    problems = [wrong_window] if wrong_window else []
    group_by = first(given, "group") or "campaign_id"
    if group_by not in DIMENSION:
        problems.append("The grouping is not one of the list.")
        group_by = "campaign_id"
    order_by = first(given, "sort") or "count_injected"
    if order_by not in METRIC:
        problems.append("The sorting is not one of the list.")
        order_by = "count_injected"
    limit = first(given, "limit") or str(DEFAULT_GROUPS)
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 6):
        problems.append("The limit is not a number.")
        limit = str(DEFAULT_GROUPS)
    return SummaryView(
        window=window,
        group_by=group_by,
        order_by=order_by,
        exact=read_exact(given),
        limit=min(max(int(limit), 1), MOST_GROUPS),
        problems=tuple(problems),
    )


def chart(answer: Report, language: Language) -> str:
    """What the chart's script draws, as JSON: labels, and a list per series.

    Where a point leads is in the table of the same numbers, by metric and time.
    """
    write = _step_writer(answer.query.step_s, language)
    content = {
        "labels": [write(step.at) for step in answer.steps],
        "times": [write_moment(step.at) for step in answer.steps],
        "series": [
            {
                "name": language.text(METRIC[row.metric].label),
                "metric": row.metric,
                "isBar": row.is_bar,
                "values": [step.counts[row.metric] for step in answer.steps],
            }
            for row in SERIES
        ],
    }
    return msgspec.json.encode(content).decode()


def busy_steps(answer: Report) -> list[Step]:
    """The steps in which anything happened that the chart shows."""
    shown = [row.metric for row in SERIES]
    return [step for step in answer.steps if any(step.counts[name] for name in shown)]


def _step_writer(step_s: int, language: Language) -> Callable[[float], str]:
    """How the start of a step is written under the chart."""
    if step_s >= DAY_S:
        return language.day
    if step_s >= HOUR_S:
        return lambda at: f"{language.day(at)} {language.minute(at)}"
    return language.minute
