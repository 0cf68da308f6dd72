"""PEM files held against what they are for; RFC 7468."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import (
    PrivateKeyTypes,
    PublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificates

from sinyal.config.problem import BadValue
from sinyal.mail.dkim import load_key


def check_key(octets: bytes) -> None:
    """Errors: `BadValue` unless `octets` hold a key that signs, without a password."""
    try:
        load_key(octets)
    except ValueError:
        said = "the file holds no RSA or Ed25519 private key without a password"
        raise BadValue(said) from None


def check_certificates(octets: bytes) -> list[Certificate]:
    """The certificates. Errors: `BadValue` when there is none."""
    try:
        return load_pem_x509_certificates(octets)
    except ValueError:
        raise BadValue("the file holds no certificate") from None


def check_pair(octets: bytes, password: str) -> None:
    """Errors: `BadValue` unless `octets` hold a certificate and its private key."""
    key = _private_key(octets, password)
    public = check_certificates(octets)[0].public_key()
    if _der(public) != _der(key.public_key()):
        raise BadValue(
            "the private key is not that of the first certificate",
            "put the server's own certificate first",
        )


def _private_key(octets: bytes, password: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(octets, password.encode() if password else None)
    except TypeError:
        said = "needs a password" if not password else "has no password"
        raise BadValue(f"the private key {said}", "write FILE [PASSWORD]") from None
    except (ValueError, UnsupportedAlgorithm):
        said = ", or the password is wrong" if password else ""
        raise BadValue(f"the file holds no private key{said}") from None


def _der(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
