"""A message's header at the door: what is read from it, taken out and put in.

The content is never rebuilt: removed fields are left out, new ones stand on top, all
other octets stay. Source: RFC 5321 4.4, RFC 6409 8, guide 3.3.7, 8.5 (rules HDR).
"""

import msgspec

from sinyal.config.settings import SourceSettings
from sinyal.mail import address, header, trace
from sinyal.mail.header import Field
from sinyal.mail.job import safe_job_id

MAX_TEXT = 998  # characters kept of a subject or a name; RFC 5322 2.1.1


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says, and which of its fields are to go.

    `virtual_mta` is None where x-virtual-mta is absent or not processed. `signer` is
    the domain of Sender, else of From. `dropped` holds offsets, in order.
    """

    job_id: str = ""
    env_id: str = ""
    virtual_mta: str | None = None
    friendly_from: str = ""
    friendly_name: str = ""
    subject: str = ""
    signer: str = ""
    hops: int = 0
    has_date: bool = False
    has_message_id: bool = False
    dropped: tuple[tuple[int, int], ...] = ()


def read(content: bytes, source: SourceSettings) -> Facts:
    """The facts of one message as this source may state them (HDR-1)."""
    first: dict[bytes, Field] = {}
    dropped: list[tuple[int, int]] = []
    unwanted = _unwanted(source)
    hops = 0
    for field in header.fields(content):
        name = field.name.lower()
        first.setdefault(name, field)
        hops += name == b"received"
        if name in unwanted:
            dropped.append((field.start, field.end))
    author = first.get(b"sender") or first.get(b"from")
    mailbox = address.parse(author.value) if author else address.Mailbox("", "")
    return Facts(
        job_id=_job_id(first, source),
        env_id=_text(first, b"x-envid") if source.process_x_envid else "",
        virtual_mta=_virtual_mta(first, source),
        friendly_from=mailbox.address[:MAX_TEXT],
        friendly_name=mailbox.name[:MAX_TEXT],
        subject=_text(first, b"subject"),
        signer=address.domain(mailbox.address),
        hops=hops,
        has_date=b"date" in first,
        has_message_id=b"message-id" in first,
        dropped=tuple(dropped),
    )


def stamped(content: bytes, facts: Facts, fields: bytes) -> bytes:
    """The content with `fields` on top and without what `facts` drops."""
    pieces, at = [fields], 0
    for start, end in facts.dropped:
        pieces.append(content[at:start])
        at = end
    pieces.append(content[at:] if at else content)
    return b"".join(pieces)


def new_fields(
    facts: Facts, source: SourceSettings, hop: trace.Hop, *, is_submission: bool
) -> bytes:
    """The trace field, and Date and Message-ID where due (HDR-6).

    sinyal adds the two to every message of an authenticated source that has none, as
    RFC 6409 8.2, 8.3 advise; PowerMTA does so only when told.
    """
    added = []
    if source.add_received_header:
        added.append(trace.received(hop))
    if source.add_date_header == "override" or (
        not facts.has_date and (is_submission or source.add_date_header == "yes")
    ):
        added.append(trace.date_field(hop.at))
    if not facts.has_message_id and (is_submission or source.add_message_id_header):
        added.append(trace.message_id_field(hop.id, hop.by))
    return b"".join(added)


def _unwanted(source: SourceSettings) -> set[bytes]:
    """Names, lower case, of the fields that do not travel on."""
    table = (
        (b"x-job", source.process_x_job and not source.retain_x_job),
        (
            b"x-virtual-mta",
            source.process_x_virtual_mta and not source.retain_x_virtual_mta,
        ),
        (b"x-envid", source.process_x_envid),
        (b"date", source.add_date_header == "override"),
    )
    return {name for name, is_dropped in table if is_dropped}


def _job_id(first: dict[bytes, Field], source: SourceSettings) -> str:
    job = _text(first, b"x-job") if source.process_x_job else ""
    if not job and source.jobid_header:
        job = _text(first, source.jobid_header.lower().encode())
    return safe_job_id(job)


def _virtual_mta(first: dict[bytes, Field], source: SourceSettings) -> str | None:
    if not source.process_x_virtual_mta or b"x-virtual-mta" not in first:
        return None
    return _text(first, b"x-virtual-mta")


def _text(first: dict[bytes, Field], name: bytes) -> str:
    found = first.get(name)
    return header.decode(found.value)[:MAX_TEXT] if found else ""
