"""A checked block turned into the `Configuration`; guide 3.3, 8, 10.1."""

import posixpath
from collections.abc import Iterator
from typing import Any

import msgspec

from sinyal.config import listeners
from sinyal.config.block import Block, Value
from sinyal.config.configuration import Configuration, Relaying
from sinyal.config.entries import domain_entries, pools_of_members, source_blocks
from sinyal.config.expansion import expand_macros
from sinyal.config.expression import Pattern
from sinyal.config.files import Files
from sinyal.config.header_lines import header_lines
from sinyal.config.inherit import DomainEntry, Domains, SourceEntry, Sources
from sinyal.config.listed import NOBODY, Listed
from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.config.problem import BadValue, Problem
from sinyal.config.reactions import CategoryRules, ReplyRules
from sinyal.config.settings import (
    AcctFile,
    AddressList,
    DomainSettings,
    GlobalSettings,
    Pool,
    Processor,
    RewriteList,
    SignalsSettings,
    SmtpUser,
    SourceGroup,
    SourceSettings,
    TransmissionsApi,
    VirtualMta,
)
from sinyal.config.vocabulary import SignalsDecision

INHERITED = (
    "max_smtp_out",
    "max_smtp_msg_rate",
    "max_smtp_data_volume_rate",
    "rewrite_list",
    "include_headers_from",
    "cold_virtual_mta",
)  # from pool to member (DOM-7)


