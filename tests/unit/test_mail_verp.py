"""Senders that tell the recipient (SRC-13)."""

import pytest

from sinyal.mail.envelope import Envelope, Recipient
from sinyal.mail.verp import reverse_path

SENDER = "jsmith@example.com"


def path(rcpt: str, *, sender: str = SENDER, own: str | None = None, **flags) -> str:
    recipient = Recipient(rcpt, "1", mail_from=own)
    envelope = Envelope(
        mail_from=sender,
        recipients=(recipient,),
        received_at=0.0,
        size_octets=0,
        **{"is_verp": True, **flags},
    )
    return reverse_path(envelope, recipient)


def test_the_recipient_stands_in_the_sender() -> None:
    assert path("jdoe@yahoo.com") == "jsmith-jdoe=yahoo.com@example.com"


def test_without_verp_the_sender_stays() -> None:
    assert path("jdoe@yahoo.com", is_verp=False) == SENDER


def test_a_recipient_of_a_merge_may_have_a_sender_of_its_own() -> None:
    assert path("r@d.test", own="u@s.test") == "u-r=d.test@s.test"
    assert path("r@d.test", own="", is_verp=False) == ""


@pytest.mark.parametrize(
    ("sender", "rcpt", "expected"),
    [
        ("", "r@d.test", ""),
        ("u@s.test", "nobody", "u@s.test"),
        ('"a b"@s.test', "r@d.test", '"a b-r=d.test"@s.test'),
        ("u@s.test", '"a@b"@d.test', '"u-a@b=d.test"@s.test'),
        ("u@s.test", "ü@d.test", "u@s.test"),
    ],
)
def test_addresses_that_need_care(sender, rcpt, expected) -> None:
    assert path(rcpt, sender=sender) == expected


def test_a_recipient_that_is_not_ascii_is_told_where_the_message_may() -> None:
    assert path("ü@d.test", sender="u@s.test", is_utf8=True) == "u-ü=d.test@s.test"
