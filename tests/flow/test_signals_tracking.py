from collections.abc import Iterator
from pathlib import Path

import pytest
from signals_process import KEY, Service

from sinyal.engagement.token import Copy, Engagement, derive_key, seal
from sinyal.runtime.identity import nonce

COPY = Copy(
    message_id="000028f8a769d2b47e10",
    customer_id=123,
    campaign_id="promo",
    ip_pool="default",
    rcpt_to="ika.p@contoh.example",
)
TARGET = "https://toko.example/p/42?a=1&b=%20#top"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    made.start()
    yield made
    made.process.kill()
    made.process.wait()


def token(action, target: str = "", name: str = "", key: str = KEY) -> str:
    return seal(derive_key(key), Engagement(COPY, action, target, name), nonce())


def test_opens_and_clicks_of_a_mail_become_events(service: Service) -> None:
    click = service.http.get(f"{service.url}/f/a/{token('click', TARGET, 'beli')}")
    assert (click.status_code, click.headers["location"]) == (302, TARGET)
    assert click.headers["server"] == "msys-http"
    for action in ("initial_open", "open"):
        pixel = service.http.get(f"{service.url}/q/{token(action)}")
        assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")
    page = service.await_events(3, messages=COPY.message_id)
    rows = {row["type"]: row for row in page["results"]}
    assert sorted(rows) == ["click", "initial_open", "open"]
    clicked = rows["click"]
    assert (clicked["target_link_url"], clicked["target_link_name"]) == (TARGET, "beli")
    assert (clicked["campaign_id"], clicked["ip_pool"]) == ("promo", "default")
    assert clicked["rcpt_to"] == "ika.p@contoh.example"
    assert clicked["ip_address"] == "127.0.0.1"
    assert clicked["user_agent"].startswith("python-httpx")


def test_hits_are_counted_once_when_the_service_is_killed(service: Service) -> None:
    for life in range(3):
        for _ in range(40):
            path = f"/f/a/{token('click', f'{TARGET}{life}')}"
            assert service.http.get(service.url + path).status_code == 302
        service.kill()
        service.start()
    assert service.await_events(120, events="click")["total_count"] == 120


def test_forged_links_lead_nowhere_and_head_is_not_counted(service: Service) -> None:
    forged = token("click", "https://evil.example/", key="e" * 40)
    assert service.http.get(f"{service.url}/f/a/{forged}").status_code == 404
    assert service.http.get(f"{service.url}/q/{forged}").status_code == 200
    good = token("click", TARGET)
    assert service.http.head(f"{service.url}/f/a/{good}").status_code == 302
    assert service.http.post(f"{service.url}/f/a/{good}").status_code == 405
    assert service.http.get(f"{service.url}/f/a/{good}").status_code == 302
    assert service.await_events(1)["total_count"] == 1


def test_hits_of_a_moment_before_the_end_are_found_after_it(service: Service) -> None:
    assert service.http.get(f"{service.url}/q/{token('open')}").status_code == 200
    assert service.stop() == 0
    service.start()
    assert service.await_events(1, events="open")["total_count"] == 1
