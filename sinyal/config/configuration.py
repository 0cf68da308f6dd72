"""The checked configuration, and the questions that stages ask it."""

from collections.abc import Callable
from functools import cached_property

import msgspec

from sinyal.config.accounted import headers_asked
from sinyal.config.addresses import canonical_domain
from sinyal.config.expression import Pattern
from sinyal.config.inherit import AUTHENTICATED, Domains, Sources
from sinyal.config.patterns import PatternIndex, domain_pattern
from sinyal.config.reactions import CategoryRules, ReplyRules
from sinyal.config.rollup import RollupRule
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
from sinyal.config.vocabulary import (
    Alias,
    DomainKey,
    EnableSignals,
    Listener,
    PatternRule,
    RewriteRule,
    SignalsDecision,
    SourceHost,
)

DEFAULT_VMTA = "{default}"
NO_SIGNALS = SignalsDecision(enabled=False)
NO_REWRITING = RewriteList()


class Relaying(msgspec.Struct, frozen=True):
    """Whom mail is taken for from anyone; guide 3.3.1.32 (RLY-1)."""

    domains: PatternIndex[bool] = msgspec.field(default_factory=PatternIndex)
    addresses: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...] = ()


class Configuration(msgspec.Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Everything a configuration says; made by `load`, then only read.

    Shape: dictionaries by the name of the section; paths are absolute. `header_files`
    holds the fields of each include-headers-from file, lines ended by CRLF.
    """

    settings: GlobalSettings
    listeners: tuple[Listener, ...] = ()
    users: dict[str, SmtpUser] = {}
    rewrite_lists: dict[str, RewriteList] = {}
    pattern_lists: dict[str, tuple[PatternRule, ...]] = {}
    smtp_pattern_lists: dict[str, ReplyRules] = {}
    categories: CategoryRules = msgspec.field(default_factory=CategoryRules)
    address_lists: dict[str, AddressList] = {}
    aliases: tuple[Alias, ...] = ()  # of <aliases> and of the global lines
    source_groups: dict[str, SourceGroup] = {}
    domain_key_lists: dict[str, tuple[DomainKey, ...]] = {}
    transmissions_api: TransmissionsApi | None = None
    api_listeners: tuple[Listener, ...] = ()
    virtual_mtas: dict[str, VirtualMta] = {}
    pools: dict[str, Pool] = {}
    bounce_processor: Processor | None = None
    feedback_loop_processor: Processor | None = None
    signals: SignalsSettings | None = None
    signals_filters: dict[str, PatternIndex[SignalsDecision]] = {}
    acct_files: tuple[AcctFile, ...] = ()
    spools: tuple[str, ...] = ()
    header_files: dict[str, bytes] = {}
    sources: Sources = msgspec.field(default_factory=Sources)
    domains: Domains = msgspec.field(default_factory=Domains)
    relaying: Relaying = msgspec.field(default_factory=Relaying)
    rollup_rules: tuple[RollupRule, ...] = ()

    @property
    def relay_domains(self) -> tuple[str, ...]:
        return self.settings.relay_domain

    @property
    def domain_keys(self) -> tuple[DomainKey, ...]:
        """The global DKIM keys in file order."""
        return self.settings.domain_key

    def host_name_or(self, fallback: str) -> str:
        """The server's name: host-name, else the first source host's, else `fallback`.

        Source: guide 3.3.1.25; the second step is sinyal's own.
        """
        own = [
            host.name
            for vmta in self.virtual_mtas.values()
            for host in vmta.source_hosts
        ]
        hosts = [host.name for host in self.settings.smtp_source_host]
        return [*self.settings.host_name, *hosts, *own, fallback][0]

    def source_for(
        self, ip: str, listener_source: str = "", user: str = ""
    ) -> SourceSettings:
        """What a connection may do; `user` is the login name after a login (SRC-4)."""
        return self.sources.settings(ip, listener_source, self.overlay_for(user))

    def overlay_for(self, user: str) -> str:
        """Name of the source that a login as `user` brings, "" for no user (SRC-3)."""
        return self.users[user].source or AUTHENTICATED if user in self.users else ""

    def domain_for(self, domain: str, vmta: str = DEFAULT_VMTA) -> DomainSettings:
        """How the queue `domain/vmta` is delivered (DOM-5)."""
        return self.domains.settings(domain, vmta)

    def relays(self, address: str) -> bool:
        """Whether mail to `address` is taken from anyone (RLY-1)."""
        plain = address.lower()
        domain = canonical_domain(plain.rpartition("@")[2])
        return (
            bool(self.relaying.domains.matches(domain))
            or plain in self.relaying.addresses
            or any(pattern.matches(plain) for pattern in self.relaying.patterns)
        )

    def suppression_for(self, source: SourceSettings, address: str) -> str:
        """The first list of the source that holds the address, or "" (SUP-1)."""
        for name in source.suppression_lists:
            listed = self.address_lists.get(name)
            if listed is not None and listed.matches(address):
                return name
        return ""

    def aliased(self, address: str, is_local: Callable[[str], bool]) -> tuple[str, ...]:
        """Where mail to `address` goes instead, () where no alias fits (DLV-7).

        A whole address counts before a bare local part, which is for domains that
        `is_local` knows, and that before `*@DOMAIN`.
        """
        index = self._aliases
        if not index:
            return ()
        plain = address.lower()
        local, _, host = plain.rpartition("@")
        domain = canonical_domain(host)
        found = index.get(plain) or index.get(f"{local}@{domain}")
        if found is None and local in index and is_local(domain):
            found = index[local]
        return found or index.get(f"*@{domain}", ())

    @cached_property
    def _aliases(self) -> dict[str, tuple[str, ...]]:
        """Targets by source; what stands first in the file counts."""
        index: dict[str, tuple[str, ...]] = {}
        for alias in self.aliases:
            index.setdefault(alias.source.lower(), alias.targets)
        return index

    def vmta_with_address(self, ip: str) -> str:
        """The first VirtualMTA that sends from `ip`, or "" (VM-1)."""
        return self._vmtas_by_address.get(ip, "")

    @cached_property
    def _vmtas_by_address(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for vmta in self.virtual_mtas.values():
            for host in vmta.source_hosts:
                found.setdefault(host.cidr, vmta.name)
        return found

    def keys_for(self, vmta: str) -> tuple[DomainKey, ...]:
        """DKIM keys in the order of search: the VirtualMTA's, its pool's, global."""
        own = self.virtual_mtas.get(vmta)
        return (own.domain_keys if own else ()) + self.settings.domain_key

    def source_hosts_for(self, vmta: str) -> tuple[SourceHost, ...]:
        """The VirtualMTA's source addresses; without any, the global ones (DOM-9)."""
        own = self.virtual_mtas.get(vmta)
        return (own.source_hosts if own else ()) or self.settings.smtp_source_host

    def rewrite_for(self, source: SourceSettings, vmta: str) -> tuple[RewriteRule, ...]:
        """Rules in the order of trial: the source's, then the VirtualMTA's (RW-3)."""
        return self.rewriting(source, vmta).mail_from

    def rewriting(self, source: SourceSettings, vmta: str) -> RewriteList:
        """The rules of both kinds that apply, in the order of trial (RW-3)."""
        if not self.rewrite_lists:
            return NO_REWRITING
        known = self._rewriting
        found = known.get((source.rewrite_list, vmta))
        if found is None:
            lists = [
                self.rewrite_lists[name] for name in self._rewrite_names(source, vmta)
            ]
            found = known[source.rewrite_list, vmta] = RewriteList(
                mail_from=tuple(rule for one in lists for rule in one.mail_from),
                from_domain=tuple(rule for one in lists for rule in one.from_domain),
            )
        return found

    @cached_property
    def _rewriting(self) -> dict[tuple[str, str], RewriteList]:
        """What `rewriting` has worked out: at most lists times VirtualMTAs."""
        return {}

    def author_domain(self, source: SourceSettings, vmta: str, domain: str) -> str:
        """What a domain of the From field becomes, "" where it stays (RW-2).

        The first `from-domain` rule that fits decides, the source's before those of
        the VirtualMTA.
        """
        for name in self._rewrite_names(source, vmta):
            for index in self._author_domains[name]:
                if targets := index.matches(canonical_domain(domain)):
                    return targets[0]
        return ""

    def _rewrite_names(self, source: SourceSettings, vmta: str) -> list[str]:
        own = self.virtual_mtas.get(vmta)
        names = (source.rewrite_list, own.rewrite_list if own else "")
        return [name for name in names if name in self.rewrite_lists]

    @cached_property
    def _author_domains(self) -> dict[str, list[PatternIndex[str]]]:
        """An index of one pattern for each rule: they are tried in file order."""
        return {
            name: [
                PatternIndex([(domain_pattern(rule.pattern), rule.target)])
                for rule in rules.from_domain
            ]
            for name, rules in self.rewrite_lists.items()
        }

    def included_headers(self, vmta: str) -> bytes:
        """The fields of include-headers-from: the global ones, then its own (DOM-8)."""
        if not self.header_files:
            return b""
        path = self.settings.include_headers_from
        return self.header_files.get(path, b"") + self.own_headers(vmta)

    def own_headers(self, vmta: str) -> bytes:
        """The fields that a VirtualMTA, or its pool, adds to all of its mail."""
        own = self.virtual_mtas.get(vmta)
        return self.header_files.get(own.include_headers_from, b"") if own else b""

    @cached_property
    def accounted_headers(self) -> tuple[bytes, ...]:
        """Header fields that accounting files ask for, names in lower case."""
        return headers_asked(self.acct_files)

    def signals_for(self, vmta: str, pool: str, domain: str) -> SignalsDecision:
        """Whether events are uploaded for mail of this Sender or From domain.

        The VirtualMTA's enable-signals counts before the pool's, that before the
        global one. `pool` may be "": then the VirtualMTA's own pool is asked.
        Source: guide 10.1.3, 10.1.4.
        """
        switch = self._signals_switch(vmta, pool)
        if not switch.filter_name:
            return SignalsDecision(switch.enabled, switch.subaccount_id)
        found = self.signals_filters[switch.filter_name].matches(
            canonical_domain(domain)
        )
        return found[-1] if found else NO_SIGNALS

    def _signals_switch(self, vmta: str, pool: str) -> EnableSignals:
        own = self.virtual_mtas.get(vmta)
        group = self.pools.get(pool or (own.pool if own else ""))
        for section in (own, group, self.settings):
            if section is not None and section.enable_signals is not None:
                return section.enable_signals
        return EnableSignals(enabled=self.signals is not None)
