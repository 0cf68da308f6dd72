"""A message's header at the door: what is read from it, taken out and put in.

The content is never rebuilt: removed fields are left out, new ones stand on top, all
other octets stay. Source: RFC 5321 4.4, RFC 6409 8, guide 3.3.7, 8.5 (rules HDR).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import compress
from typing import Any, TypeAlias

import msgspec

from sinyal.config.settings import SignalsSettings, SourceSettings
from sinyal.mail import address, header, trace
from sinyal.mail.dkim import load_header_key
from sinyal.mail.job import safe_job_id
from sinyal.mail.rewrite import Edit
from sinyal.mail.schedule import Windows, windows
from sinyal.reception import replies
from sinyal.smtp.reply import Reply

MAX_TEXT = 998  # characters kept of a subject or a name; RFC 5322 2.1.1
MAX_ENV_ID = 100  # characters; RFC 3461 4.4
MAX_MESSAGE_ID = 512  # characters of a custom message id; guide 10.1
MAX_KEY = 32 * 1024  # characters of a private key
MAX_ACCOUNTED = 1024  # characters kept of a field that accounting asks for
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
MAX_SUBACCOUNT = (1 << 31) - 1
UNPRINTABLE = re.compile(r"[^!-~]")
NOT_ASCII = re.compile(r"[^ -~]")
NO_SIGNALS = SignalsSettings()
NAMES = (
    *(b"x-job", b"x-virtual-mta", b"x-envid", b"x-schedule", b"x-dkim-options"),
    *(b"x-dkim-key", b"x-sp-subaccount-id", b"received", b"date"),
)

First: TypeAlias = dict[bytes, "re.Match[bytes]"]  # the first field of each name


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says, and which of its fields are to go.

    `virtual_mta` is None where x-virtual-mta is absent or not processed, `schedule` and
    `dkim_key`, a secret, None where x-schedule or X-DKIM-Key is unusable. `signer` is
    the domain of Sender, else of From. `dropped` holds offsets, in order; `accounted`
    what accounting asks for, by names in lower case.
    """

    job_id: str = ""
    env_id: str = ""
    virtual_mta: str | None = None
    schedule: Windows | None = ()
    dkim_options: str = ""
    dkim_key: str | None = ""
    subaccount_id: int = 0
    custom_message_id: str = ""
    friendly_from: str = ""
    friendly_name: str = ""
    subject: str = ""
    signer: str = ""
    is_signer_author: bool = False  # there is no Sender field
    hops: int = 0
    has_date: bool = False
    has_message_id: bool = False
    dropped: tuple[tuple[int, int], ...] = ()
    accounted: dict[str, str] = {}


class Stamping(msgspec.Struct, frozen=True):
    """What is put on top of a message; `included` are whole fields of the operator."""

    source: SourceSettings
    hop: trace.Hop
    is_submission: bool = False
    is_merge: bool = False
    included: bytes = b""
    host_id: int = 0


def read(
    content: bytes,
    source: SourceSettings,
    signals: SignalsSettings = NO_SIGNALS,
    accounted: tuple[bytes, ...] = (),
) -> Facts:
    """The facts of one message as this source may state them (HDR-1).

    Of two fields of one name the first one counts, and both go where one would.
    `accounted` names, in lower case, the fields that accounting asks for.
    """
    first: First = {}
    dropped: list[tuple[int, int]] = []
    unwanted = _unwanted(source, signals)
    hops = 0
    for field in header.matches(content):
        name = field[1].lower()
        first.setdefault(name, field)
        hops += name == b"received"
        if name in unwanted:
            dropped.append(field.span())
    author = first.get(b"sender") or first.get(b"from")
    value = header.unfold(author[2]) if author else b""
    mailbox = address.parse(value)
    return Facts(
        job_id=_job_id(first, source),
        env_id=_env_id(first, source),
        virtual_mta=_virtual_mta(first, source),
        friendly_from=mailbox.address[:MAX_TEXT],
        friendly_name=mailbox.name[:MAX_TEXT],
        subject=_text(first, b"subject"),
        signer=address.domain(mailbox.address),
        is_signer_author=b"sender" not in first,
        hops=hops,
        has_date=b"date" in first,
        has_message_id=b"message-id" in first,
        dropped=tuple(dropped),
        accounted=_accounted(first, accounted) if accounted else {},
        **_rare(first, source, signals),
    )


def refusal(facts: Facts, source: SourceSettings) -> Reply | None:
    """Why a message with such a header is not taken, None where it is."""
    if facts.hops > source.max_message_hops:
        return replies.TOO_MANY_HOPS
    if facts.schedule is None:
        return replies.bad_header("X-Schedule")
    return replies.bad_header("X-DKIM-Key") if facts.dkim_key is None else None


def edited(content: bytes, edits: Iterable[Edit], fields: bytes) -> bytes:
    """The content with `fields` on top and the edits made, which come in order."""
    pieces, at = [fields], 0
    for start, end, octets in edits:
        pieces += (content[at:start], octets)
        at = end
    pieces.append(content[at:] if at else content)
    return b"".join(pieces)


