import gzip
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from signals_process import Client, Service, command, event_lines, iso


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that all tests of this file share, each with its own account."""
    made = Service(tmp_path_factory.mktemp("shared"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def client(service: Service) -> Client:
    return service.client()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Service]:
    """A service that a test may kill."""
    made = Service(tmp_path)
    made.start()
    yield made
    made.kill()


def test_an_accepted_batch_is_found_within_a_moment(client: Client) -> None:
    answer = client.post(event_lines(1, 3))
    assert answer.status_code == 200
    batch_id = answer.json()["results"]["id"]
    page = client.await_events(3)
    assert [row["event_id"] for row in page["results"]] == ["1", "2", "3"]
    assert page["links"] == {}
    first = page["results"][0]
    assert first["type"] == "delivery"
    assert first["customer_id"] == client.customer_id
    assert first["recipient_domain"] == "not-gmail.sink.test"
    assert first["timestamp"].endswith(".000Z")
    (verdict,) = client.get("events/ingest").json()["results"]
    assert (verdict["type"], verdict["batch_id"]) == ("success", batch_id)
    assert (verdict["number_succeeded"], verdict["number_duplicates"]) == (3, 0)


def test_pages_follow_one_another_by_their_links(client: Client) -> None:
    client.post(event_lines(0, 25))
    client.await_events(25)
    page = client.get("events/message", per_page="10").json()
    seen = [row["event_id"] for row in page["results"]]
    while "next" in page["links"]:
        assert page["links"]["next"].startswith("/api/v1/events/message?")
        answer = client.http.get(
            client.service.url + page["links"]["next"],
            headers={"Authorization": client.read_key},
        )
        page = answer.json()
        assert page["total_count"] == 25
        seen += [row["event_id"] for row in page["results"]]
    assert sorted(map(int, seen)) == list(range(25))


def test_filters_are_anded_and_their_values_ored(client: Client) -> None:
    client.post(event_lines(1, 4) + event_lines(9, 1, campaign_id="summer sale"))
    client.await_events(5)
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
        page = client.get("events/message", **query).json()
        assert page["total_count"] == expected, query


def test_bad_parameters_are_refused_by_name(client: Client) -> None:
    for name, value in (
        ("from", "yesterday"),
        ("to", "2026-13-01T00:00:00Z"),
        ("per_page", "0"),
        ("per_page", "10001"),
        ("cursor", "%%%"),
        ("bounce_classes", "ten"),
        ("ab_test_versions", "1"),
    ):
        answer = client.get("events/message", **{name: value})
        assert answer.status_code == 400, name
        assert answer.json()["errors"][0]["param"] == name
    minutes = iso(time.time() - 60)[:16]
    assert client.get("events/message", **{"from": minutes}).status_code == 200
    assert client.get("events/message", reasons="x" * 4096).status_code == 414


def test_what_cannot_be_stored_is_refused_with_a_reason(client: Client) -> None:
    text = event_lines(1, 1)
    large = os.urandom(5 * 1024 * 1024 + 1)
    for status, answer in (
        (401, client.post(text, Authorization="0" * 40)),
        (401, client.post(text, Authorization="short")),
        (401, client.post(text, Authorization="")),
        (403, client.post(text, Authorization=client.read_key)),
        (415, client.post(text, Content_Encoding="identity")),
        (415, client.post(text, Content_Type="application/json")),
        (413, client.post(large)),
        (404, client.get("ingest/nothing")),
        (405, client.get("ingest/events")),
        (403, client.get("events/message", key=client.key)),
    ):
        assert answer.status_code == status
        assert answer.json()["errors"][0]["message"], status


def test_both_forms_of_authorization_and_a_slash_at_the_end(client: Client) -> None:
    assert client.basic("events/message/", client.read_key).status_code == 200
    assert client.basic("events/message", client.key).status_code == 403
    assert client.basic("events/message", "x").status_code == 401


def test_verdicts_name_what_was_wrong_with_each_batch(client: Client) -> None:
    good = event_lines(1, 2)
    bodies = [b"", b"{}\n", good, good, good + event_lines(3, 1) + b"{}\n"]
    for body in bodies:
        assert client.post(body).status_code == 200
        client.service.settle()
    rows = client.get("events/ingest").json()["results"][::-1]
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
    assert client.get("events/ingest", events="success").json()["total_count"] == 1
    found = client.get("events/ingest", error_types="validation,empty_batch").json()
    assert found["total_count"] == 3


def test_batches_are_counted_once_when_the_service_is_killed_again_and_again(
    mortal: Service,
) -> None:
    client = mortal.client()
    accepted: list[str] = []
    lives, batches, events = 3, 6, 400
    for life in range(lives):
        for batch in range(batches):
            first = (life * batches + batch) * events
            answer = client.post(event_lines(first, events))
            assert answer.status_code == 200
            accepted.append(answer.json()["results"]["id"])
        # At this moment some batches are loaded, one load is under way, some wait.
        mortal.kill()
        mortal.start()
    mortal.settle()
    page = client.get("events/message", per_page="1").json()
    assert page["total_count"] == lives * batches * events
    verdicts = client.get("events/ingest").json()["results"]
    assert sorted(row["batch_id"] for row in verdicts) == sorted(accepted)
    assert {row["number_succeeded"] for row in verdicts} == {events}
    assert {row["type"] for row in verdicts} == {"success"}


def test_a_stopped_service_keeps_what_it_accepted(mortal: Service) -> None:
    client = mortal.client()
    for first in range(0, 4000, 1000):
        assert client.post(event_lines(first, 1000)).status_code == 200
    assert mortal.stop() == 0
    mortal.start()
    mortal.settle()
    assert client.await_events(4000)["total_count"] == 4000


def test_a_second_service_on_the_same_directory_says_why_it_ends(
    service: Service,
) -> None:
    second = command("--store", service.store, "--listen", "127.0.0.1:1")
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"{service.directory} is in use by another process" in second.stderr


def test_a_port_is_not_shared_with_another_service(
    service: Service, tmp_path: Path
) -> None:
    listen = f"127.0.0.1:{service.port}"
    second = command("--store", f"chdb://{tmp_path / 'other'}", "--listen", listen)
    assert second.returncode == 1
    assert second.stderr == f"sinyal signals: {listen}: Address already in use\n"


@pytest.mark.parametrize(
    "options",
    [
        ("--listen", "127.0.0.1"),
        ("--listen", "127.0.0.1:99999"),
        ("--store", "chdb://relative"),
        ("--store", "chdb://"),
        ("--store", "http://127.0.0.1:8123"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: tuple[str, ...]) -> None:
    refused = command(*options)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_making_a_key_loads_neither_the_event_store_nor_the_web(
    tmp_path: Path,
) -> None:
    program = (
        "import sys, sinyal.programs.signals\n"
        "print(sorted({'chdb', 'clickhouse_connect', 'litestar'} & sys.modules.keys()))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "[]\n"
    store = f"chdb://{tmp_path / 'fresh'}"
    made = command(
        *("key", "create", "--store", store),
        *("--grant", "events/ingest", "--customer", "1"),
    )
    assert made.returncode == 0
    assert (tmp_path / "fresh").stat().st_mode & 0o077 == 0


def test_a_bomb_is_judged_and_the_service_lives_on(client: Client) -> None:
    bomb = gzip.compress(bytes(1024 * 1024)) * 80
    assert client.post_body(bomb).status_code == 200
    client.service.settle()
    (verdict,) = client.get("events/ingest").json()["results"]
    assert verdict["error_type"] == "decompress"


def test_a_key_made_by_command_opens_the_running_service(client: Client) -> None:
    create = ("key", "create", "--store", client.service.store)
    rights = ("--grant", "message_events/view", "--customer", str(client.customer_id))
    made = command(*create, *rights)
    key = made.stdout.strip()
    assert client.get("events/message", key=key).status_code == 200
    other = command(
        *create, "--grant", "events/ingest", "--customer", "1", "--key", key
    )
    assert other.returncode == 1
    assert "other rights" in other.stderr


def test_pages_are_compressed_and_static_files_not_once_more(client: Client) -> None:
    page = client.http.get(f"{client.service.url}/summary")
    assert page.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["vary"]
    assert "Cookie" in page.headers["vary"]
    found = re.search(r'href="(/static/app[^"]*)"', page.text)
    assert found is not None
    sheet = client.http.get(client.service.url + found[1])
    assert sheet.headers["content-encoding"] == "gzip"
    assert sheet.text.startswith("/* Tokens")
    plain = client.http.get(
        f"{client.service.url}/summary", headers={"Accept-Encoding": "identity"}
    )
    assert "content-encoding" not in plain.headers


def test_the_api_describes_itself_without_a_key(client: Client) -> None:
    root = f"{client.service.url}/api/v1"
    for path, count in (
        ("events/message/documentation", 10),
        ("events/message/samples", 10),
        ("events/message/samples?events=delivery,bounce", 2),
        ("ingest/events/documentation", 10),
    ):
        answer = client.http.get(f"{root}/{path}")
        assert answer.status_code == 200, path
        assert len(answer.json()["results"]) == count
    wrong = client.http.get(f"{root}/events/message/samples?events=zz")
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["param"] == "events"


def test_behind_a_proxy_loopback_is_no_sign_of_trust(tmp_path: Path) -> None:
    proxied = Service(tmp_path)
    proxied.start("--proxy", "127.0.0.1")
    try:
        client = proxied.client()
        page = f"{proxied.url}/summary"
        assert client.http.get(page).status_code == 401
        assert client.http.get(page, auth=(client.read_key, "")).status_code == 200
    finally:
        proxied.kill()
