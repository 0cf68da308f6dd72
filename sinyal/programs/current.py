"""The configuration of the moment, and what is made of each one once."""

import logging
from pathlib import Path

from sinyal.config import Configuration
from sinyal.config.reactions import ReplyRules
from sinyal.config.rollup import RollupRule
from sinyal.config.settings import DomainSettings, GlobalSettings
from sinyal.config.vocabulary import Rate, SourceHost
from sinyal.delivery.compose import Composer, Tracking
from sinyal.mail import dkim
from sinyal.mail.envelope import QueueName
from sinyal.queues.source_limits import Destinations
from sinyal.runtime import identity
from sinyal.runtime.log import log_sink


class Current:
    """What the parts of a running server ask; a reload replaces `configuration`."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def queue_settings(self, name: QueueName) -> DomainSettings:
        return self.configuration.domain_for(*name)

    def reply_rules(self, name: QueueName) -> ReplyRules | None:
        """The smtp-pattern-list of a queue, None without one."""
        listed = self.queue_settings(name).smtp_pattern_list
        return self.configuration.smtp_pattern_lists.get(listed)

    def source_hosts(self, vmta: str) -> tuple[SourceHost, ...]:
        return self.configuration.source_hosts_for(vmta)

    def source_ip(self, vmta: str) -> str:
        """What injection events carry: the first smtp-source-host (seed)."""
        hosts = self.source_hosts(vmta)
        return hosts[0].cidr.partition("/")[0] if hosts else ""

    def host_name(self, vmta: str) -> str:
        """The first host-name of a VirtualMTA, or ""."""
        own = self.configuration.virtual_mtas.get(vmta)
        return own.host_name[0] if own and own.host_name else ""

    def max_volume_rate(self, vmta: str) -> Rate | None:
        own = self.configuration.virtual_mtas.get(vmta)
        return own.max_smtp_data_volume_rate if own else None

    def destinations(self) -> Destinations:
        """The limits of connections to hosts."""
        settings = self.configuration.settings
        return Destinations(settings.mx_connection_limit, settings.ip_connection_limit)

    def rollup_rules(self) -> tuple[RollupRule, ...]:
        return self.configuration.rollup_rules

    def members(self, pool: str) -> tuple[str, ...]:
        """The members of a pool, () for any other name."""
        own = self.configuration.pools.get(pool)
        return own.members if own else ()

    def max_smtp_out(self, vmta: str) -> int:
        own = self.configuration.virtual_mtas.get(vmta)
        return own.max_smtp_out if own else 0

    def max_msg_rate(self, vmta: str) -> Rate | None:
        own = self.configuration.virtual_mtas.get(vmta)
        return own.max_smtp_msg_rate if own else None


def log_of(settings: GlobalSettings) -> logging.Handler:
    """The log as the settings say. Errors: `OSError` when it cannot be opened."""
    return log_sink(
        Path(settings.log_file) if settings.log_file else None,
        generations=settings.log_rotate if settings.log_auto_rotation else 0,
        world_readable=settings.log_file_world_readable,
    )


def composer(configuration: Configuration, tracking: Tracking | None) -> Composer:
    """What makes the octets of copies. Errors: `OSError` for a key file."""
    keys = dkim_keys(configuration)
    return Composer(configuration, keys, tracking, identity.nonce)


def dkim_keys(configuration: Configuration) -> dict[str, dkim.Key]:
    """Every key file that a domain-key line names, loaded.

    Errors: `OSError` that names the file.
    """
    rows = [
        *configuration.domain_keys,
        *(
            key
            for vmta in configuration.virtual_mtas
            for key in configuration.keys_for(vmta)
        ),
        *(key for listed in configuration.domain_key_lists.values() for key in listed),
    ]
    keys: dict[str, dkim.Key] = {}
    for row in rows:
        if row.filename in keys:
            continue
        try:
            keys[row.filename] = dkim.load_key(Path(row.filename).read_bytes())
        except ValueError as error:
            raise OSError(
                0, f"domain-key {row.selector}: {error}", row.filename
            ) from error
    return keys
