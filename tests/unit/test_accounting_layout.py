"""Accounting records as CSV lines."""

import csv
import io
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.accounting.layout import Extras, Layout
from sinyal.events.columns import COLUMNS
from sinyal.events.record import Record

# The header of a captured d,b file, and what further types add to it.
DELIVERIES = (
    "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,"
    "bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,"
    "dlvSize,vmta,jobId,envId,queue,vmtaPool"
)
RECEIPTS = ",rcvSourceIp,rcvDestinationIp"
REMOTE_BOUNCES = ",dsnReportingMta,format"
COMPLAINTS = (
    ",repSourceIp,feedbackType,userAgent,reportingMta,reportedDomain,"
    "header_From,header_Return-Path,header_X-job,header_Subject"
)

DELIVERY = Record(
    type="d",
    time_logged=1549662845.9,
    time_queued=1549662840.0,
    total_seconds_queued=5,
    orig="a@toko.example",
    rcpt="b@contoh.example",
    dsn_action="relayed",
    dsn_status="2.0.0 (success)",
    dsn_diag='smtp;250 "2.0.0" ok, queued',
    dlv_esmtp_available="PIPELINING,SIZE",
    dlv_size=512,
    vmta="mta1",
    queue="contoh.example/mta1",
    headers={"x-id": "7"},
    dlv_tls_protocol="TLSv1.3",
)


@pytest.fixture
def jakarta(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "WIB-7")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def cells(octets: bytes) -> list[str]:
    ((*row,),) = csv.reader(io.StringIO(octets.decode(), newline=""), strict=True)
    return row


@pytest.mark.parametrize(
    ("records", "header"),
    [
        (("d", "b"), DELIVERIES),
        (("b", "d"), DELIVERIES),
        (("d", "b", "t"), DELIVERIES),
        (("d", "b", "r"), DELIVERIES + RECEIPTS),
        (("d", "b", "r", "rb"), DELIVERIES + RECEIPTS + REMOTE_BOUNCES),
        (
            ("d", "b", "r", "rb", "f"),
            DELIVERIES + RECEIPTS + REMOTE_BOUNCES + COMPLAINTS,
        ),
        (
            ("d", "f", "r", "rb"),
            DELIVERIES
            + COMPLAINTS.replace(",userAgent", ",format,userAgent")
            + RECEIPTS
            + ",dsnReportingMta",
        ),
    ],
)
def test_the_header_is_the_union_of_columns(records: tuple[str, ...], header: str):
    assert Layout(records).header == header.encode() + b"\r\n"


def test_cells_are_under_their_columns_and_empty_where_the_type_has_none():
    layout = Layout(("d", "r"))
    receipt = Record(
        type="r",
        time_logged=1549662845.0,
        rcpt="b@contoh.example",
        rcv_source_ip="10.0.0.1",
        dlv_source_ip="192.0.2.1",
        vmta="promo",
        queue="contoh.example/mta1",
    )
    row = dict(zip(layout.columns, cells(layout.line(receipt)), strict=True))
    assert row["type"] == "r"
    assert row["rcvSourceIp"] == "10.0.0.1"
    assert row["vmta"] == "promo"
    # Facts for the event only are no cells of an r record.
    assert (row["dlvSourceIp"], row["queue"], row["timeQueued"]) == ("", "", "")


def test_times_are_local_with_offset(jakarta):
    row = cells(Layout(("d",)).line(DELIVERY))
    assert row[:3] == ["d", "2019-02-09 04:54:05+0700", "2019-02-09 04:54:00+0700"]


def test_times_are_epoch_seconds_where_asked_for():
    row = cells(Layout(("d",), iso_times=False).line(DELIVERY))
    assert row[:3] == ["d", "1549662845", "1549662840"]


def test_commas_and_quotes_are_quoted():
    octets = Layout(("d",)).line(DELIVERY)
    assert b',"smtp;250 ""2.0.0"" ok, queued",' in octets
    assert b',"PIPELINING,SIZE",512,' in octets
    assert octets.endswith(b"\r\n")


def test_a_size_that_does_not_apply_is_empty():
    layout = Layout(("b",))
    record = msgspec.structs.replace(DELIVERY, type="b", dlv_size=0)
    assert cells(layout.line(record))[layout.columns.index("dlvSize")] == ""


def test_record_fields_choose_the_columns():
    layout = Layout(
        ("d", "b"),
        fields={
            "d": ("*", "!orcpt", "header_X-Id", "userString", "dlvTlsProtocol"),
            "b": ("rcpt", "orig"),
        },
        user_string="node, 1",
    )
    assert "orcpt" not in layout.columns
    assert layout.columns[-3:] == ("header_X-Id", "userString", "dlvTlsProtocol")
    row = dict(zip(layout.columns, cells(layout.line(DELIVERY)), strict=True))
    assert (row["header_X-Id"], row["userString"]) == ("7", "node, 1")
    bounce = msgspec.structs.replace(DELIVERY, type="b")
    short = dict(zip(layout.columns, cells(layout.line(bounce)), strict=True))
    assert {name: value for name, value in short.items() if value} == {
        "type": "b",
        "rcpt": "b@contoh.example",
        "orig": "a@toko.example",
    }


