"""Switches of a source that few use: what each of them changes, on and off."""

import pytest
from test_reception_acceptance import PEM, PLAIN, Site, head

from sinyal.smtp.events import MailFrom


@pytest.mark.parametrize(
    ("process", "retain", "field"),
    [
        ("process_x_virtual_mta", "retain_x_virtual_mta", b"X-Virtual-MTA: one\r\n"),
        ("process_x_dkim_options", "retain_x_dkim_options", b"X-DKIM-Options: s=a\r\n"),
        ("process_x_job", "retain_x_job", b"X-Job: spring\r\n"),
        ("process_x_schedule", "retain_x_schedule", b"X-Schedule: no time\r\n"),
    ],
)
def test_a_header_that_is_processed_stays_only_where_told(
    process: str, retain: str, field: bytes
) -> None:
    content = field + PLAIN
    is_read = process != "process_x_schedule"  # read, it would have to be one
    gone = Site(**{process: is_read}).take(content)
    assert field not in gone.content
    kept = Site(**{process: is_read, retain: True}).take(content)
    assert field in kept.content


def test_a_private_key_stays_in_the_header_only_where_told() -> None:
    field = b"X-DKIM-Key: " + PEM.replace("\n", "").encode() + b"\r\n"
    assert field not in Site().take(field + PLAIN).content
    kept = Site(process_x_dkim_key=True, retain_x_dkim_key=True)
    assert field in kept.take(field + PLAIN).content


def test_the_options_of_a_signature_are_taken_from_the_header_where_told() -> None:
    content = head(From="a@shop.example", X_DKIM_Options="s=a; d=b")
    assert Site().take(content).envelope.at_delivery.dkim_options == ""
    site = Site(process_x_dkim_options=True)
    assert site.take(content).envelope.at_delivery.dkim_options == "s=a; d=b"


@pytest.mark.parametrize(
    ("default", "ret"), [("system", ""), ("full", "FULL"), ("headers", "HDRS")]
)
def test_reports_return_what_the_source_says_unless_mail_does(
    default: str, ret: str
) -> None:
    site = Site(dsn_return_default=default)
    assert site.take().envelope.ret == ret
    for said in ("FULL", "HDRS"):
        assert site.take(mail=MailFrom("k@shop.example", ret=said)).envelope.ret == said


def test_verp_is_on_by_default_where_the_source_says_so() -> None:
    assert not Site().take().envelope.is_verp
    assert Site(verp_default=True).take().envelope.is_verp


def test_no_reports_are_made_of_mail_whose_source_wants_none() -> None:
    assert not Site().take().envelope.suppress_dsn
    assert Site(suppress_local_dsn=True).take().envelope.suppress_dsn
