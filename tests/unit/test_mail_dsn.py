"""Bounce and complaint reports: as others write them, and as we do."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.mail import arf, dsn, report
from sinyal.mail.arf import Arf
from sinyal.mail.dsn import Dsn, DsnRecipient

FRAME = report.Frame(
    sender="postmaster@mx.test",
    rcpt="b-1@bounces.toko.example",
    subject="Laporan pengiriman \u2013 gagal",
    at=1772615720,
    unique="r1",
    host="mx.test",
    text="Your message could not be delivered.\nSorry.",
)
RETURNED = b"From: a@toko.example\r\nX-Job: promo\r\nSubject: caf\xc3\xa9\r\n"


def multipart(*parts, kind="delivery-status"):
    head = f"Content-Type: multipart/report; report-type={kind}; boundary=b\r\n\r\n"
    lines = "".join(f"--b\r\n{one}\r\n" for one in parts)
    return f"{head}preamble\r\n{lines}--b--\r\n".encode()


TEXT = "Content-Type: text/plain\r\n\r\nSorry"
STATUS = (
    "Content-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.test\r\nArrival-Date: Wed, 04 Mar 2026 09:15:20 +0000\r\n"
    "\r\nFinal-Recipient: RFC822; a@x.test\r\nAction: Failed\r\nStatus: 5.1.1\r\n"
    "Remote-MTA: dns;in.x.test (192.0.2.1)\r\n"
    "Diagnostic-Code: SMTP; 550 5.1.1 <a@x.test>...\r\n   User unknown\r\n"
)
ORIGINAL = "Content-Type: message/rfc822\r\n\r\nSubject: x\r\nTo: y\r\n\r\nbody"
A = DsnRecipient(
    final_recipient="a@x.test",
    action="failed",
    status="5.1.1",
    diagnostic="smtp;550 5.1.1 <a@x.test>...   User unknown",
    remote_mta="in.x.test (192.0.2.1)",
)


def test_a_bounce_report_is_read():
    assert dsn.parse(multipart(TEXT, STATUS, ORIGINAL)) == Dsn(
        recipients=(A,),
        reporting_mta="mx.test",
        arrival_date="Wed, 04 Mar 2026 09:15:20 +0000",
        returned=b"Subject: x\r\nTo: y\r\n",
    )


@pytest.mark.parametrize(
    "content",
    [
        multipart(STATUS),
        multipart(ORIGINAL, STATUS, TEXT),
        multipart(STATUS.replace("\r\n\r\nFinal", "\r\nFinal")),
        multipart(STATUS.replace("\r\n\r\n", "\r\n\r\n\r\n\r\n")),
        multipart(STATUS).replace(b"\r\n", b"\n"),
        multipart(STATUS.replace("Action", "ACTION").replace("Final-R", "final-r")),
        multipart(STATUS.replace("RFC822; a@x.test", "rfc822;<a@x.test>")),
        multipart(STATUS.replace("RFC822; a@x.test", "a@x.test")),
        multipart(STATUS.replace("Final-", "Original-")),
        multipart(STATUS.replace("5.1.1\r\n", "5.1.1 (bad mailbox)\r\n")),
        multipart(STATUS.replace("Action: Failed", "Action: failed (bounced)")),
        multipart(STATUS.replace("message/del", "message/global-del")),
        multipart(STATUS, kind="other").replace(
            b"multipart/report", b"multipart/mixed"
        ),
        STATUS.encode(),
    ],
)
def test_a_bounce_report_is_read_however_it_is_written(content):
    (one,) = dsn.parse(content).recipients
    assert one.final_recipient == "a@x.test"
    assert (one.action, one.status) == (A.action, A.status)
    assert one.diagnostic == A.diagnostic


@pytest.mark.parametrize(
    ("fields", "action", "status"),
    [
        ("", "failed", "5.0.0"),
        ("Action: failed", "failed", "5.0.0"),
        ("Action: delayed", "delayed", "4.0.0"),
        ("Action: relayed", "relayed", "2.0.0"),
        ("Status: 4.4.1", "delayed", "4.4.1"),
        ("Status: 2.0.0", "delivered", "2.0.0"),
        ("Status: nonsense", "failed", "5.0.0"),
        ("Diagnostic-Code: smtp; 550 5.2.1 closed", "failed", "5.2.1"),
        ("Diagnostic-Code: smtp; 550 from 5.2.1.9", "failed", "5.0.0"),
    ],
)
def test_what_a_report_leaves_out_is_filled_in(fields, action, status):
    block = f"Final-Recipient: rfc822;a@x.test\r\n{fields}\r\n"
    head = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;x\r\n\r\n"
    (one,) = dsn.parse((head + block).encode()).recipients
    assert (one.action, one.status) == (action, status)


def test_a_report_on_several_recipients_has_them_all():
    other = (
        "\r\nOriginal-Recipient: rfc822;o@x.test\r\nFinal-Recipient: rfc822;c@x.test"
    )
    found = dsn.parse(multipart(STATUS + other))
    assert [one.final_recipient for one in found.recipients] == ["a@x.test", "c@x.test"]
    assert found.recipients[1].original_recipient == "o@x.test"


@pytest.mark.parametrize(
    ("diagnostic", "read"),
    [
        ("smtp; 550 no", "smtp;550 no"),
        ("X-Postfix; mailbox full", "x-postfix;mailbox full"),
        ("550 no; really", "smtp;550 no; really"),
        ("550 no", "smtp;550 no"),
        ("", ""),
    ],
)
def test_a_diagnostic_has_its_type_in_front(diagnostic, read):
    content = STATUS[: STATUS.index("Diagnostic")] + f"Diagnostic-Code: {diagnostic}"
    (one,) = dsn.parse(multipart(content)).recipients
    assert one.diagnostic == read


@pytest.mark.parametrize(
    "returned",
    [
        "Content-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nTo: y",
        "Content-Type: message/rfc822-headers\r\n\r\nSubject: x\r\nTo: y",
        "Content-Type: message/rfc822\r\n\r\n\r\nSubject: x\r\nTo: y\r\n\r\nbody",
        "Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n"
        "\r\nU3ViamVjdDogeA0KVG86IHk=",
        "Content-Type: text/rfc822-headers\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nSubject=3A x=\r\n\r\nTo: y",
    ],
)
def test_the_header_of_the_original_is_returned(returned):
    found = dsn.parse(multipart(STATUS, returned)).returned
    assert found.startswith(b"Subject: x")
    assert found.strip().endswith(b"To: y")
    assert b"body" not in found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: out of office\r\n\r\nI am away",
        multipart(TEXT),
        multipart("Content-Type: message/delivery-status\r\n\r\n"),
        multipart("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;x"),
        multipart("Content-Type: message/rfc822\r\n\r\n" + STATUS),
        multipart(STATUS).replace(b"message/delivery-status", b"text/plain"),
    ],
)
def test_other_mail_is_no_bounce_report(content):
    assert dsn.parse(content) is None


FULL = Dsn(
    recipients=(
        A,
        DsnRecipient(final_recipient="b@x.test", action="delayed", status="4.4.1"),
    ),
    reporting_mta="mx.test",
    envelope_id="env-1",
    arrival_date="Wed, 04 Mar 2026 09:15:20 +0000",
    returned=RETURNED,
)


def test_a_built_bounce_report_is_read_back_and_by_the_standard_library():
    content = dsn.build(FULL, FRAME)
    found = dsn.parse(content)
    unfolded = "smtp;550 5.1.1 <a@x.test>... User unknown"
    assert found.recipients[0].diagnostic == unfolded
    assert found.recipients[1] == FULL.recipients[1]
    assert (found.returned, found.envelope_id) == (RETURNED, "env-1")
    theirs = message_from_bytes(content, policy=policy.default)
    assert theirs.get_content_type() == "multipart/report"
    assert theirs["Subject"] == FRAME.subject
    text, status, original = theirs.iter_parts()
    assert text.get_content().splitlines() == FRAME.text.splitlines()
    blocks = status.get_payload()
    assert blocks[0]["Reporting-MTA"] == "dns;mx.test"
    assert blocks[1]["Final-Recipient"] == "rfc822;a@x.test"
    assert [block["Action"] for block in blocks[1:]] == ["failed", "delayed"]
    assert original.get_content_type() == "text/rfc822-headers"
    assert not theirs.defects


# Complaints

FEEDBACK = (
    "Content-Type: message/feedback-report\r\n\r\n"
    "Feedback-Type: Abuse\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n"
    "Original-Mail-From: <b-1@bounces.toko.example>\r\n"
    "Original-Rcpt-To: <a@x.test>\r\nOriginal-Rcpt-To: rfc822; c@x.test\r\n"
    "Received-Date: Wed, 04 Mar 2026 09:15:20 +0000\r\n"
    "Reporting-MTA: dns; fbl.x.test\r\nSource-IP: 192.0.2.25\r\n"
    "Reported-Domain: toko.example\r\nX-Own: 1\r\n"
)


@pytest.mark.parametrize(
    "content",
    [
        multipart(TEXT, FEEDBACK, ORIGINAL, kind="feedback-report"),
        multipart(ORIGINAL, FEEDBACK, kind="feedback-report"),
        multipart(FEEDBACK.replace("\r\nSource", "\r\n\r\nSource"), ORIGINAL),
        multipart(FEEDBACK, ORIGINAL).replace(b"\r\n", b"\n"),
    ],
)
def test_a_complaint_is_read_however_it_is_written(content):
    found = arf.parse(content)
    assert found.feedback_type == "abuse"
    assert found.recipients == ("a@x.test", "c@x.test")
    assert found.mail_from == "b-1@bounces.toko.example"
    assert found.user_agent == "SomeGenerator/1.0"
    assert (found.reporting_mta, found.source_ip) == ("fbl.x.test", "192.0.2.25")
    assert found.reported_domain == "toko.example"
    assert found.arrival_date == "Wed, 04 Mar 2026 09:15:20 +0000"
    assert found.fields["x-own"] == "1"
    assert found.fields["original-rcpt-to"] == "<a@x.test>,rfc822; c@x.test"
    assert found.returned.split() == [b"Subject:", b"x", b"To:", b"y"]


def test_repeated_fields_of_a_complaint_are_a_list_of_bounded_length():
    lines = ["X-A: 1,2", 'X-A: a "b"', "X-A: c", f"X-B: {'x' * 9000}", "X-C: 3,4"]
    fields = "\r\n".join(["Feedback-Type: abuse", *lines])
    content = multipart(f"Content-Type: message/feedback-report\r\n\r\n{fields}")
    found = arf.parse(content)
    assert found.fields["x-a"] == '"1,2","a ""b""",c'
    assert found.fields["x-b"] == "x" * 4096
    assert found.fields["x-c"] == "3,4"


