import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.metrics.moment import read_moment, write_moment
from sinyal.store.control import Account
from sinyal.web.access import Refusal, Viewer, admit
from sinyal.web.address import event_link, message_link, read_exact, read_window
from sinyal.web.events import read_events
from sinyal.web.summary import read_summary

NOW = 1_800_000_123.5

texts = st.lists(st.text(max_size=12), max_size=3)
NAMES = """range from to group sort limit campaign_id events recipients bounce_classes
subaccounts metric cursor page per_page"""
names = st.sampled_from(NAMES.split())


def test_a_preset_ends_with_the_present_second_and_begins_with_a_step():
    window, wrong = read_window({"range": ["1h"]}, NOW)
    assert (window.to_at, window.from_at % 60, wrong) == (1_800_000_124, 0, "")
    assert 3600 <= window.to_at - window.from_at < 3660


def test_a_fixed_window_is_taken_as_it_stands():
    given = {"from": ["2026-11-22T18:05"], "to": ["2026-11-22T18:05:30Z"]}
    window, _ = read_window(given, NOW)
    assert window.to_at - window.from_at == 30
    assert dict(window.pairs)["from"] == "2026-11-22T18:05:00Z"


@pytest.mark.parametrize(
    "given",
    [
        {"range": ["9h"]},
        {"from": ["yesterday"]},
        {"from": ["2026-13-01T00:00"]},
        {"from": ["2026-11-22T18:05"], "to": ["2026-11-22T18:05"]},
        {"from": ["0001-01-01T00:00"]},
        {"to": ["9999-12-31T23:59"]},
    ],
)
def test_a_window_that_cannot_be_read_is_named_and_the_usual_shown(given):
    window, wrong = read_window(given, NOW)
    assert wrong
    assert window.preset == "24h"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T18:05",
        "2026-11-22T18:05Z",
        "2026-11-22T18:05:00.000Z",
        "2026-11-22T18:05:00+00:00",
        "2026-11-22T18:05:00 00:00",
        "2026-11-23T01:05+07:00",
    ],
)
def test_every_way_of_writing_a_time_gives_the_same_second(text):
    assert read_moment(text) == 1_795_370_700


@given(st.text(max_size=40))
@settings(max_examples=150)
def test_no_text_makes_the_reader_of_times_fail(text):
    read_moment(text)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=100)
def test_a_written_time_is_read_back(at):
    assert read_moment(write_moment(at)) == at


@given(st.dictionaries(names, texts.filter(bool)))
@settings(max_examples=200)
def test_no_address_makes_the_pages_fail(given_parameters):
    summary = read_summary(given_parameters, NOW)
    summary.query(Viewer())
    summary.link()
    events = read_events(given_parameters, NOW)
    events.filters(Viewer())
    events.first_link()


def test_an_empty_value_of_a_dimension_means_not_given():
    assert read_exact({"campaign_id": [""]}) == (("campaign_id", ""),)
    assert read_exact({}) == ()


def test_a_search_says_its_alternatives_by_commas_or_repeated():
    view = read_events({"events": ["open,click", "bounce"]}, NOW)
    assert view.fields["events"] == ("open", "click", "bounce")


def test_an_identity_is_quoted_and_one_with_a_slash_is_searched():
    assert message_link("a b?#%") == "/messages/a%20b%3F%23%25"
    assert event_link("a/b") == "/events?range=30d&event_ids=a%2Fb"


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


ACCOUNTS = {
    "viewing": Account(7, 0, frozenset({"message_events/view"})),
    "subaccount": Account(7, 3, frozenset({"message_events/view"})),
    "sending": Account(7, 0, frozenset({"events/ingest"})),
}


def test_a_key_with_the_grant_sees_its_own_account():
    seen = admit(basic("viewing"), "signals.example", ACCOUNTS.get)
    assert seen == Viewer(7)
    seen = admit(basic("any", "subaccount"), "signals.example", ACCOUNTS.get)
    assert seen.exact == (("subaccount_id", "3"),)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        ("Basic !!", 401),
        ("Bearer viewing", 401),
        (basic("wrong"), 401),
        (basic("sending"), 403),
    ],
)
def test_without_a_key_that_has_the_grant_nothing_is_shown(authorization, status):
    with pytest.raises(Refusal) as refusal:
        admit(authorization, "signals.example", ACCOUNTS.get)
    assert refusal.value.status == status


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost", "[::1]:8025", "[::1]"])
def test_an_open_listener_answers_by_its_loopback_names(host):
    assert admit("", host, None) == Viewer()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8025", "", "localhost.x"]
)
def test_an_open_listener_refuses_a_name_that_may_be_rebound(host):
    with pytest.raises(Refusal) as refusal:
        admit("", host, None)
    assert refusal.value.status == 421
