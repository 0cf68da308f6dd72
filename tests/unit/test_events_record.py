"""Records of receipts, outcomes and queue failures."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.events.categories import CATEGORIES, category_of
from sinyal.events.columns import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    attribute_of,
    columns_of,
    union,
)
from sinyal.events.outcome import Outcome, Verdict
from sinyal.events.record import Record, of_outcome, queue_failure, receipt
from sinyal.events.status import status_cell, status_of
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.smtp.reply import Reply, reply

ENVELOPE = Envelope(
    mail_from="b-4471@bounces.toko.example",
    recipients=(Recipient("Ika.P@contoh.example", "000028f8a769d2b47e10", "rfc822;x"),),
    received_at=1772615720.2,
    size_octets=18342,
    vmta="mta1",
    pool="promo",
    job_id="flash-sale-0304",
    env_id="e1",
    source_name="feeder.toko.example",
    source_ip="10.0.0.1",
    local_ip="10.0.0.2",
    smtp_user="umpan",
    friendly_from="kabar@toko.example",
    friendly_name="Toko Kabar",
    subject="Promo hari ini",
    signals=True,
    subaccount_id=17,
)


def outcome(verdict: Verdict, said: Reply, **changes: object) -> Outcome:
    entry = QueueEntry(7, 0, QueueName("contoh.example", "mta1"), ENVELOPE, attempts=2)
    plain = Outcome(
        entry=entry,
        verdict=verdict,
        reply=said,
        at=1772615725.43,
        remote_name="mx1.contoh.example",
        remote_ip="198.51.100.7",
        source_ip="192.0.2.25",
        extensions=("PIPELINING", "SIZE 10240000", "8BITMIME"),
        size_octets=18500,
        tls_protocol="TLSv1.3",
        tls_cipher="TLS_AES_256_GCM_SHA384",
    )
    return msgspec.structs.replace(plain, **changes)


def test_a_delivery_becomes_a_d_record():
    (record,) = of_outcome(outcome(Verdict.DELIVERED, reply(250, "2.0.0 ok 77")))
    assert record.type == "d"
    assert record.dsn_action == "relayed"
    assert record.dsn_status == "2.0.0 (success)"
    assert record.dsn_diag == "smtp;250 2.0.0 ok 77"
    assert record.dsn_mta == "mx1.contoh.example (198.51.100.7)"
    assert record.src_mta == "feeder.toko.example (10.0.0.1)"
    assert record.dlv_esmtp_available == "PIPELINING,SIZE 10240000,8BITMIME"
    assert record.queue == "contoh.example/mta1"
    assert (record.vmta, record.vmta_pool) == ("mta1", "promo")
    assert (record.dlv_size, record.bounce_cat) == (18500, "")
    assert (record.total_seconds_queued, record.num_retries) == (5, 2)
    assert record.rcv_smtp_user == "umpan"


def test_a_refusal_becomes_a_b_record_with_a_category_and_no_size():
    (record,) = of_outcome(outcome(Verdict.BOUNCED, reply(550, "5.1.1 who is that")))
    assert record.type == "b"
    assert record.dsn_action == "failed"
    assert record.dsn_status == "5.1.1 (bad destination mailbox address)"
    assert record.bounce_cat == "bad-mailbox"
    assert record.dlv_size == 0


def test_a_refusal_for_now_becomes_a_t_record():
    (record,) = of_outcome(outcome(Verdict.DEFERRED, reply(452, "4.2.2 mailbox full")))
    assert (record.type, record.dsn_action) == ("t", "delayed")
    assert record.bounce_cat == "quota-issues"


def test_a_failure_without_a_peer_has_no_remote_mta():
    said = reply(554, "5.4.7 message expired")
    (record,) = of_outcome(
        outcome(Verdict.BOUNCED, said, is_local=True, remote_name="", remote_ip="")
    )
    assert record.dsn_mta == ""
    assert record.bounce_cat == "message-expired"


def test_a_receipt_shows_the_pool_as_its_vmta_and_keeps_the_vmta_for_the_event():
    record = receipt(ENVELOPE, 0, 1772615720.5, "192.0.2.25", is_tracked=True)
    assert (record.type, record.vmta, record.vmta_pool) == ("r", "promo", "promo")
    assert record.binding == "mta1"
    assert record.rcv_source_ip == "10.0.0.1"
    assert record.rcv_destination_ip == "10.0.0.2"
    assert (record.open_tracking, record.click_tracking) == (True, True)


def test_a_queue_failure_names_no_recipient():
    said = reply(451, "4.4.1 connection timed out")
    waits = outcome(Verdict.DEFERRED, said, source_ip="", is_of_queue=True)
    record = queue_failure(waits)
    assert (record.type, record.rcpt) == ("tq", "")
    assert record.dsn_status == "4.4.1 (no answer from host)"
    assert record.dlv_source_ip == "0.0.0.0"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (reply(250, "ok"), "2.0.0"),
        (reply(451, "later"), "4.0.0"),
        (reply(550, "no"), "5.0.0"),
        (reply(550, "5.7.1 no"), "5.7.1"),
        (reply(550, "4.7.1 a peer that contradicts itself"), "5.7.1"),
    ],
)
def test_the_status_follows_the_reply_code(said: Reply, status: str):
    assert status_of(said) == status


@pytest.mark.parametrize(
    ("status", "cell"),
    [
        ("4.0.0", "4.0.0 (transient failure)"),
        ("5.0.0", "5.0.0 (undefined status)"),
        ("5.1.2", "5.1.2 (bad destination system address)"),
        ("4.1.1", "4.1.1 (bad destination mailbox address)"),
        ("5.99.99", "5.99.99 (undefined status)"),
    ],
)
def test_a_status_cell_has_code_and_text(status: str, cell: str):
    assert status_cell(status) == cell


@pytest.mark.parametrize(
    ("status", "diagnostic", "category"),
    [
        ("5.0.0", "550 message contains a virus", "virus-related"),
        ("5.7.1", "554 5.7.1 listed at Spamhaus", "spam-related"),
        ("5.7.1", "550 5.7.1 looks like spam", "spam-related"),
        ("5.0.0", "552 mailbox over quota", "quota-issues"),
        ("5.2.2", "552 5.2.2 no room", "quota-issues"),
        ("5.0.0", "550 attachment type is blocked", "content-related"),
        ("5.1.8", "550 5.1.8 sender cannot be verified: invalid", "invalid-sender"),
        ("5.2.1", "550 5.2.1 account disabled", "inactive-mailbox"),
        ("5.0.0", "550 User unknown", "bad-mailbox"),
        ("5.1.1", "550 5.1.1 sorry", "bad-mailbox"),
        ("5.7.1", "550 5.7.1 relaying denied", "relaying-issues"),
        ("5.1.2", "550 5.1.2 sorry", "bad-domain"),
        ("5.0.0", "550 no such domain", "bad-domain"),
        ("4.4.1", "451 4.4.1 sorry", "no-answer-from-host"),
        ("4.4.2", "451 4.4.2 sorry", "bad-connection"),
        ("5.4.6", "554 5.4.6 too many hops", "routing-errors"),
        ("5.4.7", "554 5.4.7 sorry", "message-expired"),
        ("5.7.1", "550 5.7.1 sorry", "policy-related"),
        ("5.5.2", "500 5.5.2 sorry", "protocol-errors"),
        ("5.3.5", "550 5.3.5 sorry", "bad-configuration"),
        ("5.0.0", "550 sorry", "other"),
        ("5.0.0", "550 <spam@mailbox-full.example> sorry", "other"),
        ("2.0.0", "250 ok", "success"),
    ],
)
def test_the_category_of_a_reply(status: str, diagnostic: str, category: str):
    assert category_of(status, diagnostic) == category


@settings(max_examples=100)
@given(st.from_regex(r"[45]\.\d{1,3}\.\d{1,3}", fullmatch=True), st.text())
def test_every_failure_has_a_known_category(status: str, diagnostic: str):
    assert category_of(status, diagnostic) in CATEGORIES


def test_every_column_shows_an_attribute_of_the_record():
    attributes = {field.name for field in msgspec.structs.fields(Record)}
    for letter, names in COLUMNS.items():
        for name in names + OPTIONAL_COLUMNS[letter]:
            if name != "userString":
                assert attribute_of(name) in attributes, name


def test_record_fields_choose_drop_and_add_columns():
    assert columns_of("tq", ("*", "!orcpt", "!queue", "header_X-Id")) == (
        *COLUMNS["tq"][:-1],
        "header_X-Id",
    )
    assert columns_of("d", ("TIMELOGGED", "orig", "nonsense", "!type")) == (
        "type",
        "timeLogged",
        "orig",
    )


def test_a_union_of_columns_appends_what_is_new():
    assert union((("type", "a", "b"), ("type", "c", "b"))) == ("type", "a", "b", "c")


def test_what_a_recipient_has_of_its_own_counts_before_the_envelopes() -> None:
    own = Recipient(
        "ika@contoh.example",
        "000028f8a769d2b47e11",
        vmta="mta2",
        pool="both",
        mail_from="own@toko.example",
        job_id="own-job",
        env_id="own-env",
        subaccount_id=99,
        custom_message_id="ref-1",
        signals=False,
    )
    envelope = msgspec.structs.replace(ENVELOPE, recipients=(own,))
    entry = QueueEntry(1, 0, QueueName("contoh.example", "mta2"), envelope)
    outcome = Outcome(
        entry=entry, verdict=Verdict.DELIVERED, reply=reply(250, "ok"), at=1772615721.0
    )
    for record in (receipt(envelope, 0, 1772615720.5, ""), *of_outcome(outcome)):
        assert record.orig == "own@toko.example"
        assert (record.binding, record.vmta_pool) == ("mta2", "both")
        assert (record.job_id, record.env_id) == ("own-job", "own-env")
        assert (record.subaccount_id, record.custom_message_id) == (99, "ref-1")
        assert record.queue == "contoh.example/mta2"
        assert not record.signals
    assert receipt(envelope, 0, 1772615720.5, "").vmta == "both"