def test_a_complaint_may_name_nobody():
    content = multipart("Content-Type: message/feedback-report\r\n\r\nFeedback-Type: x")
    assert arf.parse(content) == Arf(feedback_type="x", fields={"feedback-type": "x"})


def test_other_mail_is_no_complaint():
    for content in (b"", multipart(STATUS), multipart(TEXT), b"Feedback-Type: abuse"):
        assert arf.parse(content) is None


def test_a_built_complaint_is_read_back_and_by_the_standard_library():
    built = Arf(
        feedback_type="abuse",
        recipients=("a@x.test",),
        mail_from="b-1@bounces.toko.example",
        user_agent="sink/1",
        reporting_mta="fbl.x.test",
        source_ip="192.0.2.25",
        reported_domain="toko.example",
        returned=RETURNED + b"\r\nbody \xff\r\n",
    )
    content = arf.build(built, FRAME)
    found = arf.parse(content)
    assert found.returned == RETURNED
    for name in ("recipients", "mail_from", "source_ip", "reporting_mta", "user_agent"):
        assert getattr(found, name) == getattr(built, name)
    theirs = message_from_bytes(content, policy=policy.default)
    kinds = [part.get_content_type() for part in theirs.iter_parts()]
    assert kinds == ["text/plain", "message/feedback-report", "message/rfc822"]
    assert theirs.get_param("report-type") == "feedback-report"


PIECES = st.sampled_from([
    *(b"--b", b"--b--", b"", b" ", b"Content-Type: message/delivery-status"),
    *(b"Content-Type: message/feedback-report", b"Content-Type: message/rfc822"),
    *(b"Final-Recipient: rfc822;", b"Final-Recipient: ;;", b"Status: 5", b"Action: 5"),
    *(b"Feedback-Type: \xff", b"Content-Type: multipart/report; boundary=b"),
    *(b"Diagnostic-Code: ;;;", b"Original-Rcpt-To: <", b"Reporting-MTA: =?utf-8?b?x?="),
])


@settings(max_examples=200)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=25))
def test_reading_a_report_never_fails(lines):
    content = b"\r\n".join(lines)
    dsn.parse(content)
    arf.parse(content)


@pytest.mark.parametrize("piece", [b"a\n\n", b"\n", b"Final-Recipient: x\n\n", b"a: ;"])
def test_a_giant_report_is_bounded(piece):
    for kind in (b"delivery-status", b"feedback-report"):
        content = b"Content-Type: message/%s\n\n" % kind + piece * 100_000
        found = dsn.parse(content)
        assert found is None or len(found.recipients) <= report.MAX_BLOCKS
        arf.parse(content)
