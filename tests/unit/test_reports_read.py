"""Reports that come back become records, matched by the sealed header."""

from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.engagement import links, token
from sinyal.engagement.token import Copy
from sinyal.events.codec import encode_line
from sinyal.events.convert import event_of
from sinyal.mail import arf, dsn, report
from sinyal.mail.arf import Arf
from sinyal.mail.dsn import Dsn, DsnRecipient
from sinyal.mail.envelope import Envelope, Recipient, Submission
from sinyal.reports import read_report

KEY = token.derive_key("0123456789abcdef0123456789abcdef01234567")
OTHER = token.derive_key("f" * 40)
UNSEAL = partial(links.copy_of, {KEY.key_id: KEY})
COPY = Copy(
    message_id="000028f8a769d2b47e10",
    customer_id=123,
    subaccount_id=17,
    campaign_id="flash-sale-0304",
    ip_pool="promo",
    rcpt_to="Ika.P@contoh.example",
    sent_at=1772615000,
)
AT = 1772615720.5
HEADERS = (
    b"From: =?utf-8?q?Toko=2C_Kabar?= <kabar@toko.example>\r\n"
    b"Subject: =?utf-8?q?Promo_=E2=98=BA?=\r\nX-Job: from-header\r\n"
)
SEALED = HEADERS + links.copy_field(KEY, COPY, bytes(12))
FORGED = HEADERS + links.copy_field(OTHER, COPY, bytes(12))
FRAME = report.Frame(
    sender="postmaster@mx.test",
    rcpt="b-1@bounces.toko.example",
    subject="Report",
    at=AT,
    unique="1",
    host="mx.test",
    text="Sorry",
)
FAILED = DsnRecipient(
    final_recipient="ika.p@contoh.example",
    action="failed",
    status="5.1.1",
    diagnostic="smtp;550 5.1.1 User unknown",
    remote_mta="in.contoh.example",
)
BOUNCE = Dsn(recipients=(FAILED,), reporting_mta="mx.test", envelope_id="e1")
COMPLAINT = Arf(
    feedback_type="abuse",
    recipients=("someone@contoh.example", "else@contoh.example"),
    mail_from="b-1@bounces.toko.example",
    user_agent="sink/1",
    reporting_mta="fbl.contoh.example",
    source_ip="192.0.2.25",
    reported_domain="toko.example",
)


class Arrived(msgspec.Struct):
    kind: str
    content: bytes
    rcpt: str = "b-1@bounces.toko.example"
    source_name: str = "mx.test"
    source_ip: str = "192.0.2.9"
    submission: Submission = Submission(
        Envelope(
            mail_from="",
            recipients=(Recipient("x", "y"),),
            received_at=AT,
            size_octets=1,
        ),
        b"",
    )


def bounced(returned=b"", **changes):
    changed = msgspec.structs.replace(BOUNCE, returned=returned, **changes)
    return read_report(Arrived("bounce", dsn.build(changed, FRAME)), UNSEAL)


def complained(returned=b"", **changes):
    changed = msgspec.structs.replace(COMPLAINT, returned=returned, **changes)
    return read_report(Arrived("feedback-loop", arf.build(changed, FRAME)), UNSEAL)


@pytest.mark.parametrize("returned", [SEALED, SEALED + b"\r\nthe body\r\n"])
def test_a_late_bounce_is_matched_with_its_copy(returned):
    (record,) = bounced(returned)
    assert (record.type, record.time_logged, record.time_queued) == (
        "rb",
        AT,
        1772615000,
    )
    assert record.message_id == COPY.message_id
    assert (record.job_id, record.vmta_pool) == ("flash-sale-0304", "promo")
    assert (record.rcpt, record.subaccount_id) == ("Ika.P@contoh.example", 17)
    assert record.orig == "b-1@bounces.toko.example"
    assert record.dsn_status == "5.1.1 (bad destination mailbox address)"
    assert record.dsn_diag == "smtp;550 5.1.1 User unknown"
    assert (record.dsn_mta, record.dsn_reporting_mta) == (
        "in.contoh.example",
        "mx.test",
    )
    assert record.bounce_cat == "bad-mailbox"
    assert (record.src_type, record.src_mta) == ("smtp", "mx.test (192.0.2.9)")
    assert (record.env_id, record.format) == ("e1", "dsn")
    assert record.friendly_from == "kabar@toko.example"
    assert record.friendly_name == "Toko, Kabar"
    assert record.subject == record.headers["subject"] == "Promo \u263a"
    assert record.signals


