"""Copies of a mail merge, and of a VirtualMTA that is no more."""

import pytest

from sinyal.config.configuration import Configuration
from sinyal.config.settings import GlobalSettings, SignalsSettings, VirtualMta
from sinyal.delivery.compose import Composer, NoVirtualMta, tracking_of
from sinyal.engagement.links import copy_of
from sinyal.mail.envelope import AtDelivery, Envelope, QueueEntry, QueueName, Recipient

CONFIGURATION = Configuration(
    settings=GlobalSettings(),
    virtual_mtas={
        "one": VirtualMta(name="one", include_headers_from="/one"),
        "two": VirtualMta(name="two"),
    },
    header_files={"/one": b"X-One: [not a tag]\r\n"},
    signals=SignalsSettings(api_key="0123456789abcdef" * 2, customer_id=7),
)
TRACE = b"Received: by mx [x]\r\n"
PARTS = (b"Subject: [name]\r\n\r\n", b"first [*to]\r\n", b"second [gone]\r\n")


def composed(recipient: Recipient, vmta: str = "two", **more) -> bytes:
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=(recipient,),
        received_at=0.0,
        size_octets=0,
        part_octets=tuple(map(len, PARTS)),
        **more,
    )
    tracking = tracking_of(CONFIGURATION)
    composer = Composer(CONFIGURATION, {}, tracking, lambda: b"n" * 12)
    entry = QueueEntry(1, 0, QueueName("y.test", vmta), envelope)
    return composer.compose(entry, TRACE + b"".join(PARTS))


def test_a_copy_has_its_own_words_and_parts_in_its_own_order() -> None:
    one = Recipient("ika@y.test", "1", variables={"name": "Ika"}, parts=(1, 3, 2))
    expected = b"Subject: Ika\r\n\r\nsecond \r\nfirst ika@y.test\r\n"
    assert composed(one) == TRACE + expected


def test_undefined_variables_stay_where_the_operator_wants_it() -> None:
    one = Recipient("ika@y.test", "1", parts=(1, 3))
    kept = composed(one, at_delivery=AtDelivery(keeps_undefined=True))
    assert kept == TRACE + b"Subject: [name]\r\n\r\nsecond [gone]\r\n"


def test_a_virtual_mta_of_the_recipients_own_adds_its_headers_as_they_are() -> None:
    one = Recipient("ika@y.test", "1", vmta="one", parts=(1,))
    assert composed(one, "one").startswith(b"X-One: [not a tag]\r\n" + TRACE)


def test_the_copy_header_tells_what_the_recipient_has_of_its_own() -> None:
    one = Recipient(
        "ika@y.test",
        "0123456789abcdef0123",
        vmta="two",
        pool="both",
        job_id="own",
        subaccount_id=9,
        signals=True,
    )
    tracking = tracking_of(CONFIGURATION)
    assert tracking is not None
    sent = composed(one, job_id="common", pool="other", subaccount_id=1)
    copy = copy_of({tracking.key.key_id: tracking.key}, sent)
    assert copy is not None
    assert (copy.campaign_id, copy.ip_pool, copy.subaccount_id) == ("own", "both", 9)


def test_a_virtual_mta_that_is_gone_composes_nothing() -> None:
    with pytest.raises(NoVirtualMta):
        composed(Recipient("ika@y.test", "1"), "gone")
