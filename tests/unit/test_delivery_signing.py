"""Which key signs, and what the signature says (rules DKIM)."""

from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sinyal.config.configuration import Configuration
from sinyal.config.expression import Pattern
from sinyal.config.settings import DomainSettings, GlobalSettings
from sinyal.config.vocabulary import DomainKey
from sinyal.delivery.signing import Signer
from sinyal.mail import dkim
from sinyal.mail.envelope import AtDelivery, Envelope, QueueEntry, QueueName, Recipient

PEM = generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
KEY = dkim.load_key(PEM)
FOLDED = PEM.decode().strip().replace("\n", " ")
ROWS = (
    DomainKey("one", "shop.example", "k"),
    DomainKey("two", "news.shop.example", "k"),
    DomainKey("any", "*", "k"),
)
LISTED = {"listed": (DomainKey("own", "shop.example", "k"),)}
CONTENT = (
    b"From: Kabar <k@news.shop.example>\r\nX-Campaign: c\r\nX-Other: o\r\n"
    b"Subject: x\r\n\r\ntext\r\n"
)


def signature(options: str = "", key: str = "", **settings: Any) -> str:
    """The tags of the signature, "" without one; every one is verified."""
    configuration = Configuration(
        settings=GlobalSettings(domain_key=ROWS), domain_key_lists=LISTED
    )
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=(Recipient("x@y.test", "1"),),
        received_at=0.0,
        size_octets=0,
        at_delivery=AtDelivery(dkim_options=options, dkim_key=key),
    )
    entry = QueueEntry(1, 0, QueueName("y.test", "{default}"), envelope)
    signer = Signer(configuration, {"k": KEY}, lambda: NOW)
    field = signer.field(
        entry, CONTENT, DomainSettings(**{"dkim_sign": True, **settings})
    )
    if field:
        record = KEY.record.encode()
        assert dkimpy.verify(field + CONTENT, dnsfunc=lambda name, timeout=5: record)
    return " ".join(field.decode().split())


NOW = 1_795_000_000.0


def test_without_options_the_first_key_that_fits_the_author_signs() -> None:
    found = signature()
    assert "d=shop.example; s=one; i=k@news.shop.example;" in found


def test_a_queue_may_sign_only_what_brings_options() -> None:
    assert signature(dkim_sign="if-x-dkim-options-present") == ""
    assert "s=one;" in signature("x=1", dkim_sign="if-x-dkim-options-present")
    assert signature("s=one", dkim_sign=False) == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("s=two", "d=news.shop.example; s=two;"),
        ("d=news.shop.example", "d=news.shop.example; s=two;"),
        ("d=*", "d=news.shop.example; s=any;"),
        ("i=x@shop.example", "d=shop.example; s=one; i=x@shop.example;"),
        ("i=@other.example", "d=other.example; s=any; i=@other.example;"),
        ("q=dns/txt", "q=dns/txt;"),
        ("key-list=listed", "d=shop.example; s=own;"),
        (" S = two ; junk; =;", "d=news.shop.example; s=two;"),
    ],
)
def test_options_choose_the_key_and_the_tags(options, said) -> None:
    assert said in signature(options)


@pytest.mark.parametrize(
    "options", ["s=none", "d=example.org", "key-list=unknown", "key-list=listed; s=one"]
)
def test_options_that_no_key_fits_leave_the_message_unsigned(options) -> None:
    assert signature(options) == ""


def test_the_key_of_the_message_signs_where_a_selector_is_named() -> None:
    found = signature("s=mine; d=shop.example", FOLDED)
    assert "d=shop.example; s=mine;" in found
    assert "s=one;" in signature("", FOLDED)
    assert "s=mine;" in signature("s=mine", FOLDED)


def test_strict_from_wants_a_key_of_the_authors_very_domain() -> None:
    assert "s=two;" in signature(dkim_identity="strict-from")
    fallback = signature("s=one", dkim_identity="strict-from")
    assert fallback == ""


def test_time_expiry_length_and_query_are_said_where_wanted() -> None:
    found = signature(
        dkim_add_timestamp=True,
        dkim_expire_after=1e9,
        dkim_add_body_limit=True,
        dkim_query_method="dns/txt",
    )
    assert "q=dns/txt; t=1795000000; x=2795000000; l=6;" in found


def test_more_headers_are_signed_by_name_and_by_pattern() -> None:
    assert "X-Campaign" not in signature()
    assert "X-Campaign" in signature(dkim_headers=("x-campaign",))
    both = signature(dkim_headers=(Pattern("^x-"),))
    assert "X-Campaign" in both
    assert "X-Other" in both


def test_headers_that_nobody_may_add_are_listed_once_more() -> None:
    found = signature(dkim_disallow_adding_headers=("Subject", "X-New"))
    listed = found.partition("h=")[2].partition(";")[0].replace(" ", "").split(":")
    assert [listed.count(name) for name in ("Subject", "X-New", "From")] == [2, 1, 1]


def test_a_second_signature_has_settings_of_its_own_and_obeys_no_options() -> None:
    found = signature(
        "s=two",
        second_dkim_sign=True,
        second_dkim_identity="@other.example",
        second_dkim_body_canon="simple",
    )
    assert found.count("DKIM-Signature:") == 2
    assert "c=relaxed/simple; d=other.example; s=any;" in found
    assert "c=relaxed/relaxed; d=news.shop.example; s=two;" in found


def test_the_second_signature_may_stand_alone() -> None:
    found = signature(dkim_sign=False, second_dkim_sign=True)
    assert found.count("DKIM-Signature:") == 1
    assert "s=one;" in found
    wanted = "if-x-dkim-options-present"
    assert signature(dkim_sign=False, second_dkim_sign=wanted) == ""
