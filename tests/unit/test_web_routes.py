import base64

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sinyal.events.event import Event
from sinyal.store.control import Account
from sinyal.store.events import EventStore
from sinyal.web import routes

NOW = 1_800_000_000
KEYS = {
    "seven": Account(7, 0, frozenset({"message_events/view"})),
    "eight": Account(8, 0, frozenset({"message_events/view"})),
    "branch": Account(7, 4, frozenset({"message_events/view"})),
    "sender": Account(7, 0, frozenset({"events/ingest"})),
}
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = EventStore(f"chdb://{tmp_path_factory.mktemp('routes') / 'events'}")
    event = Event(
        type="delivery",
        event_id="one",
        timestamp=NOW - 60,
        message_id="m",
        campaign_id="harvest-26",
        customer_id=7,
    )
    opened.insert(msgspec.json.encode(event), "token")
    yield opened
    opened.close()


@pytest.fixture
def open_pages(store):
    app = Litestar(routes(store, now=lambda: NOW + 0.5))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def guarded_pages(store):
    app = Litestar(routes(store, KEYS.get, now=lambda: NOW + 0.5))
    with TestClient(app, base_url="http://signals.example") as client:
        yield client


def key(name: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:".encode()).decode()}


@pytest.mark.parametrize("path", ["/summary", "/events", "/messages/m", "/events/one"])
def test_every_page_forbids_scripts_frames_and_other_hosts(open_pages, path):
    answer = open_pages.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert HEADERS.items() <= dict(answer.headers).items()


def test_the_root_leads_to_the_summary(open_pages):
    answer = open_pages.get("/", follow_redirects=False)
    assert answer.headers["location"] == "/summary"


def test_each_number_is_written_for_machines(open_pages):
    text = open_pages.get("/summary?range=1h").text
    assert 'data-metric="count_delivered" data-value="1" data-scope="total"' in text
    marks = 'data-value="1" data-scope="group" data-of="harvest-26"'
    assert f'data-metric="count_delivered" {marks}' in text


def test_static_files_are_kept_for_a_year_and_only_under_their_mark(open_pages):
    page = open_pages.get("/summary").text
    path = next(part for part in page.split('"') if part.startswith("/static/app."))
    answer = open_pages.get(path)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert open_pages.get("/static/app.css").status_code == 404
    assert open_pages.get("/static/..%2Froutes.py").status_code == 404


def test_a_name_that_may_be_rebound_is_refused(open_pages):
    answer = open_pages.get("/summary", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "harvest-26" not in answer.text


@pytest.mark.parametrize("path", ["/summary", "/events", "/messages/m", "/events/one"])
def test_a_key_is_asked_for_and_shows_its_own_account_only(guarded_pages, path):
    assert guarded_pages.get(path).status_code == 401
    assert "Basic" in guarded_pages.get(path).headers["www-authenticate"]
    assert guarded_pages.get(path, headers=key("sender")).status_code == 403
    assert "harvest-26" in guarded_pages.get(path, headers=key("seven")).text
    assert "harvest-26" not in guarded_pages.get(path, headers=key("eight")).text


def test_the_language_is_the_browsers_until_another_is_chosen(open_pages):
    indonesian = {"Accept-Language": "id-ID"}
    assert "Ringkasan" in open_pages.get("/summary", headers=indonesian).text
    assert "Ringkasan" in open_pages.get("/summary?lang=id").text
    assert "Ringkasan" in open_pages.get("/events").text
    assert "Ringkasan" not in open_pages.get("/events?lang=en").text


def test_a_store_that_fails_is_told_and_its_words_are_not(open_pages, store):
    store.rows("RENAME TABLE events TO elsewhere")
    try:
        answer = open_pages.get("/summary?range=1h")
    finally:
        store.rows("RENAME TABLE elsewhere TO events")
    assert answer.status_code == 503
    assert "The event store did not answer" in answer.text
    assert 'href="/summary?range=1h"' in answer.text
    assert "elsewhere" not in answer.text
    assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_a_filter_beyond_what_the_engine_can_look_for_is_refused(open_pages):
    answer = open_pages.get("/events", params={"reasons": "a," * 1800})
    assert answer.status_code == 400
    assert "A filter is too long." in answer.text


def test_the_picture_that_browsers_ask_for_is_there(open_pages):
    answer = open_pages.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"


def test_a_subaccount_does_not_learn_when_others_were_active(guarded_pages):
    for path in ("/summary", "/events"):
        assert "No events yet" in guarded_pages.get(path, headers=key("branch")).text
    assert (
        "No events yet" not in guarded_pages.get("/summary", headers=key("seven")).text
    )
