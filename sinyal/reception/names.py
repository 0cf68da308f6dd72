"""By which name the server greets; later releases of the guide, 3.3.1.25."""

from collections.abc import Sequence

from sinyal.config.configuration import Configuration
from sinyal.config.settings import SourceSettings
from sinyal.config.vocabulary import SourceHost
from sinyal.reception.placement import BY_LOCAL_IP


def greeting_name(
    configuration: Configuration, source: SourceSettings, local_ip: str, fallback: str
) -> str:
    """The name for a connection to `local_ip`.

    The source's default-virtual-mta has one (of a pool its first member), else the
    global smtp-source-host of that address, else `fallback` is taken.
    """
    name = source.default_virtual_mta
    if name == BY_LOCAL_IP:
        name = configuration.vmta_with_address(local_ip)
    pool = configuration.pools.get(name)
    if pool is not None and pool.members:
        name = pool.members[0]
    vmta = configuration.virtual_mtas.get(name)
    own = ""
    if vmta is not None:
        own = next(iter(vmta.host_name), "") or _named(vmta.source_hosts, local_ip)
        own = own or next((host.name for host in vmta.source_hosts), "")
    return own or _named(configuration.settings.smtp_source_host, local_ip) or fallback


def qualifying_suffix(configuration: Configuration, host_name: str) -> str:
    """What auto-qualify-domain appends, "" for nothing (SRC-12)."""
    suffix = configuration.settings.domain_suffix or host_name.partition(".")[2]
    return suffix.strip(".")


def qualified(address: str, suffix: str) -> str:
    """`user@host` with the suffix behind it; what has a dot is complete (SRC-12)."""
    at = address.rfind("@") + 1
    domain = address[at:]
    if not at or not suffix or "." in domain or domain.startswith("["):
        return address
    return f"{address}.{suffix}"


def _named(hosts: Sequence[SourceHost], local_ip: str) -> str:
    return next((host.name for host in hosts if host.cidr == local_ip), "")
