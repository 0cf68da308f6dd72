"""Event lines there and back; the reader takes anything and never raises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.events.codec import (
    LARGEST_INTEGER,
    LONGEST_LINE_OCTETS,
    Rejected,
    _decode_tolerantly,
    decode_line,
    encode_line,
)
from sinyal.events.event import Event
from sinyal.events.fields import EVENT_TYPES, FIELDS

GOOD = {
    "type": "delivery",
    "event_id": "612",
    "message_id": "000028f8a769d2b47e10",
    "timestamp": "1772615720",
    "delv_method": "esmtp",
    "rcpt_to": "Ika.P@Contoh.example",
    "friendly_from": "kabar@toko.example",
}


def line(fields: object, envelope: str = "message_event") -> bytes:
    return json.dumps({"msys": {envelope: fields}}).encode() + b"\n"


def read(fields: object, envelope: str = "message_event") -> Event:
    event = decode_line(line(fields, envelope))
    assert isinstance(event, Event), event
    return event


def refused(fields: object, envelope: str = "message_event") -> str:
    answer = decode_line(line(fields, envelope))
    assert isinstance(answer, Rejected), answer
    return answer.reason


def test_the_table_and_the_event_have_the_same_fields_in_the_same_order():
    assert tuple(field.name for field in FIELDS) == Event.__struct_fields__


@pytest.mark.parametrize("row", EVENT_TYPES, ids=lambda row: row.name)
def test_types_are_known_in_both_spellings(row):
    for spelling in (row.wire, row.name):
        assert read({**GOOD, "type": spelling}, row.envelope).type == row.name


@pytest.mark.parametrize("row", EVENT_TYPES, ids=lambda row: row.name)
def test_a_written_event_is_read_back(row):
    event = Event(
        type=row.name,
        event_id="612",
        timestamp=1772615720,
        message_id="000028f8a769d2b47e10",
        recv_method="esmtp",
        rcpt_to="ika@contoh.example",
        recipient_domain="contoh.example",
        friendly_from="a@toko.example",
        sending_domain="toko.example",
        binding="mta1",
        binding_group="promo",
        sending_ip="192.0.2.1",
        ip_pool="promo",
        queue_time=12,
        bounce_class=10,
        subaccount_id=17,
        open_tracking=True,
        target_link_url="https://toko.example/?a=1&b=\"'<é>",
    )
    written = encode_line(event)
    assert decode_line(written) == event
    assert list(json.loads(written)["msys"]) == [row.envelope]


def test_the_service_works_out_domains_itself():
    event = read({
        **GOOD,
        "recipient_domain": "liar.example",
        "sending_domain": "x",
        "customer_id": 9,
    })
    assert event.rcpt_to == "ika.p@contoh.example"
    assert event.recipient_domain == "contoh.example"
    assert event.sending_domain == "toko.example"
    assert event.customer_id == 0


def test_binding_and_group_stand_in_for_sending_address_and_pool():
    event = read({**GOOD, "binding": "mta1", "binding_group": "promo"})
    assert (event.sending_ip, event.ip_pool) == ("mta1", "promo")


@pytest.mark.parametrize("value", ["0", 0, False, "", None])
def test_scalars_of_any_type_are_taken_as_nothing(value: object):
    event = read({
        **GOOD,
        "num_retries": value,
        "open_tracking": value,
        "subaccount_id": value,
    })
    assert (event.num_retries, event.open_tracking, event.subaccount_id) == (
        0,
        False,
        0,
    )


@pytest.mark.parametrize("value", ["1", 1, True, 1.0])
def test_scalars_of_any_type_are_taken_as_one(value: object):
    event = read({
        **GOOD,
        "num_retries": value,
        "open_tracking": value,
        "subaccount_id": value,
    })
    assert (event.num_retries, event.open_tracking, event.subaccount_id) == (1, True, 1)


def test_numbers_serve_as_text_and_odd_values_as_absent():
    event = read({
        **GOOD,
        "event_id": 612,
        "error_code": 550,
        "timestamp": 1772615720.7,
        "msg_size": "big",
        "queue_time": -4,
        "num_retries": 10**30,
        "subject": {"not": "text"},
        "geo_ip": {"Country": ""},
    })
    assert (event.event_id, event.error_code) == ("612", "550")
    assert event.timestamp == 1772615720
    assert (event.msg_size, event.queue_time, event.subject) == (0, 0, "")
    assert event.num_retries == LARGEST_INTEGER


def test_a_click_with_empty_recipient_and_geography_is_taken():
    event = read(
        {
            **GOOD,
            "type": "click",
            "rcpt_to": "",
            "target_link_url": "",
            "geo_ip": {"Country": "", "Latitude": 0},
        },
        "track_event",
    )
    assert (event.type, event.rcpt_to, event.recipient_domain) == ("click", "", "")


@pytest.mark.parametrize("name", ["type", "event_id", "message_id", "timestamp"])
@pytest.mark.parametrize("blank", ["", None, "absent"])
def test_mandatory_fields_are_asked_for_by_name(name: str, blank: str | None):
    fields = {**GOOD, name: blank}
    if blank == "absent":
        del fields[name]
    assert name in refused(fields)


def test_one_of_the_two_methods_is_mandatory():
    assert "recv_method or delv_method" in refused({**GOOD, "delv_method": ""})
    assert read({**GOOD, "delv_method": "", "recv_method": "esmtp"})


@pytest.mark.parametrize("value", ["-5", "0", 2**33, "tomorrow", "9" * 5000, 1e300])
def test_a_timestamp_outside_time_is_refused(value: object):
    assert "timestamp" in refused({**GOOD, "timestamp": value})


def test_unknown_types_and_envelopes_are_refused_by_name():
    assert refused({**GOOD, "type": "sms"}) == "unknown type 'sms'"
    assert refused(GOOD, "my_event") == "unknown envelope 'my_event'"


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "not JSON"),
        (b"{}\n", "no msys object"),
        (b"[]", "no msys object"),
        (b'{"msys":1}', "no msys object"),
        (b'{"msys":{}}', "unknown envelope ''"),
        (b'{"msys":{"message_event":[]}}', "unknown envelope 'message_event'"),
        (b"\xff\xfe", "not JSON"),
        (b'{"msys":{"message_event":{"type":"\xff"}}}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b" " * (LONGEST_LINE_OCTETS + 1), "line is too long"),
    ],
)
def test_lines_that_are_no_events_say_why(octets: bytes, reason: str):
    assert decode_line(octets) == Rejected(reason)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
NAMES = st.sampled_from([field.name for field in FIELDS]) | st.text(max_size=5)


@settings(max_examples=200)
@given(st.binary())
def test_no_octets_make_the_reader_raise(octets: bytes):
    assert isinstance(decode_line(octets), Event | Rejected)


@settings(max_examples=200)
@given(
    st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, max_size=2), max_size=8),
    st.sampled_from(["message_event", "track_event", "relay_event"]),
)
def test_no_fields_make_the_reader_raise_and_what_it_takes_can_be_written(
    fields: dict[str, object], envelope: str
):
    event = decode_line(json.dumps({"msys": {envelope: {**GOOD, **fields}}}).encode())
    assert isinstance(event, Event | Rejected)
    if isinstance(event, Event):
        assert isinstance(decode_line(encode_line(event)), Event)


@settings(max_examples=200)
@given(st.dictionaries(NAMES, SCALARS, max_size=6))
def test_the_quick_reader_and_the_tolerant_one_agree(fields: dict[str, object]):
    octets = line({**GOOD, **fields})
    assert decode_line(octets) == _decode_tolerantly(octets)


@settings(max_examples=100)
@given(st.text(), st.integers(0, LARGEST_INTEGER))
def test_any_text_survives_the_line(text: str, number: int):
    event = Event(
        type="bounce",
        event_id="612",
        timestamp=1772615720,
        message_id="m",
        recv_method="esmtp",
        subject=text,
        raw_reason=text,
        msg_size=number,
    )
    written = encode_line(event)
    assert written.count(b"\n") == 1
    back = decode_line(written)
    assert isinstance(back, Event)
    clean = text.encode("utf-8", "replace").decode()
    assert (back.subject, back.raw_reason, back.msg_size) == (clean, clean, number)
