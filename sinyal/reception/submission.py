"""A message that is taken, as it goes to the spool: its envelope and its octets.

Source: guide 3.3.7, 8.4, 8.5, 10.1; rules HDR, RW.
"""

import msgspec

from sinyal.config.settings import RewriteList
from sinyal.mail import authentication
from sinyal.mail.address import domain
from sinyal.mail.envelope import (
    NOTHING_ASKED,
    AtDelivery,
    Envelope,
    Recipient,
    Submission,
)
from sinyal.mail.rewrite import Edit, author_edits, rewrite
from sinyal.mail.trace import Hop
from sinyal.reception import stamp
from sinyal.reception.placement import Placement
from sinyal.reception.recipients import Ask, prefixed
from sinyal.reception.stamp import Stamping
from sinyal.reception.transaction import Transaction

MAX_FROM = 3  # From fields that are rewritten; RFC 5322 3.6 knows one
RETURNED = {"full": "FULL", "headers": "HDRS"}  # dsn-return-default as RET


class Content(msgspec.Struct, frozen=True):
    """The octets as they came; `part_octets` are the lengths of a merge's parts."""

    octets: bytes
    part_octets: tuple[int, ...] = ()


class Taken(msgspec.Struct, frozen=True):
    """A message and where its recipients go; they are complete.

    `rewriting` is what the source and the message's VirtualMTA have rewritten.
    """

    ask: Ask
    transaction: Transaction
    content: Content
    placement: Placement
    recipients: tuple[Recipient, ...]
    rewriting: RewriteList


def submission(taken: Taken) -> Submission:
    """The envelope and the stamped octets."""
    ask = taken.ask
    facts, feeder, vmta = ask.facts, ask.feeder, taken.placement.vmta
    configuration = ask.configuration
    at = ask.door.clock()
    stamping = Stamping(
        feeder.source,
        _hop(taken, at),
        is_submission=bool(feeder.user) or feeder.origin == "api",
        is_merge=ask.is_merge,
        included=configuration.included_headers(vmta),
        host_id=configuration.settings.host_id,
    )
    edits = _edits(taken)
    fields = stamp.new_fields(facts, stamping)
    if taken.transaction.results:
        results = taken.transaction.results
        fields = authentication.field(ask.door.host_name, results) + fields
    octets = stamp.edited(taken.content.octets, edits, fields)
    envelope = _envelope(
        taken,
        at,
        len(octets),
        _part_octets(taken.content.part_octets, edits),
        _at_delivery(taken, stamping),
    )
    return Submission(envelope, octets)


def _envelope(
    taken: Taken,
    at: float,
    size_octets: int,
    part_octets: tuple[int, ...],
    at_delivery: AtDelivery,
) -> Envelope:
    ask, mail, facts = taken.ask, taken.transaction.mail, taken.ask.facts
    feeder, source, configuration = ask.feeder, ask.source, ask.configuration
    vmta, pool = taken.placement.vmta, taken.placement.pool
    signals = configuration.signals_for(vmta, pool, facts.signer)
    is_mixed = any(one.vmta for one in taken.recipients) if ask.is_merge else False
    subaccount_id = 0 if ask.is_merge else facts.subaccount_id
    configured = 0 if is_mixed else signals.subaccount_id
    return Envelope(
        mail_from=rewrite(taken.rewriting.mail_from, mail.address),
        recipients=taken.recipients,
        received_at=at,
        size_octets=size_octets,
        vmta=vmta,
        pool=pool,
        job_id=prefixed(facts.job_id, feeder),
        env_id=facts.env_id or mail.env_id,
        source_type=feeder.origin,
        source_name=feeder.hello_name,
        source_ip=feeder.peer.remote_ip,
        local_ip=feeder.peer.local_ip,
        smtp_user=feeder.user,
        friendly_from=_friendly_from(taken),
        friendly_name=facts.friendly_name,
        subject=facts.subject,
        signals=signals.enabled,
        subaccount_id=subaccount_id or configured,
        custom_message_id=facts.custom_message_id,
        ret=mail.ret or RETURNED.get(source.dsn_return_default, ""),
        is_8bit=mail.body == "8BITMIME",
        is_utf8=mail.is_utf8,
        is_verp=mail.is_verp or source.verp_default,
        suppress_dsn=source.suppress_local_dsn,
        schedule=facts.schedule or (),
        part_octets=part_octets,
        at_delivery=at_delivery,
        headers=facts.accounted,
    )


