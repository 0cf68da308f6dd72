from collections.abc import Iterator

import pytest
from signals_process import Client, Service

from sinyal.engagement.token import Copy, Engagement, derive_key, seal
from sinyal.runtime.identity import nonce

TARGET = "https://toko.example/p/42?a=1&b=%20#top"


MESSAGE_ID = "000028f8a769d2b47e10"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("shared"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def client(service: Service) -> Client:
    return service.client()


def token(client: Client, action, target: str = "", name: str = "", key="") -> str:
    copy = Copy(
        message_id=MESSAGE_ID,
        customer_id=client.customer_id,
        campaign_id="promo",
        ip_pool="default",
        rcpt_to="ika.p@contoh.example",
    )
    engagement = Engagement(copy, action, target, name)
    return seal(derive_key(key or client.key), engagement, nonce())


def test_opens_and_clicks_of_a_mail_become_events(client: Client) -> None:
    click = client.http.get(
        f"{client.service.url}/f/a/{token(client, 'click', TARGET, 'beli')}"
    )
    assert (click.status_code, click.headers["location"]) == (302, TARGET)
    assert click.headers["server"] == "msys-http"
    for action in ("initial_open", "open"):
        pixel = client.http.get(f"{client.service.url}/q/{token(client, action)}")
        assert (pixel.status_code, pixel.headers["content-type"]) == (200, "image/gif")
    page = client.await_events(3, messages=MESSAGE_ID)
    rows = {row["type"]: row for row in page["results"]}
    assert sorted(rows) == ["click", "initial_open", "open"]
    clicked = rows["click"]
    assert (clicked["target_link_url"], clicked["target_link_name"]) == (TARGET, "beli")
    assert (clicked["campaign_id"], clicked["ip_pool"]) == ("promo", "default")
    assert clicked["rcpt_to"] == "ika.p@contoh.example"
    assert clicked["ip_address"] == "127.0.0.1"
    assert clicked["user_agent"].startswith("python-httpx")


def test_hits_are_counted_once_when_the_service_is_killed(client: Client) -> None:
    for life in range(2):
        for _ in range(40):
            path = f"/f/a/{token(client, 'click', f'{TARGET}{life}')}"
            assert client.http.get(client.service.url + path).status_code == 302
        client.service.kill()
        client.service.start()
    assert client.await_events(80, events="click")["total_count"] == 80


def test_forged_links_lead_nowhere_and_head_is_not_counted(client: Client) -> None:
    forged = token(client, "click", "https://evil.example/", key="e" * 40)
    assert client.http.get(f"{client.service.url}/f/a/{forged}").status_code == 404
    assert client.http.get(f"{client.service.url}/q/{forged}").status_code == 200
    good = token(client, "click", TARGET)
    assert client.http.head(f"{client.service.url}/f/a/{good}").status_code == 302
    assert client.http.post(f"{client.service.url}/f/a/{good}").status_code == 405
    assert client.http.get(f"{client.service.url}/f/a/{good}").status_code == 302
    assert client.await_events(1)["total_count"] == 1


def test_hits_of_a_moment_before_the_end_are_found_after_it(client: Client) -> None:
    pixel = f"{client.service.url}/q/{token(client, 'open')}"
    assert client.http.get(pixel).status_code == 200
    assert client.service.stop() == 0
    client.service.start()
    assert client.await_events(1, events="open")["total_count"] == 1
