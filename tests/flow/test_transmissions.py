"""The Transmissions API of a real process, asked by httpx and by curl."""

import csv
import json
import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_site import KEY, ApiSite, api_site

from sinyal.runtime.certificate import self_made

RFC822 = "From: News <news@toko.test>\nSubject: hi\n\nHello \u20ac\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with api_site(tmp_path_factory.mktemp("site")) as running:
        yield running


def message(*addresses: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "return_path": "bounce@toko.test",
        "recipients": [{"address": {"email": one}} for one in addresses],
        "content": {"email_rfc822": RFC822},
    }
    return usual | changes


def rows(site: ApiSite) -> list[dict[str, str]]:
    (path,) = site.root.glob("acct*.csv")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_message_comes_out_at_its_recipients(site: ApiSite) -> None:
    recipients = [
        {"address": "ann@example.test"},
        {"address": "bob@example.test", "return_path": "own@toko.test"},
    ]
    body = message(recipients=recipients, campaign_id="spring")
    with site.client() as client:
        answer = client.post(site.url, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "results": {"total_accepted_recipients": 2, "total_rejected_recipients": 0}
    }
    ann = site.receiver.of("ann@example.test")
    bob = site.receiver.of("bob@example.test")
    assert (ann.mail_from, bob.mail_from) == ("bounce@toko.test", "own@toko.test")
    assert ann.body == "Hello \u20ac\r\n".encode()
    assert b" with api (TLSv1.3 " in ann.content
    received = [row for row in rows(site) if row["rcpt"] == "bob@example.test"]
    assert received[0]["type"] == "r"
    assert received[0]["jobId"] == "api-spring"


def test_many_messages_share_a_connection(site: ApiSite) -> None:
    with site.client() as client:
        for at in range(20):
            body = message(f"many{at}@example.test")
            assert client.post(site.url, json=body).status_code == 200
    for at in range(20):
        assert site.receiver.of(f"many{at}@example.test")


def test_the_header_chooses_the_virtual_mta(site: ApiSite) -> None:
    with site.client() as client:
        content = {"email_rfc822": "X-Virtual-MTA: one\n" + RFC822}
        body = message("vmta@example.test", content=content)
        assert client.post(site.url, json=body).status_code == 200
        content = {"email_rfc822": "X-Virtual-MTA: nowhere\n" + RFC822}
        answer = client.post(site.url, json=message("x@y.test", content=content))
    assert answer.status_code == 400
    assert site.receiver.of("vmta@example.test").header("X-Virtual-MTA") == ""


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "", {"Authorization": ""}, 403),
        ("POST", "", {"Authorization": KEY + "x"}, 403),
        ("GET", "", {}, 405),
        ("DELETE", "", {}, 405),
        ("POST", "/1", {}, 404),
        ("POST", "", {"Content-Type": "text/plain"}, 400),
        ("POST", "", {"Content-Type": "application/json"}, 400),
    ],
)
def test_refusals_tell_why(site: ApiSite, method, path, headers, status) -> None:
    with site.client() as client:
        answer = client.request(method, site.url + path, content=b"", headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    (error,) = answer.json()["errors"]
    assert set(error) == {"message", "description"}


def test_a_message_that_is_too_large_is_refused(site: ApiSite) -> None:
    content = {"email_rfc822": RFC822 + "x" * (2 << 20)}
    with site.client() as client:
        answer = client.post(site.url, json=message("a@b.test", content=content))
    assert answer.status_code == 413


def test_a_key_is_never_logged(site: ApiSite) -> None:
    with site.client() as client:
        client.post(site.url, json=message("log@example.test"))
    assert "200 1 accepted, 0 rejected" in site.log
    assert "TLS TLSv1.3" in site.log
    assert KEY not in site.log


@pytest.mark.judge
def test_curl_is_understood(site: ApiSite, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    body = tmp_path / "body.json"
    text = RFC822 + "line\n" * 40_000  # enough for curl to ask before it sends
    content = {"email_rfc822": text}
    body.write_text(json.dumps(message("curl@example.test", content=content)))
    made = subprocess.run(
        [
            *("curl", "-sS", "--http1.1", "--cacert", str(site.root / "tls.pem")),
            *("-H", f"Authorization: {KEY}", "-H", "Content-Type: application/json"),
            *("-H", "Expect: 100-continue", "--data-binary", f"@{body}", site.url),
        ],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"no_proxy": "*"},
    )
    assert json.loads(made.stdout)["results"]["total_accepted_recipients"] == 1
    assert site.receiver.of("curl@example.test").body.count(b"line\r\n") == 40_000


def test_with_a_ca_file_clients_show_a_certificate(tmp_path: Path) -> None:
    client_pem = tmp_path / "client.pem"
    client_pem.write_bytes(self_made("client.test", time.time()))
    with api_site(tmp_path, listener=f"tls-ca-file {client_pem}") as site:
        known = site.trust()
        known.load_cert_chain(client_pem)
        headers = {"Authorization": KEY}
        with httpx.Client(verify=known, headers=headers) as client:
            answer = client.post(site.url, json=message("cert@example.test"))
        assert answer.status_code == 200
        with (
            httpx.Client(verify=site.trust(), headers=headers) as client,
            pytest.raises((httpx.TransportError, ssl.SSLError)),
        ):
            client.post(site.url, json=message("none@example.test"))


def test_what_was_answered_200_survives_a_kill(tmp_path: Path) -> None:
    with api_site(tmp_path) as site:
        site.receiver.room = 0
        with site.client() as client:
            body = message(*(f"kept{at}@example.test" for at in range(30)))
            assert client.post(site.url, json=body).status_code == 200
        site.kill()
        site.start()
        assert "30 recipients recovered from the spool" in site.log
        assert site.stop() == 0
