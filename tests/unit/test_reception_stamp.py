import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config.settings import SourceSettings
from sinyal.mail import header
from sinyal.mail.rewrite import Edit, author_edits
from sinyal.mail.trace import Hop
from sinyal.reception import stamp

HOP = Hop(
    helo="c", from_ip="192.0.2.1", by="mx", with_protocol="ESMTP", id="1f", at=0.0
)
ALL = SourceSettings(
    process_x_job=True, process_x_envid=True, process_x_virtual_mta=True
)


def cut(content: bytes, facts: stamp.Facts, fields: bytes = b"") -> bytes:
    edits = [Edit(start, end) for start, end in facts.dropped]
    return stamp.edited(content, edits, fields)


def test_only_processed_headers_are_read_and_removed() -> None:
    content = b"X-Job: j\r\nX-EnvID: e\r\nX-Virtual-MTA: v\r\nA: b\r\n\r\nx"
    facts = stamp.read(content, ALL)
    assert (facts.job_id, facts.env_id, facts.virtual_mta) == ("j", "e", "v")
    assert cut(content, facts) == b"A: b\r\n\r\nx"
    facts = stamp.read(content, SourceSettings())
    assert (facts.job_id, facts.env_id, facts.virtual_mta) == ("", "", None)
    assert cut(content, facts) == content


def test_retained_headers_stay() -> None:
    source = SourceSettings(process_x_job=True, retain_x_job=True)
    facts = stamp.read(b"X-Job: j\r\n\r\n", source)
    assert facts.job_id == "j"
    assert not facts.dropped


def test_jobid_header_counts_where_x_job_is_absent_and_stays() -> None:
    source = SourceSettings(process_x_job=True, jobid_header="Campaign-Id")
    facts = stamp.read(b"Campaign-Id: c\r\n\r\n", source)
    assert facts.job_id == "c"
    assert not facts.dropped
    assert stamp.read(b"Campaign-Id: c\r\nX-Job: j\r\n\r\n", source).job_id == "j"


def test_an_empty_x_virtual_mta_is_not_an_absent_one() -> None:
    assert stamp.read(b"X-Virtual-MTA:\r\n\r\n", ALL).virtual_mta == ""
    assert stamp.read(b"\r\n", ALL).virtual_mta is None


def test_date_is_replaced_only_where_told() -> None:
    content = b"Date: old\r\nMessage-ID: <1>\r\n\r\n"
    source = SourceSettings(add_date_header="override", add_received_header=False)
    facts = stamp.read(content, source)
    fields = stamp.new_fields(facts, stamp.Stamping(source, HOP))
    assert fields == b"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
    stamped = cut(content, facts, fields)
    assert stamped == fields + b"Message-ID: <1>\r\n\r\n"


def test_what_is_there_is_not_added_again() -> None:
    content = b"date: x\r\nMESSAGE-ID: <1>\r\n\r\n"
    source = SourceSettings(add_received_header=False)
    facts = stamp.read(content, source)
    assert stamp.new_fields(facts, stamp.Stamping(source, HOP, True)) == b""


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_whatever_comes_is_read_and_keeps_its_octets(content: bytes) -> None:
    facts = stamp.read(content, SourceSettings())
    assert cut(content, facts, b"T: 1\r\n") == b"T: 1\r\n" + content


@pytest.mark.parametrize("unit", [b"(", b'"', b":;", b"@a(", b"<a@b>", b"a@b,", b"@"])
def test_a_field_of_a_megabyte_costs_no_more_than_a_long_one(unit: bytes) -> None:
    content = b"From: " + unit * (1_000_000 // len(unit)) + b"\r\n\r\nx"
    (field,) = header.fields(content)
    before = time.process_time()
    facts = stamp.read(content, ALL)
    edits = author_edits(content, field, lambda domain: b"x")
    assert time.process_time() - before < 1.0
    assert len(facts.friendly_from) <= stamp.MAX_TEXT
    assert edits == []
