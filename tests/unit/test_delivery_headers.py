"""What is done to the header of a copy when it is composed."""

from sinyal.delivery.headers import adjusted
from sinyal.mail.envelope import AtDelivery, Envelope, QueueEntry, QueueName, Recipient

CONTENT = (
    b"Date: old\r\nX-Trace: 1\r\n 2\r\nSubject: x\r\nx-trace: 3\r\n\r\nX-Trace: b\r\n"
)
NOON = 1_700_000_000.0
NOON_FIELD = b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"


def composed(content: bytes = CONTENT, removed: tuple[str, ...] = (), **asked) -> bytes:
    at_delivery = {"at_delivery": AtDelivery(**asked)} if asked else {}
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=(Recipient("x@y.test", "1"),),
        received_at=0.0,
        size_octets=0,
        **at_delivery,
    )
    entry = QueueEntry(1, 0, QueueName("y.test", "mta1"), envelope)
    return adjusted(entry, content, removed, NOON)


def test_nothing_asked_nothing_changed() -> None:
    assert composed() is CONTENT


def test_headers_of_source_and_domain_go_in_any_letters_and_folded() -> None:
    bare = b"\r\n\r\nX-Trace: b\r\n"
    assert composed(removed=("X-TRACE",)) == b"Date: old\r\nSubject: x" + bare
    both = composed(removed=("date",), removed_headers=("x-trace",))
    assert both == b"Subject: x" + bare


def test_x_virtual_mta_names_the_one_that_delivers_unless_it_is_there() -> None:
    assert composed(adds_virtual_mta=True) == b"X-Virtual-MTA: mta1\r\n" + CONTENT
    named = b"x-virtual-mta: kept\r\n" + CONTENT
    assert composed(named, adds_virtual_mta=True) == named
    replaced = composed(named, ("X-Virtual-MTA",), adds_virtual_mta=True)
    assert replaced == b"X-Virtual-MTA: mta1\r\n" + CONTENT


def test_a_date_of_delivery_is_added_or_put_in_the_others_place() -> None:
    undated = CONTENT.removeprefix(b"Date: old\r\n")
    assert composed(undated, date_header="yes") == NOON_FIELD + undated
    assert composed(date_header="yes") == CONTENT
    assert composed(date_header="override") == NOON_FIELD + undated
