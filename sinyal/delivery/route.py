"""The hosts that take mail for a queue, best first: MX or smtp-hosts; RFC 5321 5.1."""

from collections.abc import AsyncGenerator, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import SmtpHost
from sinyal.delivery.local import Cause
from sinyal.events.outcome import Verdict
from sinyal.runtime.dns import Found, Mx, Resolver, Routing
from sinyal.smtp.reply import Reply

Host = TypeVar("Host")


class Target(msgspec.Struct, frozen=True):
    """One address to connect to."""

    host: str
    ip: str
    port: int
    has_no_mx: bool = False


class Unreached(msgspec.Struct, frozen=True):
    """Why no connection came about, and whether the queue's mail bounces for it.

    `is_local`: the reply is of our own making. `is_of_dns`: the DNS had no answer;
    `has_no_mx`: it had one, the domain's own address serves.
    """

    reply: Reply
    verdict: Verdict = Verdict.DEFERRED
    host: str = ""
    ip: str = ""
    is_local: bool = True
    is_of_dns: bool = False
    has_no_mx: bool = False


class Held(msgspec.Struct, frozen=True):
    """A limit of our own leaves no room for a connection before `until`."""

    until: float


# What the DNS said: (reply, verdict). Anything else is a failure and waits.
FATES = {
    Found.NO_DOMAIN: (Cause.NO_DOMAIN, Verdict.BOUNCED),
    Found.NULL_MX: (Cause.NULL_MX, Verdict.BOUNCED),
    Found.NOTHING: (Cause.NO_ROUTE, Verdict.BOUNCED),
}
FAILURE = (Cause.DNS_FAILURE, Verdict.DEFERRED)


class Router:
    """Lists targets; hosts of equal preference take turns."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.named_hosts: dict[str, tuple[str, ...]] = {}  # of roll-up queues
        self._turn = 0

    async def targets(
        self, domain: str, settings: DomainSettings
    ) -> AsyncGenerator[Target | Unreached, None]:
        """Each target in order; an `Unreached` tells why a host gave none."""
        self._turn += 1
        port = settings.default_smtp_port
        levels = settings.smtp_hosts
        for host in [one for level in levels for one in self._turned(level)]:
            async for found in self._fixed(host, port):
                yield found
        if levels:
            return
        if named := self.named_hosts.get(domain):
            for name in self._turned(named):
                async for found in self._host(name, port):
                    yield found
            return
        routing = await self.resolver.mx(domain)
        has_no_mx = routing.is_implicit and not domain.startswith("[")
        if has_no_mx and settings.bounce_upon_no_mx is True:
            yield Unreached(Cause.NO_MX.reply(domain=domain), Verdict.BOUNCED)
            return
        async for found in self._routed(domain, routing, port):
            if has_no_mx:
                found = msgspec.structs.replace(found, has_no_mx=True)
            yield found

    async def _fixed(
        self, host: SmtpHost, port: int
    ) -> AsyncGenerator[Target | Unreached, None]:
        if host.is_mx_lookup:
            routing = await self.resolver.mx(host.name)
            found = self._routed(host.name, routing, port)
        else:
            found = self._host(host.name, host.port or port)
        async for one in found:
            yield one

    async def _routed(
        self, domain: str, routing: Routing, port: int
    ) -> AsyncGenerator[Target | Unreached, None]:
        if routing.found is not Found.RECORDS:
            yield _unreached(domain, routing.found, routing.reason)
            return
        for _, group in groupby(routing.hosts, _preference):
            for mx in self._turned(tuple(group)):
                async for found in self._host(mx.host, port):
                    yield found

    async def _host(
        self, host: str, port: int
    ) -> AsyncGenerator[Target | Unreached, None]:
        addresses = await self.resolver.addresses(host)
        if addresses.found is Found.FAILURE:
            yield _unreached(host, addresses.found, addresses.reason)
        elif not addresses.ips:
            # The domain exists, its host does not: a fault of routing; RFC 3463 3.5.
            yield _unreached(host, Found.NOTHING, addresses.reason)
        for ip in addresses.ips:
            yield Target(host, ip, port)

    def _turned(self, hosts: Sequence[Host]) -> Sequence[Host]:
        at = self._turn % len(hosts)
        return (*hosts[at:], *hosts[:at])


def _preference(mx: Mx) -> int:
    return mx.preference


def _unreached(domain: str, found: Found, reason: str) -> Unreached:
    cause, verdict = FATES.get(found, FAILURE)
    reply = cause.reply(domain=domain, reason=reason)
    return Unreached(reply, verdict, domain, is_of_dns=found not in FATES)
