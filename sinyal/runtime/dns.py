"""What the DNS says: lookups behind a cache of our own, and where mail goes.

Source: RFC 1035, 2308 (negative answers), 5321 5.1 (MX, address fallback), 7505 (null
MX); guide 3.3.1.26 (name-server, round-robin).
"""

import asyncio
from collections.abc import Sequence
from enum import Enum

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.resolver
import msgspec

from sinyal.runtime.clock import Clock, now

PORT = 53
TRY_S = 3.0  # wait for one server
ROUNDS = 2  # over all servers
TTL_S = (5.0, 3600.0)  # bounds of what an answer may say
NEGATIVE_TTL_S = (5.0, 300.0)
FAILURE_TTL_S = 2.0  # of a failure: a queue of connections asks only once
CACHE_ENTRIES = 100_000


class Found(Enum):
    """What the DNS says of a name."""

    RECORDS = "records"
    NOTHING = "no such record"
    NULL_MX = "null MX"
    NO_DOMAIN = "no such domain"
    FAILURE = "lookup failed"


class Answer(msgspec.Struct, frozen=True):
    """One lookup. Shape: `records` as (preference, text), 0 but for MX.

    Units: `expires_at` epoch seconds.
    """

    found: Found
    records: tuple[tuple[int, str], ...] = ()
    reason: str = ""
    expires_at: float = 0.0


class Mx(msgspec.Struct, frozen=True, order=True):
    """A mail exchanger; the lower preference is tried first."""

    preference: int
    host: str


class Routing(msgspec.Struct, frozen=True):
    """A domain's mail exchangers, ordered by preference, or why there are none.

    `is_implicit`: the domain has no MX and its own address serves; RFC 5321 5.1.
    """

    found: Found
    hosts: tuple[Mx, ...] = ()
    is_implicit: bool = False
    reason: str = ""


class Addresses(msgspec.Struct, frozen=True):
    """A host's addresses, IPv4 first, or why there are none."""

    found: Found
    ips: tuple[str, ...] = ()
    reason: str = ""


