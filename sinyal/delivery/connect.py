"""From a queue's name to a peer that is ready for MAIL: try each target in turn."""

import re
from contextlib import aclosing

import msgspec

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import SourceHost
from sinyal.delivery.journal import Journal
from sinyal.delivery.line import Line, Policy, Way
from sinyal.delivery.local import Cause, error_name
from sinyal.delivery.reactor import Reactor
from sinyal.delivery.route import Held, Router, Target, Unreached
from sinyal.delivery.sources import Sources, is_local
from sinyal.delivery.tls import ClientTls
from sinyal.events.outcome import Verdict
from sinyal.mail.envelope import QueueName
from sinyal.runtime.smtp_client import Connection, Times, open_connection
from sinyal.smtp.reply import Reply

POLL_S = 1.0  # while connections to all hosts are as many as may be
PIX = re.compile(r"\*{10}")  # in place of a greeting; RT-8
PERMANENT = Verdict.BOUNCED


class Peer(msgspec.Struct, frozen=True):
    """A connection that is ready for a transaction."""

    connection: Connection
    host: str
    extensions: tuple[str, ...]
    journal: Journal
    way: Way

    @property
    def is_pix(self) -> bool:
        """Whether a PIX firewall stands before it, which spoils the last dot."""
        return bool(PIX.search(self.connection.greeting.text))


class Attempt(msgspec.Struct, frozen=True):
    """What is needed to try one target."""

    target: Target
    settings: DomainSettings
    source_ip: str
    hello_name: str
    journal: Journal
    way: Way


class Connector:
    """Opens connections; whatever goes wrong out there is an `Unreached`."""

    def __init__(
        self,
        line: Line,
        policy: Policy,
        router: Router,
        tls: ClientTls,
        reactor: Reactor,
    ) -> None:
        self._line = line
        self._policy = policy
        self._reactor = reactor
        self._router = router
        self._tls = tls
        self._sources = Sources(policy.source_hosts_for)

    async def reach(
        self, name: QueueName, avoid: frozenset[str] = frozenset()
    ) -> Peer | Unreached | Held:
        """The first target that takes us, or why the last one did not.

        Targets whose address is in `avoid` are left out. A host that is only out of
        reach now outweighs one that does not exist: mail waits as long as any may come
        back; RFC 5321 5.1.
        """
        source = self._source(name)
        if isinstance(source, Unreached | Held):
            return source
        if source is not None and not is_local(source.cidr):
            reason = Cause.NOT_LOCAL.reply(ip=source.cidr, vmta=name.vmta)
            return Unreached(reason, ip=source.cidr)
        settings = self._policy.settings_for(name)
        journal = Journal(name, settings, self._policy.log)
        last: Unreached | None = None
        tries, is_full = 0, False
        async with aclosing(self._router.targets(name.domain, settings)) as targets:
            async for target in targets:
                journal.resolution(_resolved(target))
                if isinstance(target, Unreached):
                    last = _weightier(last, target)
                    continue
                if not _fits(target, source, avoid):
                    continue
                found = await self._counted(self._attempt(name, target, source))
                if found is None:
                    is_full = True
                    continue
                tries += 1
                if isinstance(found, Peer) or found.verdict is PERMANENT:
                    return found
                last = found
                if tries == settings.mx_connection_attempts:
                    break
        if last is None and is_full:
            return Held(self._reactor.now() + POLL_S)
        return last or _no_target(name)

    def _source(self, name: QueueName) -> SourceHost | Unreached | Held | None:
        """The local address of a connection; None: the system's choice."""
        disabled = self._reactor.disabled(name)
        now, limits = self._reactor.now(), self._line.sources
        full: dict[str, float] = {}
        for ip in self._sources.addresses(name.vmta) or [""]:
            at = limits.connect_at(name, ip, now)
            if at > now and ip not in disabled:
                full[ip] = at
        if "" in full:
            return Held(full[""])
        try:
            return self._sources.next(name.vmta, disabled | full.keys())
        except LookupError:
            if full:
                return Held(min(full.values()))
            return Unreached(Cause.ALL_DISABLED.reply(queue=str(name)))

    async def _counted(self, attempt: Attempt) -> Peer | Unreached | None:
        """`_try`, counted as long as the connection lasts; None: no room for it."""
        way, journal = attempt.way, attempt.journal
        if not self._line.sources.enter(way, self._reactor.now()):
            return None
        found: Peer | Unreached | None = None
        try:
            found = await self._try(attempt)
        finally:
            if not isinstance(found, Peer):
                self._line.sources.leave(way)
        if isinstance(found, Peer):
            return found
        journal.connection(f"not connected: {found.reply}")
        found = self._reactor.weighed(way.queue, found, attempt.source_ip)
        return msgspec.structs.replace(found, has_no_mx=attempt.target.has_no_mx)

    def _attempt(
        self, name: QueueName, target: Target, source: SourceHost | None
    ) -> Attempt:
        settings = self._policy.settings_for(name)
        ip, host_name = "", self._policy.name_for(name.vmta) or self._policy.host_name
        if source is not None:
            ip, host_name = source.cidr, source.name
        where = f"{target.ip}:{target.port}"
        journal = Journal(name, settings, self._policy.log, where)
        way = Way(name, ip, target.host, target.ip)
        return Attempt(target, settings, ip, host_name, journal, way)

    async def _try(self, attempt: Attempt) -> Peer | Unreached:
        settings, ip = attempt.settings, attempt.target.ip
        is_spared = self._tls.is_broken(ip) and not settings.require_starttls
        is_tls_wanted = settings.use_starttls and not is_spared
        found = await self._converse(attempt, is_tls_wanted=is_tls_wanted)
        if isinstance(found, TlsBroken):
            self._tls.failed(ip)
            attempt.journal.tls_failure(str(found))
            if settings.require_starttls:
                return _no_tls(attempt, str(found))
            found = await self._converse(attempt, is_tls_wanted=False)
            assert not isinstance(found, TlsBroken)
        return found

    async def _converse(
        self, attempt: Attempt, *, is_tls_wanted: bool
    ) -> "Peer | Unreached | TlsBroken":
        """Connect, say hello, secure, log in; a failed handshake is told apart."""
        target = attempt.target
        try:
            connection = await _open(attempt)
        except OSError as error:
            return _failed(Cause.NOT_CONNECTED, target, error)
        attempt.journal.connection(f"connected from {connection.local_ip}")
        found: Peer | Unreached | TlsBroken | None = None
        try:
            found = _greeted(attempt, connection.greeting)
            found = found or await self._introduce(attempt, connection, is_tls_wanted)
        except OSError as error:
            found = _failed(Cause.DISCONNECTED, target, error)
        finally:
            if not isinstance(found, Peer):
                connection.close()
        return found

    async def _introduce(
        self, attempt: Attempt, connection: Connection, is_tls_wanted: bool
    ) -> "Peer | Unreached | TlsBroken":
        target, settings = attempt.target, attempt.settings
        answer = await connection.hello(attempt.hello_name)
        if not answer.is_positive:
            return _refused(target, answer)
        if is_tls_wanted and "STARTTLS" in connection.extensions:
            host = target.host.strip("[]")
            try:
                context = self._tls.context(settings)
            except OSError as error:
                reason = f"{error.filename}: {error.strerror}"
                return _no_tls(attempt, reason)
            try:
                answer = await connection.starttls(context, host)
            except ConnectionError as error:
                return TlsBroken(str(error))
            if connection.tls_protocol:
                attempt.journal.tls(connection)
                answer = await connection.hello(attempt.hello_name)
                if not answer.is_positive:
                    return _refused(target, answer)
        if settings.require_starttls and not connection.tls_protocol:
            return _no_tls(attempt, "STARTTLS is not offered or was refused")
        extensions = tuple(connection.extensions)
        _ignore(settings, connection)
        if settings.auth_username or settings.auth_password:
            answer = await _login(settings, connection)
            if not answer.is_positive:
                return _refused(target, answer)
        peer = Peer(connection, target.host, extensions, attempt.journal, attempt.way)
        connection.sends_dot_alone = settings.pix_bug_workaround and peer.is_pix
        return peer