class Builder:
    """Makes the records; `problems` grows as it goes."""

    def __init__(self, whole: Block, files: Files) -> None:
        self.problems: list[Problem] = []
        self._whole = whole
        self._files = files
        self._of_pools: dict[str, dict[str, Any]] = {}  # a pool has many members
        self.problems += expand_macros(whole)
        self._settings = GlobalSettings(**_known(GlobalSettings, whole.settings()))

    def build(self) -> Configuration:
        """The configuration; what is reported in `problems` is left out of it."""
        whole = self._whole
        pools = {
            block.key: Pool(name=block.key, **_known(Pool, block.settings()))
            for block in whole.tagged("virtual-mta-pool")
        }
        owners = pools_of_members(whole)
        return Configuration(
            settings=self._settings,
            listeners=listeners.smtp_listeners(whole, self._settings),
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
            categories=CategoryRules(
                rule
                for block in whole.tagged("bounce-category-patterns")
                for rule in block.settings().get("/REGEX/", ())
            ),
            smtp_pattern_lists={
                block.key: ReplyRules(block.settings().get("reply", ()))
                for block in whole.tagged("smtp-pattern-list")
            },
            pattern_lists={
                block.key: tuple(line.value for line in block.lines)
                for block in whole.tagged("pattern-list")
            },
            aliases=self._settings.alias + self._gathered("aliases", "alias"),
            source_groups={
                block.key: SourceGroup(
                    name=block.key, **_known(SourceGroup, block.settings())
                )
                for block in whole.tagged("source-group")
            },
            domain_key_lists={
                block.key: block.settings().get("domain_key", ())
                for block in whole.tagged("domain-key-list")
            },
            transmissions_api=self._transmissions_api(),
            api_listeners=listeners.api_listeners(whole),
            address_lists={
                block.key: self._address_list([block])
                for block in whole.tagged("address-list")
            },
            bounce_processor=self._processor("bounce-processor"),
            feedback_loop_processor=self._processor("feedback-loop-processor"),
            signals=self._signals(),
            signals_filters={
                block.key: self._filter(block)
                for block in whole.tagged("signals-filter")
            },
            acct_files=tuple(map(self._acct_file, whole.tagged("acct-file"))),
            header_files=self._header_files(),
            spools=tuple(block.argument for block in whole.tagged("spool")),
            sources=self._sources(),
            domains=self._domains({vmta: pool.key for vmta, pool in owners.items()}),
            relaying=self._relaying(),
            rollup_rules=self._gathered("mx-rollup-list", "mx"),
        )

    def _gathered(self, tag: str, attribute: str) -> tuple[Any, ...]:
        """All that the sections `tag` list."""
        return tuple(
            value
            for block in self._whole.tagged(tag)
            for value in block.settings().get(attribute, ())
        )

    def _signals(self) -> SignalsSettings | None:
        for block in self._whole.tagged("signals"):
            return SignalsSettings(**_known(SignalsSettings, block.settings()))
        return None

    def _transmissions_api(self) -> TransmissionsApi | None:
        sections = self._whole.tagged("transmissions-api")
        return TransmissionsApi(**sections[0].settings()) if sections else None

    def _virtual_mta(self, block: Block, pool: Block | None) -> VirtualMta:
        own = _known(VirtualMta, block.settings())
        group = self._of_pool(pool) if pool else {}
        inherited = {name: group[name] for name in INHERITED if name in group}
        own["domain_key"] = own.get("domain_key", ()) + group.get("domain_key", ())
        return VirtualMta(
            name=block.key, pool=pool.key if pool else "", **(inherited | own)
        )

    def _of_pool(self, pool: Block) -> dict[str, Any]:
        if pool.key not in self._of_pools:
            self._of_pools[pool.key] = pool.settings()
        return self._of_pools[pool.key]

    def _acct_file(self, block: Block) -> AcctFile:
        settings = _known(AcctFile, block.settings())
        if block.key.startswith("|"):
            return AcctFile(command=block.key[1:].strip(), **settings)
        path = self._files.resolve(block.key, self._whole.file)
        target = str(settings.get("move_to", "")).rstrip("/")
        if target and target == posixpath.dirname(path):
            own = BadValue("it is the file's own directory", "name another one")
            self._report(block, "move-to", own)
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
            entry for settings in lists for entry in settings.get("address", ())
        ]
        plain = [entry.lower() for entry in entries if isinstance(entry, str)]
        files = [path for one in lists for path in one.get("address_file", ())]
        return AddressList(
            domains=frozenset(
                name for settings in lists for name in settings.get("domain", ())
            ),
            addresses=frozenset(entry for entry in plain if "@" in entry),
            local_parts=frozenset(entry for entry in plain if "@" not in entry),
            patterns=tuple(entry for entry in entries if isinstance(entry, Pattern)),
            listed=Listed(self._pieces(files)) if files else NOBODY,
        )

    def _pieces(self, paths: list[str]) -> Iterator[bytes]:
        """The octets of address files; one that is not there is reported elsewhere."""
        for path in paths:
            try:
                yield from self._files.pieces(path)
            except OSError:
                continue

    def _header_files(self) -> dict[str, bytes]:
        """The fields of each include-headers-from file, by its path (DOM-8)."""
        found: dict[str, bytes] = {}
        for block in self._whole.walk():
            for line in block.lines:
                if line.row.name != "include-headers-from" or not line.value:
                    continue
                try:
                    octets = self._files.read_bytes(line.value)
                    found[line.value] = header_lines(octets)
                except OSError:
                    continue  # reported where the file is named
                except BadValue as bad:
                    self._report(line, line.row.name, bad)
        return found

    def _filter(self, block: Block) -> PatternIndex[SignalsDecision]:
        rules = block.settings().get("sender_or_from", ())
        return PatternIndex(
            (domain_pattern(rule.pattern), rule.decision) for rule in rules
        )

    def _sources(self) -> Sources:
        return Sources([
            SourceEntry(block.argument, _known(SourceSettings, block.settings()))
            for block in source_blocks(self._whole)
        ])

    def _domains(self, pools: dict[str, str]) -> Domains:
        entries = []
        read: dict[int, dict[str, Any]] = {}  # a macro has many patterns of one block
        for pattern, block, owner in domain_entries(self._whole, self._report):
            if id(block) not in read:
                read[id(block)] = _known(DomainSettings, block.settings())
            entries.append(DomainEntry(pattern, read[id(block)], owner))
        return Domains(entries, pools)

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
