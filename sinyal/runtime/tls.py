"""TLS contexts as the operator's switches say; RFC 8446, 5246, guide 3.3.1.

Certificate and key come from one PEM file, as PowerMTA's do.
"""

import ssl
import warnings
from pathlib import Path

import msgspec


class TlsVersions(msgspec.Struct, frozen=True):
    """Which protocol versions a server speaks: smtp-server-tls-allow-tlsv1 and on."""

    tlsv1: bool = False
    tlsv1_1: bool = False
    tlsv1_2: bool = True
    tlsv1_3: bool = True


MODERN = TlsVersions()

# version: the option that forbids it
_FORBIDDEN = {
    "tlsv1": ssl.OP_NO_TLSv1,
    "tlsv1_1": ssl.OP_NO_TLSv1_1,
    "tlsv1_2": ssl.OP_NO_TLSv1_2,
    "tlsv1_3": ssl.OP_NO_TLSv1_3,
}


def server_context(
    pem_path: Path | str, versions: TlsVersions = MODERN, ciphers: str = ""
) -> ssl.SSLContext:
    """A server's context with the certificate chain and key in `pem_path`.

    Errors: `OSError` when the file cannot be read, `ssl.SSLError` (an `OSError` too)
    when it holds no certificate with its key, or `ciphers` names none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(pem_path)
    except ssl.SSLError as error:
        text = "no certificate with its key in PEM form"
        raise ssl.SSLError(error.errno, text, str(pem_path)) from error
    with warnings.catch_warnings():
        # The old versions are named here to be forbidden, unless the operator asks.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        for name, forbidden in _FORBIDDEN.items():
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
    return context


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
