"""A real process that checks its senders; the name server has a dict for its zone."""

import smtplib
from pathlib import Path

import pytest
from api_site import HOST, ApiSite, api_site
from cryptography.hazmat.primitives.asymmetric import rsa
from delivery_peer import Zone

from sinyal.mail import dkim

SOURCE = """
always-allow-relaying yes
check-spf-inbound yes
trace-spf-check yes
check-iprev-inbound yes
check-dkim-inbound yes
"""
KEY = dkim.Key(rsa.generate_private_key(65537, 2048))
QUOTED = " ".join(f'"{KEY.record[at : at + 200]}"' for at in range(0, 600, 200))
ZONE: Zone = {
    ("good.test", "TXT"): ['"v=spf1 ip4:127.0.0.0/8 -all"'],
    ("bad.test", "TXT"): ['"v=spf1 exp=why.bad.test -all"'],
    ("why.bad.test", "TXT"): ['"send through us"'],
    ("silent.test", "TXT"): None,
    ("1.0.0.127.in-addr.arpa", "PTR"): ["client.good.test."],
    ("client.good.test", "A"): ["127.0.0.1"],
    ("s1._domainkey.good.test", "TXT"): [QUOTED],
}
MESSAGE = b"From: a@good.test\r\nSubject: hi\r\n\r\nx\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    root: Path = tmp_path_factory.mktemp("checked")
    with api_site(root, ZONE, SOURCE) as running:
        yield running


def client(site: ApiSite) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", site.smtp, "client.good.test", timeout=30)


def test_results_stand_on_top_and_forged_ones_are_gone(site: ApiSite) -> None:
    forged = b"Authentication-Results: %b; dkim=pass header.d=bank.test\r\n"
    other = b"Authentication-Results: relay.test; spf=pass\r\n"
    content = forged % HOST.encode() + other + MESSAGE
    signed = dkim.sign(content, KEY, "good.test", "s1") + content
    with client(site) as peer:
        peer.sendmail("news@good.test", ["ann@example.test"], signed)
    arrived = site.receiver.of("ann@example.test").content
    top = b"Authentication-Results: mx.example.test;\r\n\t"
    assert arrived.startswith(top)
    found = arrived.partition(b"Received:")[0].replace(b"\r\n\t", b" ").decode()
    assert "iprev=pass (client.good.test) policy.iprev=127.0.0.1;" in found
    assert (
        "spf=pass (ip4 of good.test; TXT good.test: v=spf1 ip4:127.0.0.0/8 -all)"
        " smtp.mailfrom=news@good.test;" in found
    )
    assert "dkim=pass (2048-bit key) header.d=good.test" in found
    assert b"bank.test" not in arrived
    assert other in arrived


def test_a_sender_that_fails_is_refused_with_its_own_words(site: ApiSite) -> None:
    with client(site) as peer:
        peer.ehlo()
        code, text = peer.mail("x@bad.test")
        assert (code, text) == (
            550,
            b"5.7.23 SPF of bad.test does not allow 127.0.0.1 to send; it says: send"
            b" through us",
        )
        assert peer.mail("x@good.test")[0] == 250


def test_a_silent_name_server_holds_up_nobody_else(site: ApiSite) -> None:
    with client(site) as waiting, client(site) as other:
        waiting.ehlo()
        waiting.putcmd("mail", "FROM:<x@silent.test>")
        other.sendmail("news@good.test", ["bob@example.test"], MESSAGE)
        assert site.receiver.of("bob@example.test")
        code, text = waiting.getreply()
        assert (code, text[:6]) == (451, b"4.7.24")
