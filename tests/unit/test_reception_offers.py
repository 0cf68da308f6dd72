import pytest

from sinyal.config.settings import SmtpUser, SourceSettings
from sinyal.reception import offers
from sinyal.reception.offers import Standing

ALICE = SmtpUser(name="alice", password="x")
BOX = SmtpUser(name="box", authentication_method="certificate")


def test_everything_is_offered_in_the_order_of_the_guide():
    source = SourceSettings(
        allow_mailmerge=True,
        allow_starttls=True,
        allow_unencrypted_plain_auth=True,
        max_message_size=1000,
    )
    at = Standing(has_tls=True, is_trusted=True)
    assert offers.lines(source, [ALICE], at) == [
        "ENHANCEDSTATUSCODES",
        "PIPELINING",
        "CHUNKING",
        "8BITMIME",
        "XACK",
        "XMRG",
        "SIZE 1000",
        "VERP",
        "DSN",
        "SMTPUTF8",
        "STARTTLS",
        "AUTH CRAM-MD5 LOGIN PLAIN",
        "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT",
    ]


def test_what_the_session_serves_is_what_ehlo_names():
    shut = SourceSettings(allow_chunking=False, allow_smtputf8=False)
    assert offers.features(shut) == {"DSN", "VERP"}
    wide = SourceSettings(always_allow_api_submission=True)
    assert offers.features(wide, is_trusted=True) == {
        "CHUNKING",
        "DSN",
        "SMTPUTF8",
        "VERP",
        "XCLIENT",
        "XMRG",
    }


@pytest.mark.parametrize(
    ("source", "at", "wanted"),
    [
        (SourceSettings(), Standing(), ["CRAM-MD5"]),
        (SourceSettings(allow_auth=False), Standing(is_tls=True), []),
        (SourceSettings(require_starttls_before_auth=True), Standing(), []),
        (SourceSettings(), Standing(is_tls=True), ["CRAM-MD5", "LOGIN", "PLAIN"]),
        (
            SourceSettings(),
            Standing(is_tls=True, has_certificate=True),
            ["CRAM-MD5", "LOGIN", "PLAIN", "EXTERNAL"],
        ),
    ],
)
def test_mechanisms_hang_on_tls_and_on_a_certificate(
    source: SourceSettings, at: Standing, wanted: list[str]
):
    assert offers.mechanisms(source, [ALICE, BOX], at) == wanted


def test_without_users_there_is_no_login_and_external_asks_for_one_of_its_kind():
    at = Standing(is_tls=True, has_certificate=True)
    assert offers.mechanisms(SourceSettings(), [], at) == []
    assert "EXTERNAL" not in offers.mechanisms(SourceSettings(), [ALICE], at)
