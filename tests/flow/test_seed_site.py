"""The seed's site as a whole, judged from outside: its own checks and its promises."""

import re
import shutil
import smtplib
import subprocess
from collections.abc import Iterator

import dkim
import opendkim_judge
import pytest
from mta_process import API_KEY, DOMAIN, PASSWORD, USER, Site, any_certificate, plain
from mta_process import site as running
from neighbours import Mail
from returned_mail import bounce, complaint

needs_swaks = pytest.mark.skipif(
    shutil.which("swaks") is None, reason="Debian's package swaks is not installed"
)
# A client that is willing to speak what is old, so that the server's refusal counts.
WILLING = ("--tls-cipher", "ALL:@SECLEVEL=0")
SEED_ADDRESSES = ("--to", "test@trymsys.net", "--from", "any@sparkpost.com")
STRANGE = f"test@strange.{DOMAIN}"

PAGE = b"""\
<html><body class="x">
<p><a href="https://shop.example/one?a=1&amp;b=2">one</a>
<a data-msys-clicktrack="0" href="https://shop.example/quit">no more</a></p>
</body></html>
"""


def newsletter(rcpt: str, job: str) -> bytes:
    header = f"""\
From: The news <news@{DOMAIN}>
To: {rcpt}
Subject: Kabar hari ini
Message-ID: <{job}@feeder.example>
Date: Wed, 04 Mar 2026 09:15:20 +0000
X-Job: {job}
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

"""
    return header.encode().replace(b"\n", b"\r\n") + PAGE.replace(b"\n", b"\r\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("seed")) as site:
        yield site
        assert site.stop() == 0


@pytest.fixture(scope="module")
def mail(site: Site) -> Mail:
    """The seed's newsletter as its receiver gets it."""
    return site.submit(newsletter("rina@example.net", "kabar"), "rina@example.net")


def swaks(port: int, *words: str) -> str:
    server = ("--server", f"127.0.0.1:{port}", "--timeout", "20s")
    command = ["swaks", *server, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


# -- who may come in


@pytest.mark.judge
@needs_swaks
@pytest.mark.parametrize("willing", [(), WILLING], ids=["usual", "willing"])
@pytest.mark.parametrize("version", ["tlsv1", "tlsv1_1"])
def test_swaks_cannot_start_an_old_tls(
    site: Site, version: str, willing: tuple[str, ...]
) -> None:
    words = (*SEED_ADDRESSES, "--tls", "--tls-protocol", version, *willing)
    said = swaks(site.submission, *words)
    assert "*** TLS startup failed" in said
    assert "*** STARTTLS attempted but failed" in said


@pytest.mark.judge
@needs_swaks
@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_swaks_starts_a_new_tls(site: Site, version: str) -> None:
    words = (*SEED_ADDRESSES, "--tls", "--tls-protocol", version, "-q", "TLS")
    assert "TLS started" in swaks(site.submission, *words)


@pytest.mark.judge
@needs_swaks
def test_swaks_is_denied_relaying_on_the_port_for_reports(site: Site) -> None:
    words = ("--to", STRANGE, "--from", "any@sparkpost.com")
    denied = f'550 5.7.1 relaying denied for recipient in "RCPT TO:<{STRANGE}>"'
    assert denied in swaks(site.reports, *words)


def test_a_plain_login_in_the_clear_is_refused(site: Site) -> None:
    with site.client() as client:
        client.ehlo()
        assert "PLAIN" not in client.esmtp_features["auth"]
        said = client.docmd("AUTH", f"PLAIN {plain(USER, PASSWORD)}")
        assert said == (538, b"5.7.11 encryption required for this mechanism")
        client.mail("a@b.example")
        assert client.rcpt("c@d.example")[0] == 550


def test_one_failed_login_locks_its_source_out_and_no_other(site: Site) -> None:
    with site.client("127.0.0.2") as client:
        client.starttls(context=any_certificate())
        client.ehlo()
        assert client.docmd("AUTH", f"PLAIN {plain(USER, 'wrong')}")[0] == 535
    with site.client("127.0.0.2") as client:
        client.starttls(context=any_certificate())
        with pytest.raises(smtplib.SMTPAuthenticationError, match="454"):
            client.login(USER, PASSWORD)
    with site.feeder() as client:
        assert client.noop()[0] == 250


# -- what the receiver gets


def test_the_sender_is_rewritten_to_the_bounce_domain(mail: Mail) -> None:
    assert mail.mail_from == f"news@bounces.{DOMAIN}"
    assert mail.header("From") == f"The news <news@{DOMAIN}>"


def test_the_job_is_taken_out_and_the_copy_is_marked(mail: Mail) -> None:
    assert not mail.header("X-Job")
    assert mail.header("X-Sinyal-Copy")
    assert mail.message_id == "<kabar@feeder.example>"


def test_pixels_stand_behind_the_body_tag_and_before_its_end(
    site: Site, mail: Mail
) -> None:
    pixel = rb'<img src="%s/q/[^"]+"[^>]*>' % site.ingest.root.encode()
    assert len(re.findall(pixel, mail.body)) == 2
    assert re.search(rb'<body class="x"><div[^>]*>%s</div>' % pixel, mail.body)
    assert re.search(rb"%s</body></html>\s*$" % pixel, mail.body)


def test_links_are_wrapped_but_for_those_that_decline(site: Site, mail: Mail) -> None:
    wrapped = rb'<a href="%s/f/a/[^"]+">one</a>' % site.ingest.root.encode()
    assert re.search(wrapped, mail.body)
    assert b"shop.example/one" not in mail.body
    declined = rb'<a\s+href="https://shop.example/quit">no more</a>'
    assert re.search(declined, mail.body)
    assert b"clicktrack" not in mail.body


def test_dkimpy_verifies_the_delivered_message(site: Site, mail: Mail) -> None:
    asked = []

    def txt(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name.decode())
        return site.dkim_record.encode()

    assert dkim.verify(mail.content, dnsfunc=txt)
    assert asked == [f"mypmta._domainkey.{DOMAIN}."]
    assert not dkim.verify(mail.content.replace(b"Kabar", b"Kabur"), dnsfunc=txt)


@pytest.mark.judge
def test_opendkim_verifies_the_delivered_message(
    site: Site, mail: Mail, tmp_path
) -> None:
    record = site.dkim_record
    assert opendkim_judge.verdict(mail.content, record, tmp_path) == (0, b"")
    forged = mail.content.replace(b"Kabar", b"Kabur")
    assert opendkim_judge.verdict(forged, record, tmp_path)[0] != 0


# -- what Signals is told


@pytest.mark.parametrize("wire_type", ["reception", "delivery"])
def test_an_event_names_campaign_pool_and_sending_address(
    site: Site, mail: Mail, wire_type: str
) -> None:
    event = site.ingest.event(wire_type, rcpt_to="rina@example.net")
    assert event["campaign_id"] == "kabar"
    assert event["ip_pool"] == "default"
    assert event["sending_ip"] == "127.0.0.1"
    assert event["open_tracking"] is True
    assert event["click_tracking"] is True
    assert event["msg_from"] == mail.mail_from
    assert event["friendly_from"] == f"news@{DOMAIN}"
    assert event["subject"] == "Kabar hari ini"


def test_reception_and_delivery_are_of_one_message(site: Site, mail: Mail) -> None:
    received = site.ingest.event("reception", rcpt_to="rina@example.net")
    delivered = site.ingest.event("delivery", rcpt_to="rina@example.net")
    assert received["message_id"] == delivered["message_id"]
    assert received["event_id"] != delivered["event_id"]
    assert delivered["num_retries"] == "0"


def test_uploads_say_the_key_and_the_log_says_the_seeds_words(
    site: Site, mail: Mail
) -> None:
    site.ingest.event("delivery", rcpt_to="rina@example.net")
    headers = site.ingest.headers[0]
    assert headers["Authorization"] == API_KEY
    assert headers["Content-Type"] == "application/x-ndjson"
    assert headers["Content-Encoding"] == "gzip"
    words = "Signals: Discovered 1 file, transferred 1 file successfully"
    line = site.until_logged(words)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {words}", line)
    assert re.search(r"Signals: Transferred sp1-\w{16}\.json successfully\.", log(site))
    site.until(lambda: not whole_files(site))


def test_a_file_that_is_refused_is_kept_and_goes_up_later(site: Site) -> None:
    rcpt = "later@example.net"
    site.ingest.status = 500
    try:
        site.submit(newsletter(rcpt, "later"), rcpt)
        line = site.until_logged("Signals: Failed to transfer")
        found = re.search(r"(sp1-\w{16}\.json): HTTP 500: out of order$", line)
        assert found and found[1] in whole_files(site)
        assert not site.ingest.of("delivery", rcpt_to=rcpt)
    finally:
        site.ingest.status = 200
    assert site.ingest.event("delivery", rcpt_to=rcpt)["campaign_id"] == "later"
    site.until(lambda: not whole_files(site))
    site.until(lambda: f"Transferred {found[1]} successfully." in log(site))


def log(site: Site) -> str:
    return site.log.read_text()


def whole_files(site: Site) -> list[str]:
    return sorted(path.name for path in site.events.glob("sp1-*.json"))


# -- what comes back


def test_a_late_bounce_becomes_an_event_of_its_message(site: Site) -> None:
    rcpt = "gone@example.net"
    mail = site.submit(newsletter(rcpt, "gone"), rcpt)
    site.send_back(bounce(mail, mail.fields), mail.mail_from)
    event = site.ingest.event("outofband", rcpt_to=rcpt)
    delivered = site.ingest.event("delivery", rcpt_to=rcpt)
    assert event["message_id"] == delivered["message_id"]
    assert (event["campaign_id"], event["bounce_class"]) == ("gone", "10")
    assert event["error_code"] == "550"
    assert_nothing_was_passed_on(site, "after-bounce")


def test_a_complaint_becomes_an_event_of_its_message(site: Site) -> None:
    rcpt = "angry@example.net"
    mail = site.submit(newsletter(rcpt, "angry"), rcpt)
    desk = f"complaints@fbl.{DOMAIN}"
    site.send_back(complaint(mail, desk), desk)
    event = site.ingest.event("feedback", rcpt_to=rcpt)
    delivered = site.ingest.event("delivery", rcpt_to=rcpt)
    assert event["message_id"] == delivered["message_id"]
    assert (event["campaign_id"], event["fbtype"]) == ("angry", "abuse")
    assert event["report_to"] == desk
    assert_nothing_was_passed_on(site, "after-complaint")


def test_a_forged_copy_header_counts_for_nothing(site: Site) -> None:
    true, forged = "true@example.net", "forged@example.net"
    for rcpt in (forged, true):  # in this order: events keep theirs
        mail = site.submit(newsletter(rcpt, rcpt.partition("@")[0]), rcpt)
        fields = with_another_seal(mail.fields) if rcpt == forged else mail.fields
        site.send_back(bounce(mail, fields), mail.mail_from)
    site.ingest.event("outofband", rcpt_to=true)
    assert not site.ingest.of("outofband", rcpt_to=forged)


def with_another_seal(fields: bytes) -> bytes:
    """The header with one character of its seal changed."""
    name = b"X-Sinyal-Copy: "
    at = fields.index(name) + len(name) + 20
    other = b"A" if fields[at : at + 1] != b"A" else b"B"
    return fields[:at] + other + fields[at + 1 :]


def assert_nothing_was_passed_on(site: Site, name: str) -> None:
    """A message sent now arrives; what was accepted before it has had its turn."""
    rcpt = f"{name}@example.net"
    site.submit(newsletter(rcpt, name), rcpt)
    ours = site.receiver.mails.those(
        lambda mail: any(one.endswith(DOMAIN) for one in mail.rcpts)
    )
    assert not ours