class TlsBroken(Exception):
    """The handshake failed: without require-starttls it goes on in the clear; TLS-1."""


async def _open(attempt: Attempt) -> Connection:
    settings = attempt.settings
    return await open_connection(
        attempt.target.ip,
        attempt.target.port,
        source_ip=attempt.source_ip,
        times=Times(
            settings.connect_timeout,
            settings.smtp_greeting_timeout,
            settings.smtp_multiple_line_response_timeout,
            settings.data_send_timeout,
            settings.smtp_data_termination_timeout,
        ),
        wire=attempt.journal.wire,
    )


async def _login(settings: DomainSettings, connection: Connection) -> Reply:
    """CRAM-MD5 alone in the clear, unless the operator allows more; TLS-3."""
    is_safe = connection.tls_protocol or settings.use_unencrypted_plain_auth
    mechanism = "" if is_safe else "CRAM-MD5"
    user, password = settings.auth_username, settings.auth_password
    return await connection.login(user, password, mechanism)


def _ignore(settings: DomainSettings, connection: Connection) -> None:
    if settings.ignore_pipelining:
        connection.extensions.pop("PIPELINING", None)
    if settings.ignore_8bitmime:
        connection.extensions.pop("8BITMIME", None)
    if settings.ignore_dsn:
        connection.extensions.pop("DSN", None)


def _greeted(attempt: Attempt, greeting: Reply) -> Unreached | None:
    """None for a welcome; RT-7."""
    if greeting.is_positive:
        return None
    is_final = greeting.is_permanent and attempt.settings.bounce_upon_5xx_greeting
    refused = _refused(attempt.target, greeting)
    return msgspec.structs.replace(refused, verdict=PERMANENT) if is_final else refused


def _refused(target: Target, answer: Reply) -> Unreached:
    return Unreached(answer, host=target.host, ip=target.ip, is_local=False)


def _failed(cause: Cause, target: Target, error: OSError) -> Unreached:
    reply = cause.reply(error=error_name(error), host=target.host, ip=target.ip)
    return Unreached(reply, host=target.host, ip=target.ip)


def _no_tls(attempt: Attempt, reason: str) -> Unreached:
    target = attempt.target
    reply = Cause.NO_TLS.reply(host=target.host, ip=target.ip, reason=reason)
    return Unreached(reply, host=target.host, ip=target.ip)


def _no_target(name: QueueName) -> Unreached:
    reason = "no address of its hosts can be used now"
    reply = Cause.DNS_FAILURE.reply(domain=name.domain, reason=reason)
    return Unreached(reply)


def _resolved(target: Target | Unreached) -> str:
    if isinstance(target, Unreached):
        return f"routing: {target.reply}"
    return f"routing: {target.host} {target.ip}:{target.port}"


def _fits(target: Target, source: SourceHost | None, avoid: frozenset[str]) -> bool:
    if target.ip in avoid:
        return False
    return source is None or (":" in target.ip) == (":" in source.cidr)


def _weightier(last: Unreached | None, found: Unreached) -> Unreached:
    """Of two reasons the one that lets the mail wait."""
    return found if last is None or last.verdict is PERMANENT else last
