"""Decisions that follow from several lines: relaying, events, signing, roll-up."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sinyal.config.addresses import canonical_domain
from sinyal.config.block import Block
from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.config.provenance import Origin, Provenance, Setting, shown_section
from sinyal.config.rollup import Rollup, rollup
from sinyal.config.vocabulary import DomainKey, SignalsDecision
from sinyal.control.layout import Group, Row, place_of, row_of_origin, rows_of_setting
from sinyal.mail.dkim_choice import choose_key

BY_HEADER = ("sender-or-from", "strict-from")


def relaying(provenance: Provenance, domain: str) -> Group:
    """Who may send to the domain, and the lines that open it to anyone (RLY-1)."""
    lines = provenance.whole.lines
    found = [
        line
        for line in lines
        if line.row.attribute in {"relay_domain", "host_name"}
        and _fits(str(line.value), domain)
    ]
    named = [line for line in lines if line.row.attribute == "relay_address"]
    some = [
        line
        for line in named
        if not isinstance(line.value, str) or _domain_of(line.value) == domain
    ]
    if found:
        answer = "anyone"
    elif some:
        answer = "sources with always-allow-relaying; anyone, to some addresses"
    else:
        answer = "sources with always-allow-relaying"
    rows = [
        Row("may be sent by", answer),
        *(row_of_origin(Origin(line)) for line in (*found, *some)),
    ]
    return Group(f"mail to {domain}", tuple(rows))


def _domain_of(address: str) -> str:
    return canonical_domain(address.rpartition("@")[2])


def _fits(pattern: str, domain: str) -> bool:
    return bool(PatternIndex([(domain_pattern(pattern), True)]).matches(domain))


def signals(
    provenance: Provenance, vmta: str, asked: str, sender: str
) -> Iterator[Group]:
    """Whether events are uploaded, and the line that says so; guide 10.1.3."""
    configuration = provenance.configuration
    section = provenance.whole.tagged("signals")
    pool = asked if asked in configuration.pools else ""
    switch = _switch(provenance, vmta, pool)
    if not section and switch is None:
        return
    rows = [row_of_origin(switch)] if switch is not None else []
    if switch is None and section:
        rows.append(Row("enable-signals", "true", (), is_default=True))
    name = switch.line.value.filter_name if switch is not None else ""
    lines = _filter_lines(provenance, name) if name else []
    if sender:
        rows += [row_of_origin(line) for line in _deciding(lines, sender)]
        decision = configuration.signals_for(vmta, pool, sender)
        title = f"Signals for mail from {sender} by {vmta}"
        rows.append(Row("events", _decided(decision)))
    else:
        title = f"Signals for mail by {vmta}"
        rows += [row_of_origin(line) for line in lines]
        if not name:
            decision = configuration.signals_for(vmta, pool, "")
            rows.append(Row("events", _decided(decision)))
    yield Group(title, tuple(rows))


def _switch(provenance: Provenance, vmta: str, pool: str) -> Origin | None:
    """The enable-signals line of the VirtualMTA, else its pool's, else the global."""
    own = provenance.configuration.virtual_mtas.get(vmta)
    blocks = provenance.whole.blocks
    sections: list[Block | None] = [
        blocks.get(("virtual-mta", vmta)),
        blocks.get(("virtual-mta-pool", pool or (own.pool if own else ""))),
        provenance.whole,
    ]
    for block in sections:
        for line in reversed(block.lines if block else ()):
            if line.row.attribute == "enable_signals" and block is not None:
                return Origin(line, shown_section(block))
    return None


def _filter_lines(provenance: Provenance, name: str) -> list[Origin]:
    block = provenance.whole.blocks.get(("signals-filter", name))
    if block is None:
        return []
    section = shown_section(block)
    return [Origin(line, section) for line in block.lines]


def _deciding(lines: list[Origin], sender: str) -> list[Origin]:
    index = PatternIndex(
        (domain_pattern(origin.line.value.pattern), origin) for origin in lines
    )
    return index.matches(canonical_domain(sender))[-1:]


def _decided(decision: SignalsDecision) -> str:
    if not decision.enabled:
        return "not uploaded"
    account = decision.subaccount_id
    return f"uploaded, subaccount {account}" if account else "uploaded"


def dkim(
    provenance: Provenance, domain: str, vmta: str, sender: str
) -> Iterator[Group]:
    """The keys in the order of search, and the one that signs; DKIM-1 to DKIM-3."""
    queue = {
        setting.row.attribute: setting for setting in provenance.of_queue(domain, vmta)
    }
    sign = queue["dkim_sign"]
    if not sign.origins:
        return
    keys = [
        origin
        for setting in provenance.of_virtual_mta(vmta)
        if setting.row.attribute == "domain_key"
        for origin in setting.origins
    ]
    rows = list(rows_of_setting(sign))
    identities = _identities(queue, sender) if sign.value else []
    if identities:
        rows.append(Row("identity", ", then ".join(identities)))
        rows.append(_signature(keys, identities))
    rows += [row_of_origin(key) for key in keys]
    yield Group(f"DKIM for mail to {domain} by {vmta}", tuple(rows))


def _identities(queue: dict[str, Setting], sender: str) -> list[str]:
    """Domains whose key is searched, in order; the header's domain is `sender`."""
    named = str(queue["dkim_identity"].value or BY_HEADER[0])
    first = sender if named in BY_HEADER else named
    tried = [first, str(queue["dkim_identity_fallback"].value)]
    return [_domain_of(identity) for identity in tried if identity]


def _signature(keys: list[Origin], identities: Iterable[str]) -> Row:
    """The key that signs, as the signature names it."""
    listed: list[DomainKey] = [key.line.value for key in keys]
    for identity in identities:
        found = choose_key(listed, identity)
        if found is not None:
            domain = identity if found.domain == "*" else found.domain
            place = place_of(keys[listed.index(found)])
            return Row("signature", f"s={found.selector}; d={domain}", (place,))
    return Row("signature", "none, as no key fits")


def rollups(
    provenance: Provenance, domain: str, records: Sequence[tuple[int, str]]
) -> Iterator[Group]:
    """The rules that lead to this queue, or those that may lead away from it.

    With MX `records` (preference, host) also what they come to; rollup-by-ip needs the
    DNS and is left out then.
    """
    lines = [
        Origin(line, shown_section(block))
        for block in provenance.whole.tagged("mx-rollup-list")
        for line in block.lines
    ]
    if domain.endswith(".rollup"):
        own = [line for line in lines if line.line.value.queue == domain]
        yield Group(f"domains rolled up to {domain}", tuple(map(row_of_origin, own)))
    elif lines and records:
        found = rollup([line.line.value for line in lines], records)
        own = [line for line in lines if found and line.line.value.queue == found.queue]
        rows = [Row("rolls up to", _rolled(found)), *map(row_of_origin, own)]
        yield Group("MX roll-up", tuple(rows))
    elif lines:
        said = f"{len(lines)} rules, as the MX records of {domain} say"
        row = msgspec.structs.replace(
            row_of_origin(lines[0]), name="decided by", value=said
        )
        yield Group("MX roll-up", (row,))


def _rolled(found: Rollup | None) -> str:
    if found is None:
        return "nothing"
    return f"{found.queue}, to {', '.join(found.hosts) or 'its smtp-hosts'}"
