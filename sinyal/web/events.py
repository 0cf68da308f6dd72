"""The events page's content: the search form, what it asks, the pages of the answer."""

from typing import Any

import msgspec

from sinyal.events.event import Event
from sinyal.metrics.definition import METRIC
from sinyal.metrics.search import SearchFilters, flat, read_cursor
from sinyal.web.access import Viewer
from sinyal.web.address import (
    Pairs,
    Parameters,
    Window,
    first,
    link,
    read_exact,
    read_window,
    values,
)

Texts = tuple[str, ...]

PER_PAGE = 25
PAGE_SIZES = (10, 25, 50, 100)

# Characters; as many words as the engine looks for within a second or two.
LONGEST_FILTER = 2000


class Input(msgspec.Struct, frozen=True):
    """One row: a text field of the form, named as the API's parameter."""

    name: str
    label: str
    example: str
    is_main: bool = False
    is_number: bool = False


INPUTS: tuple[Input, ...] = (
    Input("recipients", "Recipient", "ann@example.com", is_main=True),
    Input("campaigns", "Campaign", "spring", is_main=True),
    Input("ip_pools", "IP pool", "pool-a", is_main=True),
    Input("reasons", "Words of the reply", "5.7.1", is_main=True),
    Input("recipient_domains", "Recipient domain", "example.com"),
    Input("sending_domains", "Sending domain", "news.example.com"),
    Input("from_addresses", "From address", "shop@example.com"),
    Input("subjects", "Words of the subject", "receipt"),
    Input("sending_ips", "Sending IP", "192.0.2.10"),
    Input("bounce_classes", "Bounce class", "10,22", is_number=True),
    Input("subaccounts", "Subaccount", "0", is_number=True),
    Input("messages", "Message", "0a1b…"),
    Input("event_ids", "Event", "4321…"),
)


class Face(msgspec.Struct, frozen=True):
    """One row: how an event type is shown."""

    icon: str
    word: str
    tone: str


FACES: dict[str, Face] = {
    "injection": Face("injection", "Injected", "plain"),
    "delivery": Face("delivery", "Delivered", "good"),
    "delay": Face("delay", "Deferred", "warning"),
    "bounce": Face("bounce", "Bounced", "danger"),
    "out_of_band": Face("out_of_band", "Out-of-band", "danger"),
    "spam_complaint": Face("spam_complaint", "Complaint", "danger"),
    "policy_rejection": Face("policy_rejection", "Rejected", "danger"),
    "initial_open": Face("initial_open", "Initial open", "plain"),
    "open": Face("open", "Open", "plain"),
    "click": Face("click", "Click", "plain"),
}

OTHER_FACE = Face("other", "Other", "plain")


class EventsView(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of an events page asks for.

    `fields` are the form's filters as written; `page` only counts for the reader, the
    cursor tells the place.
    """

    window: Window
    fields: dict[str, tuple[str, ...]]
    metric: str
    exact: Pairs
    per_page: int
    cursor: str
    page: int
    problems: tuple[str, ...] = ()

    def filters(self, viewer: Viewer) -> SearchFilters:
        """The question to the store, kept to what the viewer may see."""
        asked: dict[str, Any] = dict(self.fields)
        for row in INPUTS:
            if row.is_number:
                asked[row.name] = tuple(map(int, asked[row.name]))
        return SearchFilters(
            from_at=self.window.from_at,
            to_at=self.window.to_at,
            customer_id=viewer.customer_id,
            metric=self.metric,
            exact=self.exact + viewer.exact,
            cursor=read_cursor(self.cursor) if self.cursor else None,
            per_page=self.per_page,
            **asked,
        )

    def next_link(self, cursor: str) -> str:
        """The next page, with a window that stands still."""
        place = (("cursor", cursor), ("page", str(self.page + 1)))
        return link("/events", self.window.fixed, self._pairs(), place)

    def first_link(self) -> str:
        return link("/events", self.window.pairs, self._pairs())

    def range_link(self, preset: str) -> str:
        return link("/events", (("range", preset),), self._pairs())

    def without(self, name: str) -> str:
        """The same search with a filter taken away."""
        kept = tuple(pair for pair in self._pairs() if pair[0] != name)
        return link("/events", self.window.pairs, kept)

    def text(self, name: str) -> str:
        """What stands in a field of the form."""
        return ", ".join(self.fields[name])

    def active(self) -> list[tuple[str, str, str]]:
        """The filters in force: (parameter, label, value)."""
        labels = {row.name: row.label for row in INPUTS}
        found = [
            (name, labels[name], ", ".join(texts))
            for name, texts in self.fields.items()
            if texts and name in labels
        ]
        if self.metric:
            found.append(("metric", "Counted in", METRIC[self.metric].label))
        return found

    def has_details(self) -> bool:
        """True when a filter is set that the form folds away."""
        return any(self.fields[row.name] for row in INPUTS if not row.is_main)

    def _pairs(self) -> Pairs:
        lists = [
            (name, ",".join(texts)) for name, texts in self.fields.items() if texts
        ]
        metric = [("metric", self.metric)] if self.metric else []
        size = self.per_page
        sizes = [("per_page", str(size))] if size != PER_PAGE else []
        return (*lists, *metric, *sizes, *self.exact)


def read_events(given: Parameters, now: float) -> EventsView:
    """The view that an address asks for, with the usual where it asks for nothing."""
    window, wrong_window = read_window(given, now)
    problems = [wrong_window] if wrong_window else []
    fields = {"events": values(given, "events")}
    for row in INPUTS:
        fields[row.name], wrong = _read_input(row, given)
        problems.extend(wrong)
    metric = first(given, "metric")
    if metric and metric not in METRIC:
        problems.append("The metric is not one of the list.")
        metric = ""
    cursor = first(given, "cursor")
    if cursor and read_cursor(cursor) is None:
        problems.append("The page's mark cannot be read.")
        cursor = ""
    size, page = first(given, "per_page"), first(given, "page")
    return EventsView(
        window=window,
        fields=fields,
        metric=metric,
        exact=read_exact(given),
        per_page=int(size) if size in map(str, PAGE_SIZES) else PER_PAGE,
        cursor=cursor,
        page=int(page) if cursor and _is_number(page) else 1,
        problems=tuple(problems),
    )


def _read_input(
    row: Input, given: Parameters
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a field of the form asks for, and what is wrong with it."""
    found = values(given, row.name)
    if sum(map(len, found)) + len(found) > LONGEST_FILTER:
        return (), ("A filter is too long.",)
    if row.is_number and not all(map(_is_number, found)):
        return (), ("Bounce class and subaccount are numbers.",)
    return found, ()


def face(kind: str) -> Face:
    """How an event type is shown."""
    return FACES.get(kind, OTHER_FACE)


def raw(event: Event) -> str:
    """The event as the API shows it, indented."""
    return msgspec.json.format(msgspec.json.encode(flat(event)), indent=2).decode()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