def _at_delivery(taken: Taken, stamping: Stamping) -> AtDelivery:
    source, facts = taken.ask.source, taken.ask.facts
    settings = taken.ask.configuration.settings
    date = stamp.date_at_delivery(facts, stamping)
    keeps = taken.ask.is_merge and not settings.mailmerge_expands_undefined_variables
    asked = (source.remove_header, date, source.add_x_virtual_mta_header, keeps)
    if not (any(asked) or facts.dkim_options or facts.dkim_key):
        return NOTHING_ASKED
    return AtDelivery(
        removed_headers=tuple(name.lower() for name in source.remove_header),
        date_header=date,
        adds_virtual_mta=source.add_x_virtual_mta_header,
        dkim_options=facts.dkim_options,
        dkim_key=facts.dkim_key or "",
        keeps_undefined=keeps,
    )


def _hop(taken: Taken, at: float) -> Hop:
    ask, given = taken.ask, taken.transaction.recipients
    feeder = ask.feeder
    is_hidden = feeder.source.hide_message_source
    return Hop(
        helo="" if is_hidden else feeder.hello_name,
        from_ip="" if is_hidden else feeder.peer.remote_ip,
        by=ask.door.host_name,
        with_protocol=feeder.protocol,
        id=taken.recipients[0].message_id,
        at=at,
        rcpt=given[0].address if len(given) == 1 else "",
        mail_from=ask.sender,
        tls=f"{feeder.peer.tls_protocol} {feeder.peer.tls_cipher}".strip(),
    )


def _edits(taken: Taken) -> list[Edit]:
    """What goes and what changes in the header, in the order of its octets."""
    ask = taken.ask
    edits = [Edit(start, end) for start, end in ask.facts.dropped]
    if taken.transaction.results:
        edits += _forged(ask)
    if taken.rewriting.from_domain:
        edits += _new_authors(taken)
    return sorted(edits) if len(edits) > 1 else edits


def _new_authors(taken: Taken) -> list[Edit]:
    def target_of(written: bytes) -> bytes:
        return _author_domain(taken, written.decode("utf-8", "replace")).encode()

    authors = [one for one in taken.ask.fields if one.name.lower() == b"from"]
    return [
        edit
        for field in authors[:MAX_FROM]
        for edit in author_edits(taken.ask.content, field, target_of)
    ]


def _forged(ask: Ask) -> list[Edit]:
    """Authentication-Results that claim to be ours; RFC 8601 5."""
    return [
        Edit(field.start, field.end)
        for field in ask.fields
        if field.name.lower() == b"authentication-results"
        and authentication.is_from(field.value, ask.door.host_name)
    ]


def _author_domain(taken: Taken, written: str) -> str:
    ask = taken.ask
    return ask.configuration.author_domain(ask.source, taken.placement.vmta, written)


def _friendly_from(taken: Taken) -> str:
    """The author's address as it leaves."""
    facts = taken.ask.facts
    address = facts.friendly_from
    if not (facts.is_signer_author and taken.rewriting.from_domain):
        return address
    target = _author_domain(taken, domain(address))
    return f"{address.rpartition('@')[0]}@{target}" if target else address


def _part_octets(lengths: tuple[int, ...], edits: list[Edit]) -> tuple[int, ...]:
    """The lengths of a merge's parts once the edits are made."""
    left, begin = [], 0
    for octets in lengths:
        end, size = begin + octets, octets
        for at, stop, fresh in edits:
            size -= max(0, min(stop, end) - max(at, begin))
            size += len(fresh) if begin <= at < end else 0
        left.append(size)
        begin = end
    return tuple(left)
