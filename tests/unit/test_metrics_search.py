import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.events.event import Event
from sinyal.metrics.search import (
    FILTERS,
    Cursor,
    SearchFilters,
    flat,
    read_cursor,
    search,
    write_cursor,
)
from sinyal.store.events import EventStore

START = 1_800_000_000


def event(at: int, name: str, **facts: object) -> Event:
    plain = {"type": "delivery", "message_id": f"m-{name}", "customer_id": 7}
    return Event(**{**plain, "event_id": name, "timestamp": START + at, **facts})


EVENTS = (
    event(
        0,
        "a",
        campaign_id="blackfriday-flash",
        recipient_domain="mail.yahoo.com",
        rcpt_to="ann@mail.yahoo.com",
    ),
    event(1, "b", campaign_id="friday", recipient_domain="yahoo.co.uk", ip_pool="p-1"),
    event(2, "c", recipient_domain="notyahoo.com", subject="Ünïcode Sale now"),
    event(
        3,
        "d",
        type="bounce",
        bounce_class=10,
        reason="550 5.4.7 [internal] no such user",
        raw_reason="550 5.4.7 [internal] no such user x@y",
    ),
    event(3, "e", type="bounce", bounce_class=25, subaccount_id=4, customer_id=8),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = EventStore(f"chdb://{tmp_path_factory.mktemp('search') / 'events'}")
    lines = b"\n".join(msgspec.json.encode(row) for row in EVENTS)
    opened.insert(lines, "token")
    yield opened
    opened.close()


def found(store: EventStore, **wanted: object) -> str:
    window = {"from_at": START, "to_at": START + 100}
    page = search(store, SearchFilters(**{**window, **wanted}))
    assert page.total_count == len(page.results)
    return "".join(row.event_id for row in page.results)


def test_events_come_newest_first_and_equal_seconds_by_event_id(store):
    assert found(store) == "edcba"


def test_the_window_includes_its_start_and_not_its_end(store):
    assert found(store, from_at=START + 1, to_at=START + 3) == "cb"


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"campaigns": ("blackfriday",)}, "a"),
        ({"campaigns": ("friday",)}, "b"),
        ({"campaigns": ("FLASH blackfriday",)}, "a"),
        ({"campaigns": ("fri", "day")}, ""),
        ({"recipient_domains": ("yahoo",)}, "ba"),
        ({"recipient_domains": (".uk",)}, "b"),
        ({"recipient_domains": ("yahoo.com",)}, "a"),
        ({"recipient_domains": ("mail.com",)}, ""),
        ({"subjects": ("ÜNÏCODE now",)}, "c"),
        ({"reasons": ("5.4.7",)}, "d"),
        ({"reasons": ("x@y",)}, "d"),
        ({"reasons": ("5.4",)}, ""),
        ({"recipients": ("ANN@mail.yahoo.com",)}, "a"),
        ({"events": ("bounce", "click")}, "ed"),
        ({"events": ("bounce",), "bounce_classes": (10,)}, "d"),
        ({"subaccounts": (4,)}, "e"),
        ({"subaccounts": (0,)}, "dcba"),
        ({"messages": ("m-a", "m-c")}, "ca"),
        ({"event_ids": ("b' OR 1=1 --",)}, ""),
        ({"campaigns": ("' OR '1'='1",)}, ""),
        ({"customer_id": 8}, "e"),
        ({"metric": "count_inband_bounce"}, "d"),
        ({"exact": (("campaign_id", "friday"),)}, "b"),
        ({"exact": (("subaccount_id", "4"),)}, "e"),
        ({"campaigns": ("-",)}, ""),
    ],
)
def test_a_filter_finds_what_the_api_says_it_finds(store, wanted, names):
    assert found(store, **wanted) == names


def test_pages_joined_by_their_cursors_are_the_whole_result(store):
    filters = SearchFilters(from_at=START, to_at=START + 100, per_page=2)
    names, sizes = "", []
    while True:
        page = search(store, filters)
        assert page.total_count == 5
        names += "".join(row.event_id for row in page.results)
        sizes.append(len(page.results))
        if not page.next_cursor:
            break
        cursor = read_cursor(page.next_cursor)
        filters = msgspec.structs.replace(filters, cursor=cursor)
    assert (names, sizes) == ("edcba", [2, 2, 1])


def test_every_filter_row_is_an_attribute_of_the_filters():
    assert {row.name for row in FILTERS} < set(SearchFilters.__struct_fields__)


def test_a_flat_event_has_iso_time_and_numbers_and_no_empty_text():
    shown = flat(EVENTS[0])
    assert shown["timestamp"] == "2027-01-15T08:00:00.000Z"
    assert shown["num_retries"] == 0
    assert "subject" not in shown
    assert "bounce_class" not in shown


@given(st.integers(0, 2**32 - 1), st.text(min_size=1, max_size=40))
@settings(max_examples=100)
def test_a_written_cursor_is_read_back(at, name):
    text = write_cursor(Event(type="x", event_id=name, timestamp=at, message_id=""))
    assert read_cursor(text) == Cursor(at, name)


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_no_text_makes_the_cursor_reader_fail(text):
    read_cursor(text)


@pytest.mark.parametrize("text", ["", "initial", "AAAA", "MTIz", "LGE", "YSxi"])
def test_a_text_that_names_no_place_is_no_cursor(text):
    assert read_cursor(text) is None
