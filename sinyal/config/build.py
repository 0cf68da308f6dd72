"""A checked block turned into the `Configuration`; guide 3.3, 8, 10.1."""

from typing import Any

import msgspec

from sinyal.config.block import Block, Value
from sinyal.config.configuration import Configuration, Relaying
from sinyal.config.entries import domain_entries, pools_of_members, source_blocks
from sinyal.config.expression import Pattern
from sinyal.config.files import Files
from sinyal.config.inherit import DomainEntry, Domains, SourceEntry, Sources
from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.config.problem import BadValue, Problem
from sinyal.config.settings import (
    AcctFile,
    AddressList,
    GlobalSettings,
    Pool,
    Processor,
    RewriteList,
    SignalsSettings,
    SmtpUser,
    VirtualMta,
)
from sinyal.config.vocabulary import Listener, SignalsDecision

PORT_25 = Listener("0.0.0.0", 25)  # guide 3.3.1.20: when none is configured
INHERITED = ("max_smtp_out", "rewrite_list")  # from pool to member (DOM-7)


class Builder:
    """Makes the records; `problems` grows as it goes."""

    def __init__(self, whole: Block, files: Files) -> None:
        self.problems: list[Problem] = []
        self._whole = whole
        self._files = files
        self._settings = GlobalSettings(**_known(GlobalSettings, whole.settings()))

    def build(self) -> Configuration:
        """The configuration; what is reported in `problems` is left out of it."""
        whole = self._whole
        pools = {
            block.key: Pool(name=block.key, **_known(Pool, block.settings()))
            for block in whole.tagged("virtual-mta-pool")
        }
        owners = pools_of_members(whole)
        signals = whole.tagged("signals")
        return Configuration(
            settings=self._settings,
            listeners=self._listeners(),
            users={
                block.key: SmtpUser(
                    name=block.key, **_known(SmtpUser, block.settings())
                )
                for block in whole.tagged("smtp-user")
            },
            rewrite_lists={
                block.key: RewriteList(**_known(RewriteList, block.settings()))
                for block in whole.tagged("rewrite-list")
            },
            virtual_mtas={
                block.key: self._virtual_mta(block, owners.get(block.key))
                for block in whole.tagged("virtual-mta")
            },
            pools=pools,
            address_lists={
                block.key: self._address_list([block])
                for block in whole.tagged("address-list")
            },
            bounce_processor=self._processor("bounce-processor"),
            feedback_loop_processor=self._processor("feedback-loop-processor"),
            signals=SignalsSettings(**signals[0].settings()) if signals else None,
            signals_filters={
                block.key: self._filter(block)
                for block in whole.tagged("signals-filter")
            },
            acct_files=tuple(map(self._acct_file, whole.tagged("acct-file"))),
            spools=tuple(block.argument for block in whole.tagged("spool")),
            sources=self._sources(),
            domains=self._domains({vmta: pool.key for vmta, pool in owners.items()}),
            relaying=self._relaying(),
        )

    def _listeners(self) -> tuple[Listener, ...]:
        sections = [
            Listener(place[0], place[1], block.settings().get("source", ""))
            for block in self._whole.tagged("smtp-listener")
            if (place := block.argument)
        ]
        return (*self._settings.smtp_listener, *sections) or (PORT_25,)

    def _virtual_mta(self, block: Block, pool: Block | None) -> VirtualMta:
        own = _known(VirtualMta, block.settings())
        group = pool.settings() if pool else {}
        inherited = {name: group[name] for name in INHERITED if name in group}
        own["domain_key"] = own.get("domain_key", ()) + group.get("domain_key", ())
        return VirtualMta(
            name=block.key, pool=pool.key if pool else "", **(inherited | own)
        )

    def _acct_file(self, block: Block) -> AcctFile:
        settings = _known(AcctFile, block.settings())
        if block.key.startswith("|"):
            return AcctFile(command=block.key[1:].strip(), **settings)
        path = self._files.resolve(block.key, self._whole.file)
        return AcctFile(path=path, **settings)

    def _processor(self, tag: str) -> Processor | None:
        sections = self._whole.tagged(tag)
        if not sections:
            return None
        return Processor(
            addresses=self._address_list(sections[0].tagged("address-list")),
            **_known(Processor, sections[0].settings()),
        )

    def _address_list(self, blocks: list[Block]) -> AddressList:
        lists = [block.settings() for block in blocks]
        entries: list[str | Pattern] = [
            entry
            for settings in lists
            for entry in (
                *settings.get("address", ()),
                *self._listed(settings.get("address_file", ())),
            )
        ]
        plain = [entry.lower() for entry in entries if isinstance(entry, str)]
        return AddressList(
            domains=frozenset(
                name for settings in lists for name in settings.get("domain", ())
            ),
            addresses=frozenset(entry for entry in plain if "@" in entry),
            local_parts=frozenset(entry for entry in plain if "@" not in entry),
            patterns=tuple(entry for entry in entries if isinstance(entry, Pattern)),
        )

    def _listed(self, paths: tuple[str, ...]) -> list[str]:
        """The entries of address files, one a line."""
        found: list[str] = []
        for path in paths:
            try:
                text = self._files.read(path)
            except (OSError, UnicodeDecodeError):
                continue  # reported where the file is named
            found += [line.strip() for line in text.split("\n") if line.strip()]
        return found

    def _filter(self, block: Block) -> PatternIndex[SignalsDecision]:
        rules = block.settings().get("sender_or_from", ())
        return PatternIndex(
            (domain_pattern(rule.pattern), rule.decision) for rule in rules
        )

    def _sources(self) -> Sources:
        return Sources([
            SourceEntry(block.argument, block.settings())
            for block in source_blocks(self._whole)
        ])

    def _domains(self, pools: dict[str, str]) -> Domains:
        return Domains(
            [
                DomainEntry(pattern, block.settings(), owner)
                for pattern, block, owner in domain_entries(self._whole, self._report)
            ],
            pools,
        )

    def _relaying(self) -> Relaying:
        domains = [*self._settings.relay_domain, *self._settings.host_name]
        entries = self._settings.relay_address
        return Relaying(
            PatternIndex((domain_pattern(domain), True) for domain in domains),
            frozenset(entry.lower() for entry in entries if isinstance(entry, str)),
            tuple(entry for entry in entries if isinstance(entry, Pattern)),
        )

    def _report(self, at: Block | Value, directive: str, bad: BadValue) -> None:
        self.problems.append(
            Problem(at.file, at.line, directive[:80], bad.text, bad.remedy)
        )


def _known(record: type[msgspec.Struct], settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that `record` has an attribute for."""
    return {
        name: value
        for name, value in settings.items()
        if name in record.__struct_fields__
    }
