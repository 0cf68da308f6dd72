"""PEM files for configurations: a key, and a certificate with its key."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.example")])
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def key_pem(key, password=None):
    """A private key, in a password's keeping when there is one."""
    keeping = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, keeping)


def certificate_pem(key, digest=None):
    """A certificate of that key, signed by itself."""
    made = (
        x509
        .CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(START)
        .not_valid_after(START + datetime.timedelta(days=3650))
        .sign(key, digest)
    )
    return made.public_bytes(Encoding.PEM)


PRIVATE = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()
KEY = key_pem(PRIVATE)
PAIR = certificate_pem(PRIVATE) + KEY  # serves as a key file as well
