"""TLS towards destinations as `<domain>` says, and what is known of peers; TLS-1.

Source: guide 3.3.10.94, RFC 3207, RFC 7435 (opportunistic), RFC 8446 2.2 (resumption).
"""

import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sinyal.config.settings import DomainSettings
from sinyal.runtime.tls import FORBIDDEN, TlsVersions

MOST_SESSIONS = 10_000
MOST_CONTEXTS = 200
MOST_BROKEN = 10_000
BROKEN_S = 3600.0  # how long a peer whose TLS fails is spared it


class ResumingContext(ssl.SSLContext):
    """A context that takes up its sessions with a host again.

    asyncio gives no way to hand a session to a handshake.
    """

    sessions: dict[str, ssl.SSLSession] | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        if self.sessions is not None and session is None:
            session = self.sessions.get(str(server_hostname))
        return super().wrap_bio(
            incoming, outgoing, server_side, server_hostname, session
        )


class ClientTls:
    """Makes contexts, one for settings that say the same, and knows broken peers."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._contexts: dict[tuple[Any, ...], ResumingContext] = {}
        self._broken: dict[str, float] = {}  # address: until when

    def context(self, settings: DomainSettings) -> ResumingContext:
        """The context for a connection.

        Errors: `OSError` for a file that cannot be read or that holds something else.
        """
        key = _key(settings)
        found = self._contexts.get(key)
        if found is None:
            if len(self._contexts) >= MOST_CONTEXTS:
                self._contexts.clear()
            found = self._contexts[key] = make_context(settings)
        return found

    def keep(self, host: str, tls: ssl.SSLObject | None) -> None:
        """Note the session of a connection that ends, for the next to this host."""
        context = tls.context if tls else None
        if tls is None or not isinstance(context, ResumingContext):
            return
        sessions, session = context.sessions, tls.session
        if sessions is not None and session is not None:
            if len(sessions) >= MOST_SESSIONS:
                sessions.clear()
            sessions[host] = session

    def failed(self, ip: str) -> None:
        """A handshake with this address has failed: others go without for a while."""
        if len(self._broken) >= MOST_BROKEN:
            self._broken.clear()
        self._broken[ip] = self._clock() + BROKEN_S

    def is_broken(self, ip: str) -> bool:
        """Whether a handshake with the address is of no use now."""
        until = self._broken.get(ip)
        if until is None:
            return False
        if until <= self._clock():
            del self._broken[ip]
            return False
        return True


def make_context(settings: DomainSettings) -> ResumingContext:
    """The context that the settings describe. Errors: as `ClientTls.context`."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    ca_file, ciphers = settings.smtp_tls_ca_file, settings.smtp_tls_ciphers
    if ca_file:
        _load(ca_file, lambda: context.load_verify_locations(ca_file))
    else:
        # Any certificate will do: what counts is that nobody reads along.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    versions = TlsVersions(
        tlsv1=settings.smtp_tls_allow_tlsv1,
        tlsv1_1=settings.smtp_tls_allow_tlsv1_1,
        tlsv1_2=settings.smtp_tls_allow_tlsv1_2,
        tlsv1_3=settings.smtp_tls_allow_tlsv1_3,
    )
    with warnings.catch_warnings():
        # The old versions are named here to be forbidden, unless the operator asks.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        for name, forbidden in FORBIDDEN.items():
            if not getattr(versions, name):
                context.options |= forbidden
    if (versions.tlsv1 or versions.tlsv1_1) and not ca_file:
        # OpenSSL 3 speaks them at level 0 only, which trusts weak certificates too.
        ciphers = f"{ciphers or 'DEFAULT'}:@SECLEVEL=0"
    if ciphers:
        _load("smtp-tls-ciphers", lambda: context.set_ciphers(ciphers))
    files = settings.smtp_client_certificate
    if files:
        password = files.password
        _load(
            files.path,
            lambda: context.load_cert_chain(files.path, password=lambda: password),
        )
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.sessions = {} if settings.reuse_ssl_session else None
    return context


def _load(name: str, load: Callable[[], object]) -> None:
    """Tell which file or directive it was. Errors: `OSError`."""
    try:
        load()
    except ssl.SSLError as error:
        raise OSError(error.errno, "not fit for TLS", name) from error


def _key(settings: DomainSettings) -> tuple[Any, ...]:
    """What a context hangs on; a file that is renewed makes another one."""
    certificate = settings.smtp_client_certificate
    paths = (settings.smtp_tls_ca_file, certificate.path)
    return (
        settings.smtp_tls_ca_file,
        settings.smtp_tls_ciphers,
        settings.smtp_tls_allow_tlsv1,
        settings.smtp_tls_allow_tlsv1_1,
        settings.smtp_tls_allow_tlsv1_2,
        settings.smtp_tls_allow_tlsv1_3,
        certificate,
        settings.reuse_ssl_session,
        *map(_stamp, paths),
    )


def _stamp(path: str) -> tuple[int, int]:
    if not path:
        return 0, 0
    found = Path(path).stat()
    return found.st_mtime_ns, found.st_size