class Resolver:
    """Asks recursive name servers in turn and keeps what they said for its TTL.

    Never raises for what a server says or fails to say. Equal questions at one time
    are asked once. Without `name_servers` those of the operating system are used.
    """

    def __init__(
        self,
        name_servers: Sequence[tuple[str, int]] = (),
        clock: Clock = now,
        try_s: float = TRY_S,
        cache_entries: int = CACHE_ENTRIES,
    ) -> None:
        self._servers = tuple(name_servers) or _system_servers()
        self._clock = clock
        self._try_s = try_s
        self._cache_entries = cache_entries
        self._turn = 0
        self._cache: dict[tuple[str, str], Answer] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    async def mx(self, domain: str) -> Routing:
        """Where mail for `domain` goes; a domain literal names its own host."""
        if domain.startswith("["):
            return Routing(Found.RECORDS, (Mx(0, domain),), is_implicit=True)
        answer = await self.lookup(domain, "MX")
        if answer.found is Found.RECORDS:
            hosts = tuple(sorted(Mx(*record) for record in answer.records if record[1]))
            if hosts:
                return Routing(Found.RECORDS, hosts)
            return Routing(Found.NULL_MX, reason=f"{domain} accepts no mail")
        if answer.found is not Found.NOTHING:
            return Routing(answer.found, reason=answer.reason)
        own = await self.addresses(domain)
        if own.found is not Found.RECORDS:
            return Routing(own.found, reason=own.reason)
        return Routing(Found.RECORDS, (Mx(0, domain),), is_implicit=True)

    async def addresses(self, host: str) -> Addresses:
        """The addresses of `host`, which may be a literal as `[192.0.2.1]`."""
        if host.startswith("["):
            return Addresses(Found.RECORDS, (_literal(host),))
        answers = await asyncio.gather(
            self.lookup(host, "A"), self.lookup(host, "AAAA")
        )
        ips = tuple(ip for answer in answers for _, ip in answer.records)
        if ips:
            return Addresses(Found.RECORDS, ips)
        for found in (Found.FAILURE, Found.NO_DOMAIN):
            for answer in answers:
                if answer.found is found:
                    return Addresses(found, reason=answer.reason)
        return Addresses(Found.NOTHING, reason=f"{host} has no address")

    async def lookup(self, name: str, kind: str) -> Answer:
        """The records of one type; the strings of TXT joined, octets as Latin-1."""
        key = name.lower().rstrip("."), kind
        known = self._cache.get(key)
        if known is not None and known.expires_at > self._clock():
            return known
        task = self._asking.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fill(key))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _fill(self, key: tuple[str, str]) -> Answer:
        answer = await self._ask(*key)
        self._cache.pop(key, None)
        while len(self._cache) >= self._cache_entries:
            del self._cache[next(iter(self._cache))]
        self._cache[key] = answer
        return answer

    async def _ask(self, name: str, kind: str) -> Answer:
        try:
            question = dns.message.make_query(
                dns.name.from_text(name), kind, use_edns=0, payload=1232
            )
        except dns.exception.DNSException as error:
            # Such a name cannot be written in a question: nobody can have it.
            return self._answer(Found.NO_DOMAIN, NEGATIVE_TTL_S[1], reason=str(error))
        reason = "no name server"
        for _ in range(ROUNDS * len(self._servers)):
            server, port = self._servers[self._turn % len(self._servers)]
            self._turn += 1
            try:
                response, _ = await dns.asyncquery.udp_with_fallback(
                    question,
                    server,
                    self._try_s,
                    port,
                    ignore_unexpected=True,
                    ignore_errors=True,
                )
                if response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                    return self._read(response, name)
                reason = dns.rcode.to_text(response.rcode())
            except dns.exception.Timeout:
                reason = "lookup timed out"
            except (dns.exception.DNSException, OSError) as error:
                reason = str(error) or type(error).__name__
        return self._answer(Found.FAILURE, FAILURE_TTL_S, reason=f"{name}: {reason}")

    def _read(self, response: dns.message.Message, name: str) -> Answer:
        """Errors: `DNSException` when the answer contradicts itself."""
        if not isinstance(response, dns.message.QueryMessage):
            raise dns.exception.FormError
        chain = response.resolve_chaining()
        if chain.answer is not None:
            records = tuple(_record(rdata) for rdata in chain.answer)
            return self._answer(
                Found.RECORDS, _within(TTL_S, chain.minimum_ttl), records
            )
        ttl_s = _within(NEGATIVE_TTL_S, chain.minimum_ttl)
        if response.rcode() == dns.rcode.NXDOMAIN:
            return self._answer(Found.NO_DOMAIN, ttl_s, reason=f"no such domain {name}")
        return self._answer(Found.NOTHING, ttl_s, reason=f"no record of {name}")

    def _answer(
        self,
        found: Found,
        ttl_s: float,
        records: tuple[tuple[int, str], ...] = (),
        reason: str = "",
    ) -> Answer:
        return Answer(found, records, reason, self._clock() + ttl_s)


def _record(rdata: object) -> tuple[int, str]:
    if isinstance(rdata, dns.rdtypes.ANY.MX.MX):
        return rdata.preference, rdata.exchange.to_text(omit_final_dot=True).strip(".")
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return 0, b"".join(rdata.strings).decode("latin-1")
    return 0, str(rdata)


def _within(bounds: tuple[float, float], ttl_s: float) -> float:
    return min(max(ttl_s, bounds[0]), bounds[1])


def _literal(host: str) -> str:
    """The address of a domain literal; RFC 5321 4.1.3."""
    inner = host.strip("[]")
    return inner[5:] if inner[:5].lower() == "ipv6:" else inner


def _system_servers() -> tuple[tuple[str, int], ...]:
    try:
        system = dns.resolver.Resolver()
    except dns.exception.DNSException:
        return ()
    return tuple((str(server), system.port) for server in system.nameservers)