def test_a_file_of_the_type_column_alone_is_possible():
    layout = Layout(("rb",), fields={"rb": ()})
    assert layout.header == b"type\r\n"
    record = Record(type="rb", time_logged=1.0)
    assert layout.lines([record, DELIVERY]) == [b"rb\r\n"]


def test_only_records_of_the_files_types_are_written():
    assert Layout(("b", "r")).lines([DELIVERY]) == []


EVERY = ("d", "b", "t", "tq", "r", "rb", "rs", "f")


@pytest.mark.parametrize("letter", EVERY)
def test_a_star_gives_the_columns_of_the_type_in_order(letter: str):
    layout = Layout((letter,), fields={letter: ("*",)})
    assert layout.columns == COLUMNS[letter]
    assert layout.line(Record(type=letter, time_logged=1.0)).startswith(
        f"{letter},".encode()
    )


@pytest.mark.parametrize("letter", ["d", "b", "t"])
def test_the_time_of_the_first_attempt_stands_behind_that_of_queueing(letter: str):
    timed = Layout((letter,), extras=Extras(is_attempt_timed=True), iso_times=False)
    assert timed.columns[:4] == ("type", "timeLogged", "timeQueued", "timeFirstAttempt")
    record = msgspec.structs.replace(DELIVERY, type=letter, time_first_attempt=7.5)
    assert cells(timed.line(record))[3] == "7"
    asked = Layout((letter,), fields={letter: ("timeFirstAttempt",)})
    assert asked.columns == ("type", "timeFirstAttempt")
    assert "timeFirstAttempt" not in Layout((letter,)).columns
    others = Layout(("r", "tq", "f"), extras=Extras(is_attempt_timed=True))
    assert "timeFirstAttempt" not in others.columns


def mapped(*lines: tuple[str, str, str], headers: dict[str, str]) -> dict[str, str]:
    layout = Layout(("d", "b"), extras=Extras(mappings=lines))
    record = msgspec.structs.replace(DELIVERY, job_id="j", headers=headers)
    return dict(zip(layout.columns, cells(layout.line(record)), strict=True))


def test_the_first_header_that_a_message_has_takes_the_place_of_a_field():
    lines = (
        ("b", "header_x-b", "jobId"),
        ("d", "header_X-One", "jobid"),
        ("d", "header_x-two", "jobId"),
        ("d", "header_x-two", "envId"),
        ("d", "header_x-two", "timeQueued"),
    )
    row = mapped(*lines, headers={"x-b": "B", "x-two": "2", "x-one": "1, one"})
    assert (row["jobId"], row["envId"], row["timeQueued"]) == ("1, one", "2", "2")
    assert mapped(*lines, headers={"x-two": "2"})["jobId"] == "2"
    assert mapped(*lines, headers={"x-two": "2", "x-one": ""})["jobId"] == ""
    assert mapped(*lines, headers={"x-b": "B"})["jobId"] == "j"


def test_a_header_that_is_mapped_needs_no_column_of_its_own():
    layout = Layout(
        ("d",),
        fields={"d": ("rcpt",)},
        extras=Extras(mappings=(("d", "header_x", "jobId"),)),
    )
    assert layout.line(msgspec.structs.replace(DELIVERY, headers={"x": "1"})) == (
        b"d,b@contoh.example\r\n"
    )


def test_fields_of_a_complaint_report_are_columns_where_asked_for():
    layout = Layout(("f",), fields={"f": ("rcpt", "arf_Version", "HEADER_x-batch")})
    record = Record(
        type="f", time_logged=1.0, arf={"version": "1"}, headers={"x-batch": "j7"}
    )
    assert layout.header == b"type,rcpt,arf_Version,HEADER_x-batch\r\n"
    assert cells(layout.line(record)) == ["f", "", "1", "j7"]


TEXT = st.text(st.characters(codec="utf-8"))


@settings(max_examples=200)
@given(TEXT, TEXT, TEXT, TEXT, st.sampled_from(sorted(COLUMNS)))
def test_any_text_comes_back_from_a_csv_reader(
    rcpt: str, diagnostic: str, job: str, header: str, letter: str
):
    record = Record(
        type=letter,
        time_logged=1549662845.0,
        rcpt=rcpt,
        dsn_diag=diagnostic,
        job_id=job,
        headers={"subject": header},
    )
    layout = Layout(("d", "b", "t", "tq", "r", "rb", "rs", "f"))
    row = dict(zip(layout.columns, cells(layout.line(record)), strict=True))
    own = COLUMNS[letter]
    assert row["rcpt"] == (rcpt if "rcpt" in own else "")
    assert row["dsnDiag"] == (diagnostic if "dsnDiag" in own else "")
    assert row["jobId"] == (job if "jobId" in own else "")
    assert row["header_Subject"] == (header if "header_Subject" in own else "")


def test_text_that_is_no_unicode_is_replaced():
    record = msgspec.structs.replace(DELIVERY, rcpt="a\udce9@contoh.example")
    assert b"a?@contoh.example" in Layout(("d",)).line(record)