def test_a_matched_bounce_becomes_an_out_of_band_event():
    (record,) = bounced(SEALED)
    event = event_of(record, "1", "node")
    assert (event.type, event.message_id) == ("out_of_band", COPY.message_id)
    assert event.rcpt_to == "ika.p@contoh.example"
    assert event.campaign_id == "flash-sale-0304"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_other_actions_are_remote_status(action):
    one = msgspec.structs.replace(FAILED, action=action, status="4.4.1")
    (record,) = bounced(SEALED, recipients=(one,))
    assert (record.type, record.dsn_action, record.bounce_cat) == ("rs", action, "")
    assert event_of(record, "1", "node") is None


def test_a_forged_seal_is_recorded_but_never_counted():
    for returned in (FORGED, HEADERS):
        (record,) = bounced(returned)
        assert (record.message_id, record.signals) == ("", False)
        assert record.rcpt == "ika.p@contoh.example"
        assert record.job_id == "from-header"
        assert event_of(record, "1", "node") is None


def test_a_bounce_that_returns_nothing_is_counted_by_its_own_fields():
    (record,) = bounced()
    assert (record.message_id, record.signals, record.headers) == ("", True, {})
    assert event_of(record, "77", "node").rcpt_to == "ika.p@contoh.example"


def test_of_several_recipients_only_the_copys_own_is_matched():
    other = msgspec.structs.replace(FAILED, final_recipient="b@contoh.example")
    records = bounced(SEALED, recipients=(other, FAILED))
    assert [one.message_id for one in records] == ["", COPY.message_id]
    assert [one.rcpt for one in records] == ["b@contoh.example", "Ika.P@contoh.example"]


def test_a_complaint_is_matched_with_its_copy_whoever_it_names():
    (record,) = complained(SEALED + b"\r\nbody")
    assert (record.type, record.feedback_type, record.format) == ("f", "abuse", "arf")
    assert (record.message_id, record.rcpt) == (COPY.message_id, COPY.rcpt_to)
    assert (record.job_id, record.vmta_pool) == ("flash-sale-0304", "promo")
    assert (record.rep_source_ip, record.dlv_source_ip) == ("192.0.2.9", "192.0.2.25")
    assert record.reporting_mta == "fbl.contoh.example"
    assert record.report_to == "b-1@bounces.toko.example"
    assert record.arf["reported-domain"] == record.reported_domain == "toko.example"
    event = event_of(record, "1", "node")
    assert (event.type, event.fbtype) == ("spam_complaint", "abuse")
    assert event.message_id == COPY.message_id


def test_an_unmatched_complaint_has_a_record_for_each_recipient():
    assert [one.rcpt for one in complained()] == list(COMPLAINT.recipients)
    assert [one.rcpt for one in complained(recipients=())] == [""]
    assert all(one.signals for one in complained())
    assert not any(one.signals for one in complained(FORGED))


def test_each_processor_takes_its_own_kind_of_report():
    bounce, complaint = dsn.build(BOUNCE, FRAME), arf.build(COMPLAINT, FRAME)
    assert read_report(Arrived("bounce", complaint), UNSEAL) is None
    assert read_report(Arrived("feedback-loop", bounce), UNSEAL) is None
    assert read_report(Arrived("bounce", b"Subject: hi\r\n\r\nhi"), UNSEAL) is None


@settings(max_examples=100)
@given(st.binary(max_size=60), st.binary(max_size=200), st.integers(0, 1500))
def test_reading_a_spoilt_report_never_fails(octets, returned, at):
    for kind, content in (
        ("bounce", dsn.build(BOUNCE, FRAME)),
        ("feedback-loop", arf.build(COMPLAINT, FRAME)),
        (
            "bounce",
            dsn.build(msgspec.structs.replace(BOUNCE, returned=returned), FRAME),
        ),
    ):
        spoilt = content[:at] + octets + content[at + len(octets) :]
        read_report(Arrived(kind, spoilt), UNSEAL)


def test_endless_texts_of_a_stranger_are_cut_off():
    endless = "x" * 2_000_000
    failed = msgspec.structs.replace(
        FAILED, diagnostic=endless, final_recipient=endless
    )
    found = Dsn(recipients=(failed,), reporting_mta=endless, returned=SEALED)
    arrived = Arrived("bounce", dsn.build(found, FRAME))
    (record,) = read_report(arrived, UNSEAL)
    event = event_of(record, "1", "mx")
    assert len(encode_line(event)) < 50_000
    assert event.message_id == COPY.message_id
