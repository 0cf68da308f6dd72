"""Header fields of mail on their way into accounting: read once, bounded, kept."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.settings import SourceSettings
from sinyal.events.outcome import Outcome, Verdict
from sinyal.events.record import of_outcome, receipt
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.reception import stamp
from sinyal.smtp.reply import reply
from sinyal.spool.spool import Spool

SOURCE = SourceSettings()
LETTER = (
    b"X-Batch: =?utf-8?q?b=C3=BCcher?=,\r\n two\r\n"
    b"Subject: hello\r\nX-BATCH: another\r\nX-Empty:\r\n\r\nX-Body: no\r\n"
)
NAMES = (b"x-batch", b"x-body", b"x-empty", b"x-gone")


def test_the_fields_that_accounting_asks_for_are_read():
    facts = stamp.read(LETTER, SOURCE, accounted=NAMES)
    assert facts.accounted == {"x-batch": "bücher, two", "x-empty": ""}


def test_nothing_is_kept_where_nobody_asks():
    assert stamp.read(LETTER, SOURCE).accounted == {}


@given(st.binary(max_size=4000))
def test_a_field_is_short_and_on_one_line_whatever_it_holds(value: bytes):
    content = b"X-Batch: " + value + b"\r\n\r\n"
    for text in stamp.read(content, SOURCE, accounted=NAMES).accounted.values():
        assert len(text) <= stamp.MAX_ACCOUNTED
        assert not set(text) & {"\r", "\n", "\0", "\t"}


ENVELOPE = Envelope(
    mail_from="a@toko.example",
    recipients=(Recipient("b@contoh.example", "000028f8a769d2b47e10"),),
    received_at=1772615720.0,
    size_octets=10,
    headers={"x-batch": "7"},
)


def entry() -> QueueEntry:
    return QueueEntry(1, 0, QueueName("contoh.example", "mta1"), ENVELOPE)


def test_records_of_a_message_have_its_fields():
    outcome = Outcome(
        entry=entry(), verdict=Verdict.DELIVERED, reply=reply(250, "ok"), at=5.0
    )
    assert of_outcome(outcome)[0].headers == {"x-batch": "7"}
    assert receipt(ENVELOPE, 0, 5.0, "").headers == {"x-batch": "7"}


def test_an_envelope_without_fields_is_no_longer_on_disk_than_before():
    plain = msgspec.structs.replace(ENVELOPE, headers={})
    assert b"headers" not in msgspec.msgpack.encode(plain)
    octets = msgspec.msgpack.encode(ENVELOPE)
    assert msgspec.msgpack.decode(octets, type=Envelope).headers == {"x-batch": "7"}


@pytest.mark.parametrize(
    ("verdict", "remote_ip", "known", "expected"),
    [
        (Verdict.DELIVERED, "192.0.2.1", 0.0, 9.0),
        (Verdict.DEFERRED, "", 0.0, 9.0),
        (Verdict.DELIVERED, "192.0.2.1", 4.0, 4.0),
        (Verdict.BOUNCED, "", 0.0, 0.0),
        (Verdict.BOUNCED, "", 4.0, 4.0),
    ],
)
def test_the_first_attempt_is_known_from_then_on(verdict, remote_ip, known, expected):
    waiting = entry()
    waiting.first_attempt_at = known
    outcome = Outcome(
        entry=waiting,
        verdict=verdict,
        reply=reply(450, "no"),
        at=9.0,
        remote_ip=remote_ip,
    )
    assert of_outcome(outcome)[0].time_first_attempt == expected


def test_the_first_attempt_is_known_after_a_restart(tmp_path: Path):
    async def first() -> None:
        spool = Spool.open(tmp_path, before_sync=lambda: None)
        spool_id = spool.write(ENVELOPE, b"salam")
        spool.write(ENVELOPE, b"salam")
        await spool.commit()
        spool.attempted(spool_id, 0, 3, 1772615725.6)
        spool.attempted(spool_id + 1, 0, 2)
        await spool.close()

    async def second() -> None:
        spool = Spool.open(tmp_path, before_sync=lambda: None)
        one, other = spool.recover()
        assert (one.attempts, one.first_attempts) == ({0: 3}, {0: 1772615725})
        assert (other.attempts, other.first_attempts) == ({0: 2}, {0: 0})
        await spool.close()

    asyncio.run(first())
    asyncio.run(second())
