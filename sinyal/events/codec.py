"""Events as lines of JSON and back: the only place that knows the wire's spelling.

Source: API events-ingest (event line); seed (event files).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from sinyal.events.convert import domain_of
from sinyal.events.event import Event
from sinyal.events.fields import EVENT_TYPES, FIELDS, EventType, Kind

LONGEST_LINE_OCTETS = 1_000_000
LAST_TIMESTAMP = 2**32 - 1
LARGEST_INTEGER = 2**32 - 1


REQUIRED = ("type", "event_id", "message_id", "timestamp")  # API events-ingest


class Rejected(msgspec.Struct, frozen=True):
    """Why a line is no event."""

    reason: str


# --- writing -------------------------------------------------------------------------

_BLANKS: dict[Kind, str | bool] = {Kind.SWITCH: False}
# The event as it is written: scalars are strings, switches JSON booleans.
_Wire = msgspec.defstruct(
    "_Wire",
    [
        (field.name, Any, 0 if field.name == "subaccount_id" else blank)
        for field in FIELDS
        for blank in [_BLANKS.get(field.kind, "")]
    ],
    omit_defaults=True,
    gc=False,
)
_POSITIONS = {field.name: at for at, field in enumerate(FIELDS)}
_TYPE = _POSITIONS["type"]
_TIMESTAMP = _POSITIONS["timestamp"]
_NUMBERS = tuple(
    _POSITIONS[field.name]
    for field in FIELDS
    if field.kind is Kind.INTEGER
    and not field.is_computed
    and field.name != "subaccount_id"
)
_COMPUTED = tuple(
    (_POSITIONS[field.name], _BLANKS.get(field.kind, ""))
    for field in FIELDS
    if field.is_computed
)
# Attempts and time in the queue are told even when they are 0.
_COUNTED = frozenset({"delivery", "bounce", "delay"})
_COUNTS = (_POSITIONS["num_retries"], _POSITIONS["queue_time"])

_BY_NAME = {row.name: row for row in EVENT_TYPES}
_OPENINGS = {
    row.name: b'{"msys":{"' + row.envelope.encode() + b'":' for row in EVENT_TYPES
}
_CLOSING = b"}}\n"
_ENCODER = msgspec.json.Encoder()


def encode_line(event: Event) -> bytes:
    """The event as one line of JSON, line feed included, in the wire's spelling.

    Numbers are strings, switches and the subaccount are not; absent fields and those
    that the service works out are left out. Text that is no Unicode is replaced.
    Source: API events-ingest (event line).
    """
    values: list[Any] = list(msgspec.structs.astuple(event))
    for at, blank in _COMPUTED:
        values[at] = blank
    values[_TYPE] = _BY_NAME[event.type].wire
    values[_TIMESTAMP] = str(event.timestamp)
    for at in _NUMBERS:
        values[at] = str(values[at]) if values[at] else ""
    if event.type in _COUNTED:
        for at in _COUNTS:
            values[at] = values[at] or "0"
    return _OPENINGS[event.type] + _json(values) + _CLOSING


def _json(values: list[Any]) -> bytes:
    try:
        return _ENCODER.encode(_Wire(*values))
    except UnicodeEncodeError:
        clean = [
            value.encode("utf-8", "replace").decode()
            if isinstance(value, str)
            else value
            for value in values
        ]
        return _ENCODER.encode(_Wire(*clean))


# --- reading -------------------------------------------------------------------------

_TYPES: dict[str, EventType] = {
    spelling: row for row in EVENT_TYPES for spelling in (row.wire, row.name)
}
_ENVELOPES = frozenset(row.envelope for row in EVENT_TYPES)


class _Envelopes(msgspec.Struct, gc=False):
    message_event: Event | None = None
    track_event: Event | None = None


class _Line(msgspec.Struct, gc=False):
    msys: _Envelopes


# Our own lines and those of most senders fit the types; numbers may be strings.
_EXPECTED = msgspec.json.Decoder(_Line, strict=False)
_ANYTHING = msgspec.json.Decoder()


def decode_line(line: bytes) -> Event | Rejected:
    """The event of a line, or why there is none; it never raises.

    Scalars may be strings, numbers or booleans, types are known in both spellings,
    "" and null are absent, unknown fields are passed over. What the service works
    out itself (recipient domain, sending domain, account) is not taken from the line.
    Source: API events-ingest (validation).
    """
    if len(line) > LONGEST_LINE_OCTETS:
        return Rejected("line is too long")
    try:
        envelopes = _EXPECTED.decode(line).msys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_tolerantly(line)
    event = envelopes.message_event or envelopes.track_event
    return _decode_tolerantly(line) if event is None else _checked(event)


def _checked(event: Event) -> Event | Rejected:
    for name in REQUIRED:
        if not getattr(event, name):
            return Rejected(f"missing {name}")
    row = _TYPES.get(event.type)
    if row is None:
        return Rejected(f"unknown type {event.type[:40]!r}")
    if not 0 < event.timestamp <= LAST_TIMESTAMP:
        return Rejected("timestamp is not in Unix seconds")
    if not (event.recv_method or event.delv_method):
        return Rejected("missing recv_method or delv_method")
    recipient = event.rcpt_to or event.raw_rcpt_to
    return msgspec.structs.replace(
        event,
        type=row.name,
        rcpt_to=recipient.lower(),
        recipient_domain=domain_of(recipient),
        sending_domain=domain_of(event.friendly_from or event.msg_from),
        sending_ip=event.sending_ip or event.binding,
        ip_pool=event.ip_pool or event.binding_group,
        customer_id=0,
        **_out_of_range(event),
    )


_INTEGERS = tuple(
    field.name
    for field in FIELDS
    if field.kind is Kind.INTEGER and not field.is_computed
)
_SENT = tuple(field for field in FIELDS if not field.is_computed)


def _out_of_range(event: Event) -> dict[str, int]:
    """The integers no store could hold, put back into range."""
    return {
        name: min(max(value, 0), LARGEST_INTEGER)
        for name in _INTEGERS
        if not 0 <= (value := getattr(event, name)) <= LARGEST_INTEGER
    }


def _decode_tolerantly(line: bytes) -> Event | Rejected:
    try:
        content = _ANYTHING.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Rejected("not JSON")
    match content:
        case {"msys": dict(envelopes)}:
            pass
        case _:
            return Rejected("no msys object")
    for name, fields in envelopes.items():
        if name in _ENVELOPES and isinstance(fields, dict):
            return _from_fields(fields)
    return Rejected(f"unknown envelope {next(iter(envelopes), '')[:40]!r}")


def _from_fields(fields: dict[str, Any]) -> Event | Rejected:
    values: dict[str, Any] = {}
    for field in _SENT:
        given = fields.get(field.name)
        if given is not None and not isinstance(given, dict | list):
            values[field.name] = _COERCIONS[field.kind](given)
    for name in REQUIRED:
        if not values.get(name):
            return Rejected(f"missing {name}")
    return _checked(Event(**values))


def _text(given: str | float | bool) -> str:
    if isinstance(given, str):
        return given
    return str(given).lower() if isinstance(given, bool) else repr(given)


def _integer(given: str | float | bool) -> int:
    """A whole number, 0 where there is none to be read."""
    try:
        return int(given)
    except (ValueError, OverflowError):
        return _rounded_down(given)


def _rounded_down(given: str | float | bool) -> int:
    try:
        return int(float(given))
    except (ValueError, OverflowError):
        return 0


def _switch(given: str | float | bool) -> bool:
    if isinstance(given, str):
        return given.lower() in _TRUE
    return bool(given)


_TRUE = frozenset({"true", "1", "yes", "t"})
_COERCIONS: dict[Kind, Callable[[Any], str | int | bool]] = {
    Kind.TEXT: _text,
    Kind.WORD: _text,
    Kind.INTEGER: _integer,
    Kind.SWITCH: _switch,
    Kind.TIME: _integer,
}
