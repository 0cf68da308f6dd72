"""The recipients of a message on their way into queues: placed, aliased, copied.

Source: guide 8.4, 12.9, 3.3.7.3; rules VM-8, PL-3, DLV-7.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import msgspec
from msgspec.structs import replace

from sinyal.config.configuration import Configuration
from sinyal.config.settings import SourceSettings
from sinyal.mail import header
from sinyal.mail.envelope import Recipient
from sinyal.mail.header import Field
from sinyal.mail.rewrite import rewrite
from sinyal.reception import replies
from sinyal.reception.door import Door
from sinyal.reception.placement import Placement, Wish, place
from sinyal.reception.selection import NOTHING, Choice, Patience, Sight, choose
from sinyal.reception.stamp import Facts
from sinyal.reception.transaction import Feeder
from sinyal.smtp.reply import Reply

USUAL_PRIORITY = 50  # PRI-1
MAX_ALIASES = 10  # that lead to each other


class Ask(msgspec.Struct, frozen=True, dict=True):
    """A message whose recipients are to be placed; `sender` is as it was given."""

    door: Door
    feeder: Feeder
    sender: str
    content: bytes
    facts: Facts
    is_merge: bool = False

    @property
    def source(self) -> SourceSettings:
        return self.feeder.source

    @cached_property
    def fields(self) -> list[Field]:
        """All fields of the header: few messages need them."""
        return header.fields(self.content)

    @cached_property
    def patience(self) -> Patience:
        """One for all recipients of a mail merge."""
        return Patience()

    @property
    def configuration(self) -> Configuration:
        return self.door.configuration


class Placed(msgspec.Struct, frozen=True):
    """Where the message goes; recipients with a `vmta` of their own go there."""

    placement: Placement
    recipients: tuple[Recipient, ...]


def placed(ask: Ask, recipients: Sequence[Recipient]) -> Placed | Reply:
    """The VirtualMTA of each recipient, or why the message is refused.

    The recipients of a mail merge are placed one by one, those of any other message
    together (VM-3, VM-8).
    """
    if ask.is_merge:
        return _placed_each(ask, recipients)
    listed = _listed(ask, ask.sender, [one.address for one in recipients])
    found = _place(ask, ask.facts.virtual_mta, listed)
    if isinstance(found, Reply):
        return found
    if listed.priority is not None:
        recipients = [replace(one, priority=listed.priority) for one in recipients]
    return Placed(found, tuple(recipients))


def _placed_each(ask: Ask, recipients: Sequence[Recipient]) -> Placed | Reply:
    found: list[Recipient] = []
    for one in recipients:
        sender = ask.sender if one.mail_from is None else one.mail_from
        listed = _listed(ask, sender, (one.address,))
        where = _place(ask, one.vmta or ask.facts.virtual_mta, listed)
        if isinstance(where, Reply):
            return where
        is_usual = one.priority == USUAL_PRIORITY and listed.priority is not None
        priority = listed.priority if is_usual else one.priority
        assert priority is not None
        found.append(replace(one, vmta=where.vmta, pool=where.pool, priority=priority))
    places = {(one.vmta, one.pool) for one in found}
    if len(places) == 1:
        common = [replace(one, vmta="", pool="") for one in found]
        return Placed(Placement(*places.pop()), tuple(common))
    return Placed(Placement(), tuple(found))


def _listed(ask: Ask, sender: str, addresses: Sequence[str]) -> Choice:
    name = ask.source.pattern_list
    if not name:
        return NOTHING
    sight = Sight(sender, addresses, ask.content, lambda: ask.fields, ask.patience)
    return choose(ask.configuration.pattern_lists, name, sight)


def _place(ask: Ask, name: str | None, listed: Choice) -> Placement | Reply:
    wish = Wish(name, listed, ask.feeder.peer.local_ip)
    return place(ask.configuration, ask.door.turns, ask.source, wish)


def completed(ask: Ask, at: Placed) -> tuple[Recipient, ...]:
    """The recipients as they are queued, each with an id of its own.

    Aliases are followed, and the source's bcc address gets a copy.
    """
    found: Iterable[Recipient] = at.recipients
    if ask.configuration.aliases:
        found = _aliased(ask, found)
    if ask.source.bcc and at.recipients:
        found = (*found, _blind(at.recipients[0], ask.source.bcc))
    if ask.is_merge or ask.feeder.origin == "api":
        found = _settled(ask, at.placement, found)
    new_id = ask.door.new_message_id
    return tuple(replace(one, message_id=new_id()) for one in found)


def _blind(first: Recipient, address: str) -> Recipient:
    """The copy for `address`: as the first recipient's, and nobody is told of it."""
    return replace(first, address=address, notify="NEVER", orcpt="", refusal="")


def _aliased(ask: Ask, recipients: Iterable[Recipient]) -> Iterator[Recipient]:
    """Each recipient, or those that its alias leads to, none of them twice (DLV-7).

    A target that is suppressed bounces, as no command has asked about it.
    """
    for one in recipients:
        if one.refusal:
            yield one
            continue
        for address in _targets(ask.door, one.address):
            is_same = address == one.address
            yield one if is_same else _led_to(ask, one, address)


def _led_to(ask: Ask, one: Recipient, address: str) -> Recipient:
    name = ask.configuration.suppression_for(ask.source, address)
    refusal = str(replies.suppressed(name, address)) if name else ""
    return replace(one, address=address, refusal=refusal)


def _targets(door: Door, address: str) -> list[str]:
    """The addresses at the end of the aliases; one that leads back to itself stays.

    Each is followed once, whatever leads to it.
    """
    ends: dict[str, str] = {}
    known: set[str] = set()

    def follow(at: str, behind: tuple[str, ...]) -> None:
        plain = at.lower()
        is_deep = len(behind) > MAX_ALIASES
        targets = () if is_deep else door.configuration.aliased(at, door.is_local)
        if not targets or plain in behind:
            ends.setdefault(plain, at)
        elif plain not in known:
            known.add(plain)
            for target in targets:
                follow(target, (*behind, plain))

    follow(address, ())
    return list(ends.values())


def _settled(
    ask: Ask, common: Placement, recipients: Iterable[Recipient]
) -> Iterator[Recipient]:
    """Recipients with a sender, a job or a VirtualMTA of their own, made complete."""
    configuration, source = ask.configuration, ask.source

    def sender_of(one: Recipient) -> str:
        rules = configuration.rewrite_for(source, one.vmta or common.vmta)
        return rewrite(rules, ask.sender if one.mail_from is None else one.mail_from)

    usual = sender_of(Recipient("", ""))
    for (vmta, pool), group in groupby(recipients, lambda one: (one.vmta, one.pool)):
        decision = configuration.signals_for(vmta, pool, ask.facts.signer)
        for one in group:
            sender = sender_of(one)
            own: dict[str, Any] = {
                "mail_from": None if sender == usual else sender,
                "job_id": prefixed(one.job_id, ask.feeder),
            }
            if vmta:
                own["signals"] = decision.enabled
                own["subaccount_id"] = one.subaccount_id or decision.subaccount_id
            yield replace(one, **own)


def prefixed(job_id: str, feeder: Feeder) -> str:
    """The job id behind the source's jobid-prefix; none stays none (HDR-3)."""
    prefix = feeder.source.jobid_prefix
    if not (prefix and job_id):
        return job_id
    return prefix.replace("{auth}", feeder.user) + job_id
