"""Records as Signals events, down to the octets of the line."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.events.bounce_class import (
    BOUNCE_CLASSES,
    CLASS_OF_CATEGORY,
    CLASS_PATTERNS,
    bounce_class_of,
    delay_class_of,
)
from sinyal.events.categories import CATEGORIES
from sinyal.events.codec import encode_line
from sinyal.events.convert import address_of, campaign_id, error_code, event_of
from sinyal.events.masking import mask
from sinyal.events.record import Record

EVENT_ID = "6120447716203394801"

RECEIPT = Record(
    type="r",
    time_logged=1772615720.4,
    time_queued=1772615720.0,
    orig="b-4471@bounces.toko.example",
    rcpt="Ika.P@contoh.example",
    src_type="smtp",
    dlv_source_ip="192.0.2.25",
    vmta="promo",
    vmta_pool="promo",
    job_id="flash-sale-0304",
    queue="contoh.example/mta1",
    signals=True,
    message_id="000028f8a769d2b47e10",
    custom_message_id="ord-77121",
    binding="mta1",
    friendly_from="kabar@toko.example",
    friendly_name="Toko Kabar",
    subject="Promo hari ini",
    size_octets=18342,
    subaccount_id=17,
    open_tracking=True,
    click_tracking=True,
)
DELIVERY = msgspec.structs.replace(
    RECEIPT,
    type="d",
    time_logged=1772615725.23,
    vmta="mta1",
    dlv_type="smtp",
    dlv_size=18342,
    dlv_destination_ip="198.51.100.7",
    dlv_tls_protocol="TLSv1.3",
    num_retries=1,
    dsn_status="2.0.0 (success)",
    dsn_diag="smtp;250 ok",
)
BOUNCE = msgspec.structs.replace(
    DELIVERY,
    type="b",
    time_logged=1772615720.84,
    dlv_size=0,
    num_retries=0,
    dsn_status="5.1.1 (bad destination mailbox address)",
    dsn_diag="smtp;550 5.1.1 no mailbox ika.p@contoh.example here",
    bounce_cat="bad-mailbox",
)
REMOTE_BOUNCE = Record(
    type="rb",
    time_logged=1772619001.0,
    orig="b-4471@bounces.toko.example",
    rcpt="ika.p@contoh.example",
    dsn_status="5.0.0 (undefined status)",
    dsn_diag="SMTP; 550 5.0.0 <ika.p@contoh.example>... User unknown",
    bounce_cat="bad-mailbox",
    src_type="smtp",
    signals=True,
    message_id="000028f8a769d2b47e10",
    friendly_from="kabar@toko.example",
    subaccount_id=17,
)
COMPLAINT = Record(
    type="f",
    time_logged=1772620500.0,
    rcpt="Ika.P@contoh.example",
    orig="b-4471@bounces.toko.example",
    dlv_source_ip="192.0.2.25",
    feedback_type="Abuse",
    reporting_mta="fbl.penyedia.example",
    signals=True,
    message_id="000028f8a769d2b47e10",
    report_to="fbl@fbl.toko.example",
    headers={"from": "Toko Kabar <kabar@toko.example>"},
    subaccount_id=17,
)

INJECTED = {
    "type": "reception",
    "event_id": EVENT_ID,
    "message_id": "000028f8a769d2b47e10",
    "custom_message_id": "ord-77121",
    "timestamp": "1772615720",
    "recv_method": "esmtp",
    "rcpt_to": "ika.p@contoh.example",
    "raw_rcpt_to": "Ika.P@contoh.example",
    "routing_domain": "contoh.example",
    "msg_from": "b-4471@bounces.toko.example",
    "friendly_from": "kabar@toko.example",
    "friendly_name": "Toko Kabar",
    "subject": "Promo hari ini",
    "campaign_id": "flash-sale-0304",
    "binding": "mta1",
    "binding_group": "promo",
    "ip_pool": "promo",
    "sending_ip": "192.0.2.25",
    "msg_size": "18342",
    "open_tracking": True,
    "initial_pixel": True,
    "click_tracking": True,
    "subaccount_id": 17,
    "node_name": "mta01",
}


def sent(record: Record, node_name: str = "mta01") -> dict[str, object]:
    """The fields of the event that a record becomes, as they are on the wire."""
    event = event_of(record, EVENT_ID, node_name)
    assert event is not None
    line = encode_line(event)
    assert line.endswith(b"}}\n")
    assert line.count(b"\n") == 1
    ((envelope, fields),) = json.loads(line)["msys"].items()
    assert envelope == "message_event"
    return fields


def test_a_receipt_becomes_a_reception():
    assert sent(RECEIPT) == INJECTED


def test_a_delivery_tells_attempts_time_address_and_tls():
    assert sent(DELIVERY) == {
        **INJECTED,
        "type": "delivery",
        "timestamp": "1772615725",
        "delv_method": "esmtp",
        "num_retries": "1",
        "queue_time": "5230",
        "ip_address": "198.51.100.7",
        "outbound_tls": "1",
    }


def test_a_bounce_tells_class_code_and_masked_reason():
    assert sent(BOUNCE) == {
        **INJECTED,
        "type": "inband",
        "delv_method": "esmtp",
        "num_retries": "0",
        "queue_time": "840",
        "ip_address": "198.51.100.7",
        "bounce_class": "10",
        "error_code": "550",
        "raw_reason": "smtp;550 5.1.1 no mailbox ika.p@contoh.example here",
        "reason": "smtp;550 5.1.1 no mailbox ...@... here",
    }


def test_a_delay_is_a_transient_failure_unless_something_finer_fits():
    later = msgspec.structs.replace(
        BOUNCE,
        type="t",
        dsn_status="4.0.0 (transient failure)",
        dsn_diag="smtp;451 come again",
        bounce_cat="other",
        num_retries=3,
    )
    fields = sent(later)
    assert fields["type"] == "tempfail"
    assert (fields["bounce_class"], fields["error_code"]) == ("70", "451")
    assert fields["num_retries"] == "3"
    full = msgspec.structs.replace(
        later, dsn_diag="smtp;452 4.2.2 full", bounce_cat="quota-issues"
    )
    assert sent(full)["bounce_class"] == "22"


def test_an_expired_message_is_a_timeout_with_code_554():
    fields = sent(
        msgspec.structs.replace(
            BOUNCE,
            dsn_status="5.4.7 (delivery time expired)",
            dsn_diag="smtp;554 5.4.7 message expired; last error: 451 busy",
            bounce_cat="message-expired",
        )
    )
    assert (fields["bounce_class"], fields["error_code"]) == ("24", "554")


def test_a_remote_bounce_becomes_an_outofband_event():
    assert sent(REMOTE_BOUNCE, node_name="") == {
        "type": "outofband",
        "event_id": EVENT_ID,
        "message_id": "000028f8a769d2b47e10",
        "timestamp": "1772619001",
        "recv_method": "esmtp",
        "delv_method": "esmtp",
        "rcpt_to": "ika.p@contoh.example",
        "msg_from": "b-4471@bounces.toko.example",
        "friendly_from": "kabar@toko.example",
        "bounce_class": "10",
        "error_code": "550",
        "raw_reason": "SMTP; 550 5.0.0 <ika.p@contoh.example>... User unknown",
        "reason": "SMTP; 550 5.0.0 <...@...>... User unknown",
        "subaccount_id": 17,
    }


def test_a_complaint_becomes_a_feedback_event():
    assert sent(COMPLAINT, node_name="") == {
        "type": "feedback",
        "event_id": EVENT_ID,
        "message_id": "000028f8a769d2b47e10",
        "timestamp": "1772620500",
        "delv_method": "esmtp",
        "fbtype": "abuse",
        "rcpt_to": "ika.p@contoh.example",
        "friendly_from": "kabar@toko.example",
        "report_by": "fbl.penyedia.example",
        "report_to": "fbl@fbl.toko.example",
        "sending_ip": "192.0.2.25",
        "subaccount_id": 17,
    }


def test_a_complaint_without_recipient_takes_it_from_the_report():
    blind = msgspec.structs.replace(
        COMPLAINT, rcpt="", arf={"original-rcpt-to": "<ika.p@contoh.example>"}
    )
    assert sent(blind)["rcpt_to"] == "ika.p@contoh.example"


@pytest.mark.parametrize("letter", ["tq", "rs"])
def test_queue_failures_and_status_reports_have_no_event(letter: str):
    record = Record(type=letter, time_logged=1.0, signals=True, message_id="x")
    assert event_of(record, EVENT_ID, "mta01") is None


@pytest.mark.parametrize("record", [RECEIPT, DELIVERY, BOUNCE, COMPLAINT])
def test_no_event_is_made_where_signals_is_off(record: Record):
    off = msgspec.structs.replace(record, signals=False)
    assert event_of(off, EVENT_ID, "mta01") is None


def test_an_unbound_address_is_not_sent_as_the_sending_address():
    assert "sending_ip" not in sent(
        msgspec.structs.replace(RECEIPT, dlv_source_ip="0.0.0.0")
    )


def test_an_unmatched_report_gets_a_message_id_of_its_own():
    lost = msgspec.structs.replace(REMOTE_BOUNCE, message_id="")
    first = event_of(lost, EVENT_ID, "")
    second = event_of(lost, "1", "")
    assert first is not None
    assert second is not None
    assert len(first.message_id) == len(second.message_id) == 20
    assert first.message_id != second.message_id


def test_the_envelope_sender_stands_in_for_a_missing_from_header():
    fields = sent(msgspec.structs.replace(RECEIPT, friendly_from=""))
    assert fields["friendly_from"] == "b-4471@bounces.toko.example"


def test_a_rolled_up_queue_routes_to_the_recipient_domain():
    rolled = msgspec.structs.replace(DELIVERY, queue="yahoo.rollup/mta1")
    assert sent(rolled)["routing_domain"] == "contoh.example"


def test_mail_in_the_clear_is_told_as_such():
    assert (
        sent(msgspec.structs.replace(DELIVERY, dlv_tls_protocol=""))["outbound_tls"]
        == "0"
    )


def test_text_that_is_no_unicode_is_replaced_on_the_line():
    assert sent(msgspec.structs.replace(RECEIPT, subject="a\udce9b"))["subject"] == (
        "a?b"
    )


@pytest.mark.parametrize(
    ("job", "campaign"),
    [("a" * 70, "a" * 64), ("é" * 40, "é" * 32), ("aé" * 30, "aé" * 21 + "a")],
)
def test_a_campaign_is_cut_at_64_octets_between_characters(job: str, campaign: str):
    assert campaign_id(job) == campaign


@pytest.mark.parametrize(
    ("diagnostic", "status", "code"),
    [
        ("smtp;550 no", "5.0.0", "550"),
        ("SMTP; 451 no", "4.0.0", "451"),
        ("550-no", "5.0.0", "550"),
        ("x-unix; mailbox gone", "5.1.1", "550"),
        ("", "4.4.1", "451"),
        ("smtp;5501 no", "", ""),
    ],
)
def test_the_error_code_is_the_replys_or_the_statuss(
    diagnostic: str, status: str, code: str
):
    assert error_code(diagnostic, status) == code


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no <ika.p@contoh.example>: sorry", "no <...@...>: sorry"),
        ("host 192.0.2.25 is listed", "host a.b.c.d is listed"),
        ("[192.0.2.25]: bad", "[a.b.c.d]: bad"),
        ("550 5.1.1 version 1.2.3 ok", "550 5.1.1 version 1.2.3 ok"),
        ("oid 1.2.3.4.5 stays", "oid 1.2.3.4.5 stays"),
    ],
)
def test_addresses_are_masked_in_reasons(text: str, masked: str):
    assert mask(text) == masked


@pytest.mark.parametrize("text", ["a" * 300_000, "a@" * 90_000, "1.1.1.1." * 40_000])
def test_masking_hostile_text_comes_to_an_end(text: str):
    assert mask(text)  # a quadratic pattern would be at it for minutes


@settings(max_examples=100)
@given(st.text())
def test_no_complete_address_survives_masking(text: str):
    assert "ika.p@contoh.example" not in mask(f"{text} <ika.p@contoh.example> {text}")


@pytest.mark.parametrize(
    ("status", "diagnostic", "category", "code"),
    [
        ("5.1.1", "smtp;550 User unknown", "bad-mailbox", 10),
        ("5.7.1", "smtp;550 listed at spamhaus", "spam-related", 51),
        ("5.7.1", "smtp;550 poor reputation", "spam-related", 51),
        ("5.7.1", "smtp;550 looks like spam", "spam-related", 52),
        ("5.7.1", "smtp;550 no thanks", "policy-related", 50),
        ("5.3.4", "smtp;552 no", "other", 23),
        ("5.0.0", "smtp;552 message too big", "content-related", 23),
        ("5.7.0", "smtp;552 attachment .exe is blocked", "content-related", 53),
        ("5.0.0", "smtp;550 infected", "virus-related", 53),
        ("5.7.1", "smtp;550 relaying denied", "relaying-issues", 54),
        ("5.3.0", "smtp;550 hm", "other", 40),
        ("5.0.0", "smtp;550 hm", "other", 1),
        ("5.0.0", "smtp;550 hm", "my-own-category", 1),
    ],
)
def test_words_come_before_the_category(
    status: str, diagnostic: str, category: str, code: int
):
    assert bounce_class_of(status, diagnostic, category) == code


def test_a_dropped_connection_delays_as_a_plain_transient_failure():
    assert delay_class_of("4.4.2", "smtp;451 lost", "bad-connection") == 70


def test_every_class_that_can_be_given_is_in_the_table():
    codes = {row.code for row in BOUNCE_CLASSES}
    assert len(codes) == len(BOUNCE_CLASSES) == 20
    assert set(CLASS_OF_CATEGORY.values()) <= codes
    assert {code for _, code in CLASS_PATTERNS} <= codes
    assert set(CLASS_OF_CATEGORY) == set(CATEGORIES) - {"other"}


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("Toko <a@b.example>", "a@b.example"),
        ("a@b.example", "a@b.example"),
        ("<a@b.example>", "a@b.example"),
        ("", ""),
    ],
)
def test_the_address_of_a_header(header: str, address: str):
    assert address_of(header) == address
