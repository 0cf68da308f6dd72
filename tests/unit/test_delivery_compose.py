"""The octets of a copy: order of header, tracking and signature; line ends."""

import itertools
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sinyal.delivery.compose import Composer, Tracking, tracking_of, tracking_root
from sinyal.engagement.links import copy_of
from sinyal.mail import dkim
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.runtime.configuration import load_configuration
from sinyal.smtp.transparency import has_bare_line_end

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
CONFIGURATION = """
domain-key sel, toko.example, key.pem
<signals>
api-key 0123456789abcdef0123456789abcdef01234567
upload-url {upload}
engagement-tracking sparkpost
customer-id 123
{more}
</signals>
<domain *>
dkim-sign yes
</domain>
"""
LOCAL = "http://127.0.0.1:8025/api/v1/ingest/events"
PAGE = b'<html><body><p>Halo</p><a href=3D"https://toko.example/p?a=3D1">x</a>\r\n'
MESSAGES = {
    "8bit": b"Content-Type: text/html\r\n\r\n" + PAGE.replace(b"=3D", b"="),
    "quoted-printable": b"Content-Type: text/html\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + PAGE,
    "base64": b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"PGh0bWw+PGJvZHk+CjxhIGhyZWY9Imh0dHBzOi8vdG9rby5leGFtcGxlLyI+eDwvYT4K\r\n",
    "plain": b"Content-Type: text/plain\r\n\r\n.\r\nHalo\r\n",
}


def composer(directory: Path, upload: str = LOCAL, more: str = "") -> Composer:
    (directory / "key.pem").write_bytes(PEM)
    path = directory / "sinyal.conf"
    path.write_text(CONFIGURATION.format(upload=upload, more=more))
    loaded = load_configuration(str(path))
    assert loaded.configuration is not None, loaded.problems
    numbers = itertools.count()
    return Composer(
        loaded.configuration,
        {str(directory / "key.pem"): dkim.load_key(PEM)},
        tracking_of(loaded.configuration),
        lambda: next(numbers).to_bytes(12),
    )


def entry(*, signals: bool = True) -> QueueEntry:
    envelope = Envelope(
        mail_from="b@bounces.toko.example",
        recipients=(Recipient("ika@contoh.example", "0123456789abcdef0123"),),
        received_at=1_772_615_720.0,
        size_octets=0,
        pool="promo",
        job_id="OTP",
        signals=signals,
    )
    return QueueEntry(1, 0, QueueName("contoh.example", "{default}"), envelope)


def message(kind: str) -> bytes:
    return b"From: kabar@toko.example\r\nSubject: Halo\r\n" + MESSAGES[kind]


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_signature_covers_the_copy_as_it_is_sent(kind, tmp_path) -> None:
    sent = composer(tmp_path).compose(entry(), message(kind))

    record = dkim.load_key(PEM).record.encode()
    assert sent.startswith(b"DKIM-Signature:")
    assert dkimpy.verify(sent, dnsfunc=lambda name, timeout=5: record)


@pytest.mark.parametrize("kind", MESSAGES)
def test_composing_adds_no_bare_line_end(kind, tmp_path) -> None:
    assert not has_bare_line_end(composer(tmp_path).compose(entry(), message(kind)))


def test_the_copy_header_tells_whose_copy_it_is(tmp_path) -> None:
    making = composer(tmp_path)
    sent = making.compose(entry(), message("plain"))

    tracking = tracking_of(making._configuration)
    assert isinstance(tracking, Tracking)
    copy = copy_of({tracking.key.key_id: tracking.key}, sent)
    assert copy is not None
    assert (copy.message_id, copy.campaign_id) == ("0123456789abcdef0123", "OTP")
    assert (copy.ip_pool, copy.customer_id) == ("promo", 123)
    assert copy.rcpt_to == "ika@contoh.example"


def test_mail_that_does_not_report_to_signals_is_only_signed(tmp_path) -> None:
    sent = composer(tmp_path).compose(entry(signals=False), message("8bit"))

    assert sent.endswith(message("8bit"))
    assert b"X-Sinyal-Copy" not in sent


def test_an_author_without_a_key_is_sent_unsigned(tmp_path) -> None:
    other = message("plain").replace(b"toko.example", b"warung.example", 1)
    sent = composer(tmp_path).compose(entry(signals=False), other)

    assert sent == other


@pytest.mark.parametrize(
    ("upload", "more", "root"),
    [
        (LOCAL, "", "http://127.0.0.1:8025"),
        ("https://signals.toko.example/api", "", "https://signals.toko.example"),
        (LOCAL, "tracking-domain track.toko.example", "http://track.toko.example"),
        (LOCAL, "tracking-domain https://t.example", "https://t.example"),
        ("https://api.sparkpost.com/api/v1/ingest/events", "", ""),
        ("https://api.eu.sparkpost.com/x", "", ""),
        (
            "https://api.sparkpost.com/x",
            "tracking-domain t.example",
            "http://t.example",
        ),
        ("https://notsparkpost.com/x", "", "https://notsparkpost.com"),
    ],
)
def test_links_lead_to_the_tracking_domain_or_to_a_service_of_ones_own(
    upload, more, root, tmp_path
) -> None:
    signals = composer(tmp_path, upload, more)._configuration.signals

    assert signals is not None
    assert tracking_root(signals) == root
