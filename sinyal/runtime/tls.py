"""TLS contexts as the operator's switches say; RFC 8446, 5246, guide 3.3.1.

Certificate and key come from one PEM file, as PowerMTA's do.
"""

import ssl
import warnings
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sinyal.config.vocabulary import ListenerTls
from sinyal.runtime.log import LOG


class TlsVersions(msgspec.Struct, frozen=True):
    """Which protocol versions a server speaks: smtp-server-tls-allow-tlsv1 and on."""

    tlsv1: bool = False
    tlsv1_1: bool = False
    tlsv1_2: bool = True
    tlsv1_3: bool = True


MODERN = TlsVersions()

# version: the option that forbids it
FORBIDDEN = {
    "tlsv1": ssl.OP_NO_TLSv1,
    "tlsv1_1": ssl.OP_NO_TLSv1_1,
    "tlsv1_2": ssl.OP_NO_TLSv1_2,
    "tlsv1_3": ssl.OP_NO_TLSv1_3,
}


def server_context(
    pem_path: Path | str,
    versions: TlsVersions = MODERN,
    ciphers: str = "",
    password: str = "",
) -> ssl.SSLContext:
    """A server's context with the certificate chain and key in `pem_path`.

    Its session tickets are sealed by a key of its own: no other context takes them.
    Errors: `OSError` when the file cannot be read, `ssl.SSLError` (an `OSError` too)
    when it holds no certificate with its key, or `ciphers` names none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(pem_path, password=lambda: password)
    except ssl.SSLError as error:
        text = "no certificate with its key in PEM form, or not its password"
        raise ssl.SSLError(error.errno, text, str(pem_path)) from error
    with warnings.catch_warnings():
        # The old versions are named here to be forbidden, unless the operator asks.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        for name, forbidden in FORBIDDEN.items():
            if not getattr(versions, name):
                context.options |= forbidden
    if versions.tlsv1 or versions.tlsv1_1:
        # OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 only.
        ciphers = f"{ciphers or 'DEFAULT'}:@SECLEVEL=0"
    if ciphers:
        try:
            context.set_ciphers(ciphers)
        except ssl.SSLError as error:
            raise ssl.SSLError(0, "no cipher has such a name", ciphers) from error
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # None at all would leave a client's Finished unanswered: 40 ms of delayed ACK.
    context.num_tickets = 1
    return context


def listener_context(
    tls: ListenerTls, client_certificates: Iterable[str] = ()
) -> ssl.SSLContext | None:
    """The context of a listener, None where no certificate is named.

    A client is asked for a certificate where there is a `ca_file`, or where
    `client_certificates` names files of those that are known; it may have none, but one
    that nobody vouches for ends the handshake. Errors: as `server_context`.
    """
    if not tls.certificate.path:
        return None
    versions = TlsVersions(
        tlsv1=tls.allow_tlsv1,
        tlsv1_1=tls.allow_tlsv1_1,
        tlsv1_2=tls.allow_tlsv1_2,
        tlsv1_3=tls.allow_tlsv1_3,
    )
    files = tls.certificate
    context = server_context(files.path, versions, tls.ciphers, files.password)
    if tls.tlsv1_3_ciphersuites:
        _set_ciphersuites(context, tls.tlsv1_3_ciphersuites)
    trusted = [path for path in (tls.ca_file, *client_certificates) if path]
    for path in trusted:
        try:
            context.load_verify_locations(path)
        except ssl.SSLError as error:
            raise ssl.SSLError(0, "no certificate in PEM form", path) from error
    if trusted:
        context.verify_mode = ssl.CERT_OPTIONAL
        # A user's certificate vouches for itself, whoever issued it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _set_ciphersuites(context: ssl.SSLContext, names: str) -> None:
    """Python has the call for it from 3.15 on; without it OpenSSL's own list holds."""
    choose = getattr(context, "set_ciphersuites", None)
    if choose is None:
        LOG.warning("TLS 1.3 cipher suites stay OpenSSL's own: no choice of %s", names)
        return
    try:
        choose(names)
    except ssl.SSLError as error:
        raise ssl.SSLError(0, "no cipher suite has such a name", names) from error


def client_context(*, verify: bool) -> ssl.SSLContext:
    """A client's context; without `verify` any certificate will do (opportunistic TLS).

    Source: RFC 7435, RFC 3207 4.1.
    """
    if verify:
        return ssl.create_default_context()
    # The certificates of all authorities would be of no use, and half a megabyte.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
