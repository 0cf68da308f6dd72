"""What is wrong with the keys and certificates that a file names; RFC 7468."""

from typing import TypeAlias

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

from sinyal.config.files import Files
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import DomainKey, TlsFiles
from sinyal.mail.dkim import load_key

# A signing key, a certificate with its key, or the path of certificates.
KeyFile: TypeAlias = DomainKey | TlsFiles | str
WORLD_READABLE = 0o004


class KeyCheck:
    """Reads each key file once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._faults: dict[KeyFile, BadValue | None] = {}

    def check(self, value: KeyFile) -> None:
        """Errors: `BadValue` for a file that does not hold what its directive needs;
        its text repeats neither key nor password."""
        if value not in self._faults:
            self._faults[value] = self._fault(value)
        if fault := self._faults[value]:
            raise fault

    def is_open(self, value: KeyFile) -> bool:
        """Whether every local user may read a private key."""
        if isinstance(value, str):
            return False  # certificates are for everyone
        return bool(self._files.mode(_path(value)) & WORLD_READABLE)

    def _fault(self, value: KeyFile) -> BadValue | None:
        try:
            octets = self._files.read_bytes(_path(value))
        except OSError:
            return None  # reported as a file that cannot be read
        try:
            if isinstance(value, TlsFiles):
                check_pair(octets, value.password)
            elif isinstance(value, DomainKey):
                _check_key(octets)
            else:
                _certificates(octets)
        except BadValue as bad:
            return bad
        return None


def _path(value: KeyFile) -> str:
    if isinstance(value, str):
        return value
    return value.path if isinstance(value, TlsFiles) else value.filename


def _check_key(octets: bytes) -> None:
    try:
        load_key(octets)
    except ValueError:
        said = "the file holds no RSA or Ed25519 private key without a password"
        raise BadValue(said) from None


def _certificates(octets: bytes) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(octets)
    except ValueError:
        raise BadValue("the file holds no certificate") from None


def check_pair(octets: bytes, password: str) -> None:
    """Errors: `BadValue` unless `octets` hold a certificate and its private key."""
    key = _private_key(octets, password)
    public = _certificates(octets)[0].public_key()
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
