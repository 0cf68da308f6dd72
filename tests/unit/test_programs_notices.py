"""Notices to the operator are mails like others, with the null sender."""

from sinyal.mail import header
from sinyal.mail.envelope import Submission
from sinyal.programs.notices import Notices


def sent(*to: str, subject: str = "queue a.test/v: backoff mode") -> list[Submission]:
    found: list[Submission] = []
    Notices(found.append, lambda: "mta.test", lambda: 1_780_000_000.0).send(
        to, subject, "first\nsecond"
    )
    return found


def test_a_notice_goes_to_each_address_with_the_null_sender() -> None:
    (mail,) = sent("a@ops.test", "b@ops.test")
    envelope = mail.envelope
    assert envelope.mail_from == ""
    assert [one.address for one in envelope.recipients] == ["a@ops.test", "b@ops.test"]
    assert len({one.message_id for one in envelope.recipients}) == 2
    assert envelope.size_octets == len(mail.content)
    assert not envelope.signals
    assert b"Auto-Submitted: auto-generated\r\n" in mail.content
    assert mail.content.endswith(b"\r\n\r\nfirst\r\nsecond\r\n")


def test_nothing_that_a_queues_name_holds_makes_a_field_of_its_own() -> None:
    (mail,) = sent("a@ops.test", subject="queue é\r\nBcc: x@y.test: backoff mode")
    names = [field.name for field in header.fields(mail.content)]
    assert b"Bcc" not in names
    assert b"\\r\\nBcc" in mail.content and mail.content.isascii()


def test_without_addresses_nothing_is_sent() -> None:
    assert sent() == []