def new_fields(facts: Facts, stamping: Stamping) -> bytes:
    """The trace field, the operator's, and Date and Message-ID where due (HDR-6).

    sinyal adds the last two to every message of an authenticated source that has none,
    as RFC 6409 8.2, 8.3 advise; PowerMTA does so only when told.
    """
    source, hop = stamping.source, stamping.hop
    added = []
    if source.add_received_header:
        added.append(trace.received(hop))
    added.append(stamping.included)
    if source.date_header_time == "reception" and _wants_date(facts, stamping):
        added.append(trace.date_field(hop.at))
    if not facts.has_message_id and (
        stamping.is_submission or source.add_message_id_header
    ):
        unique = f"{hop.id}.{stamping.host_id}" if stamping.host_id else hop.id
        added.append(trace.message_id_field(unique, hop.by))
    return b"".join(added)


def date_at_delivery(facts: Facts, stamping: Stamping) -> str:
    """What delivery does about Date: "", "yes" for adding one, or "override"."""
    source = stamping.source
    if source.date_header_time != "delivery" or not _wants_date(facts, stamping):
        return ""
    return "override" if source.add_date_header == "override" else "yes"


def _wants_date(facts: Facts, stamping: Stamping) -> bool:
    if stamping.is_merge:
        return False
    how = stamping.source.add_date_header
    is_wanted = stamping.is_submission or how == "yes"
    return how == "override" or (is_wanted and not facts.has_date)


def _unwanted(source: SourceSettings, signals: SignalsSettings) -> frozenset[bytes]:
    """Names, lower case, of the fields that do not travel on (HDR-1, HDR-2)."""
    is_replaced = source.add_date_header == "override"
    return _of_names((
        source.process_x_job and not source.retain_x_job,
        source.process_x_virtual_mta and not source.retain_x_virtual_mta,
        source.process_x_envid,
        not source.retain_x_schedule,
        source.process_x_dkim_options and not source.retain_x_dkim_options,
        not source.retain_x_dkim_key,
        signals.process_x_sp_subaccount_id and not signals.retain_x_sp_subaccount_id,
        source.remove_received_headers,
        is_replaced and source.date_header_time == "reception",
    ))


@lru_cache(maxsize=1024)
def _of_names(are_dropped: tuple[bool, ...]) -> frozenset[bytes]:
    """Those of `NAMES` whose place says so."""
    return frozenset(compress(NAMES, are_dropped))


def _rare(
    first: First, source: SourceSettings, signals: SignalsSettings
) -> dict[str, Any]:
    """What few messages state, by attribute of `Facts`."""
    found: dict[str, Any] = {}
    if source.process_x_schedule and b"x-schedule" in first:
        found["schedule"] = _schedule(_text(first, b"x-schedule", MAX_KEY))
    if source.process_x_dkim_options:
        found["dkim_options"] = _text(first, b"x-dkim-options")
    if source.process_x_dkim_key:
        found["dkim_key"] = _key(_text(first, b"x-dkim-key", MAX_KEY))
    if signals.process_x_sp_subaccount_id:
        found["subaccount_id"] = _subaccount(_text(first, b"x-sp-subaccount-id"))
    if signals.custom_message_id_header:
        name = signals.custom_message_id_header.lower().encode()
        text = NOT_ASCII.sub("_", _text(first, name))
        found["custom_message_id"] = text[:MAX_MESSAGE_ID]
    return found


def _accounted(first: First, names: tuple[bytes, ...]) -> dict[str, str]:
    return {
        name.decode("ascii", "replace"): CONTROLS.sub(
            " ", _text(first, name, MAX_ACCOUNTED)
        )
        for name in names
        if name in first
    }


def _job_id(first: First, source: SourceSettings) -> str:
    job = _text(first, b"x-job") if source.process_x_job else ""
    if not job and source.jobid_header:
        job = _text(first, source.jobid_header.lower().encode())
    return safe_job_id(job)


def _env_id(first: First, source: SourceSettings) -> str:
    """Printable and of the length that RFC 3461 4.4 allows, whatever was written."""
    if not source.process_x_envid:
        return ""
    return UNPRINTABLE.sub("_", _text(first, b"x-envid"))[:MAX_ENV_ID]


def _virtual_mta(first: First, source: SourceSettings) -> str | None:
    if not source.process_x_virtual_mta or b"x-virtual-mta" not in first:
        return None
    return _text(first, b"x-virtual-mta")


def _schedule(text: str) -> Windows | None:
    try:
        return windows(text)
    except ValueError:
        return None


def _key(text: str) -> str | None:
    """The text where it holds a private key, or nothing; None for what is neither."""
    try:
        return text if not text or load_header_key(text) else None
    except ValueError:
        return None


def _subaccount(text: str) -> int:
    """A number from 1 on; 0 for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 11
    return int(text) if is_number and int(text) <= MAX_SUBACCOUNT else 0


def _text(first: First, name: bytes, limit: int = MAX_TEXT) -> str:
    found = first.get(name)
    return header.decode(header.unfold(found[2]))[:limit] if found else ""
