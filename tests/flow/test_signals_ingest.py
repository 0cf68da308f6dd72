import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from signals_process import KEY, READ_KEY, Service, command, event_lines, iso


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    made.start()
    yield made
    made.process.kill()
    made.process.wait()


def test_an_accepted_batch_is_found_within_a_moment(service: Service) -> None:
    answer = service.post(event_lines(1, 3))
    assert answer.status_code == 200
    batch_id = answer.json()["results"]["id"]
    page = service.await_events(3)
    assert [row["event_id"] for row in page["results"]] == ["1", "2", "3"]
    assert page["links"] == {}
    first = page["results"][0]
    assert first["type"] == "delivery"
    assert first["customer_id"] == 123
    assert first["recipient_domain"] == "not-gmail.sink.test"
    assert first["timestamp"].endswith(".000Z")
    (verdict,) = service.get("events/ingest").json()["results"]
    assert (verdict["type"], verdict["batch_id"]) == ("success", batch_id)
    assert (verdict["number_succeeded"], verdict["number_duplicates"]) == (3, 0)


def test_pages_follow_one_another_by_their_links(service: Service) -> None:
    service.post(event_lines(0, 25))
    service.await_events(25)
    page = service.get("events/message", per_page="10").json()
    seen = [row["event_id"] for row in page["results"]]
    while "next" in page["links"]:
        assert page["links"]["next"].startswith("/api/v1/events/message?")
        answer = service.http.get(
            service.url + page["links"]["next"], headers={"Authorization": READ_KEY}
        )
        page = answer.json()
        assert page["total_count"] == 25
        seen += [row["event_id"] for row in page["results"]]
    assert sorted(map(int, seen)) == list(range(25))


def test_filters_are_anded_and_their_values_ored(service: Service) -> None:
    service.post(event_lines(1, 4) + event_lines(9, 1, campaign_id="summer sale"))
    service.await_events(5)
    for expected, query in (
        (4, {"campaigns": "black"}),
        (0, {"campaigns": "lack"}),
        (5, {"campaigns": "black,sale"}),
        (1, {"campaigns": "black;sale", "delimiter": ";", "event_ids": "9"}),
        (1, {"recipients": "R2@NOT-GMAIL.sink.test"}),
        (5, {"recipient_domains": "sink.test"}),
        (1, {"messages": f"{3:020x}", "events": "delivery,bounce"}),
        (0, {"events": "bounce"}),
        (5, {"unknown_parameter": "x"}),
        (0, {"subaccounts": "4"}),
        (5, {"subaccounts": "0"}),
    ):
        page = service.get("events/message", **query).json()
        assert page["total_count"] == expected, query


def test_bad_parameters_are_refused_by_name(service: Service) -> None:
    for name, value in (
        ("from", "yesterday"),
        ("to", "2026-13-01T00:00:00Z"),
        ("per_page", "0"),
        ("per_page", "10001"),
        ("cursor", "%%%"),
        ("bounce_classes", "ten"),
        ("ab_test_versions", "1"),
    ):
        answer = service.get("events/message", **{name: value})
        assert answer.status_code == 400, name
        assert answer.json()["errors"][0]["param"] == name
    minutes = iso(time.time() - 60)[:16]
    assert service.get("events/message", **{"from": minutes}).status_code == 200
    assert service.get("events/message", reasons="x" * 4096).status_code == 414


def test_what_cannot_be_stored_is_refused_with_a_reason(service: Service) -> None:
    text = event_lines(1, 1)
    large = os.urandom(5 * 1024 * 1024 + 1)
    for status, answer in (
        (401, service.post(text, Authorization="0" * 40)),
        (401, service.post(text, Authorization="short")),
        (401, service.post(text, Authorization="")),
        (403, service.post(text, Authorization=READ_KEY)),
        (415, service.post(text, Content_Encoding="identity")),
        (415, service.post(text, Content_Type="application/json")),
        (413, service.post(large)),
        (404, service.get("ingest/nothing")),
        (405, service.get("ingest/events")),
        (403, service.get("events/message", key=KEY)),
    ):
        assert answer.status_code == status
        assert answer.json()["errors"][0]["message"], status


def test_both_forms_of_authorization_and_a_slash_at_the_end(service: Service) -> None:
    assert service.basic("events/message/", READ_KEY).status_code == 200
    assert service.basic("events/message", KEY).status_code == 403
    assert service.basic("events/message", "x").status_code == 401


def test_verdicts_name_what_was_wrong_with_each_batch(service: Service) -> None:
    good = event_lines(1, 2)
    bodies = [b"", b"{}\n", good, good, good + event_lines(3, 1) + b"{}\n"]
    for body in bodies:
        assert service.post(body).status_code == 200
        service.settle()
    rows = service.get("events/ingest").json()["results"][::-1]
    shown = [
        (
            row.get("error_type", ""),
            row["number_succeeded"],
            row["number_duplicates"],
            row.get("number_failed", 0),
        )
        for row in rows
    ]
    assert shown == [
        ("empty_batch", 0, 0, 0),
        ("validation", 0, 0, 1),
        ("", 2, 0, 0),
        ("duplicate_batch", 0, 0, 0),
        ("validation", 1, 2, 1),
    ]
    assert service.get("events/ingest", events="success").json()["total_count"] == 1
    found = service.get("events/ingest", error_types="validation,empty_batch").json()
    assert found["total_count"] == 3


def test_batches_are_counted_once_when_the_service_is_killed_again_and_again(
    service: Service,
) -> None:
    accepted: list[str] = []
    lives, batches, events = 4, 5, 400
    for life in range(lives):
        for batch in range(batches):
            first = (life * batches + batch) * events
            answer = service.post(event_lines(first, events))
            assert answer.status_code == 200
            accepted.append(answer.json()["results"]["id"])
        # At this moment some batches are loaded, one load is under way, some wait.
        service.kill()
        service.start()
    service.settle()
    page = service.get("events/message", per_page="1").json()
    assert page["total_count"] == lives * batches * events
    verdicts = service.get("events/ingest").json()["results"]
    assert sorted(row["batch_id"] for row in verdicts) == sorted(accepted)
    assert {row["number_succeeded"] for row in verdicts} == {events}
    assert {row["type"] for row in verdicts} == {"success"}


def test_a_stopped_service_keeps_what_it_accepted(service: Service) -> None:
    for first in range(0, 4000, 1000):
        assert service.post(event_lines(first, 1000)).status_code == 200
    assert service.stop() == 0
    service.start()
    service.settle()
    assert service.await_events(4000)["total_count"] == 4000


def test_a_second_service_on_the_same_directory_says_why_it_ends(
    service: Service,
) -> None:
    second = command("--store", service.store, "--listen", "127.0.0.1:1")
    assert second.returncode == 1
    assert "sinyal signals:" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_bomb_is_judged_and_the_service_lives_on(service: Service) -> None:
    bomb = gzip.compress(bytes(1024 * 1024)) * 80
    headers = {
        "Authorization": KEY,
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }
    url = f"{service.url}/api/v1/ingest/events"
    answer = service.http.post(url, content=bomb, headers=headers)
    assert answer.status_code == 200
    service.settle()
    (verdict,) = service.get("events/ingest").json()["results"]
    assert verdict["error_type"] == "decompress"
