"""Self-signed certificates for sink and demo, made at each start; RFC 5280."""

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sinyal.runtime.tls import server_context

DAYS = 30
LOOPBACK = ipaddress.IPv4Address("127.0.0.1")


def self_made(name: str, now: float) -> bytes:
    """The key and the self-signed certificate of a host on loopback, both as PEM.

    P-256: its handshake costs half of RSA-2048's.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(LOOPBACK)]
    begin = datetime.fromtimestamp(now, UTC) - timedelta(hours=1)
    certificate = (
        x509
        .CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem + certificate.public_bytes(serialization.Encoding.PEM)


def self_made_context(host_name: str, now: float) -> ssl.SSLContext:
    """A TLS context with a certificate of our own; its file is gone afterwards."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
        pem.write(self_made(host_name, now))
        pem.flush()
        return server_context(pem.name)
