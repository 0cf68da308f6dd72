"""What is wrong with the keys and certificates that a file names; RFC 7468."""

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
from cryptography.x509 import load_pem_x509_certificates

from sinyal.config.files import Files
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import DomainKey, TlsFiles
from sinyal.mail.dkim import load_key

WORLD_READABLE = 0o004


class KeyCheck:
    """Reads each key file once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._faults: dict[tuple[str, str, bool], BadValue | None] = {}

    def check(self, value: DomainKey | TlsFiles) -> None:
        """Errors: `BadValue` for a file that does not hold what its directive needs;
        its text repeats neither key nor password."""
        is_pair = isinstance(value, TlsFiles)
        path = value.path if isinstance(value, TlsFiles) else value.filename
        password = value.password if isinstance(value, TlsFiles) else ""
        asked = (path, password, is_pair)
        if asked not in self._faults:
            self._faults[asked] = self._fault(path, password, is_pair=is_pair)
        if fault := self._faults[asked]:
            raise fault

    def is_open(self, value: DomainKey | TlsFiles) -> bool:
        """Whether every local user may read the private key."""
        path = value.path if isinstance(value, TlsFiles) else value.filename
        return bool(self._files.mode(path) & WORLD_READABLE)

    def _fault(self, path: str, password: str, *, is_pair: bool) -> BadValue | None:
        try:
            octets = self._files.read_bytes(path)
        except OSError:
            return None  # reported as a file that cannot be read
        try:
            if is_pair:
                check_pair(octets, password)
            else:
                load_key(octets)
        except BadValue as bad:
            return bad
        except ValueError:
            return BadValue(
                f"{path} holds no RSA or Ed25519 private key without a password",
                "write a PEM file that does",
            )
        return None


def check_pair(octets: bytes, password: str) -> None:
    """Errors: `BadValue` unless `octets` hold a certificate and its private key."""
    key = _private_key(octets, password)
    try:
        certificates = load_pem_x509_certificates(octets)
    except ValueError:
        raise BadValue(
            "the file holds no certificate", "put it before the key"
        ) from None
    public = certificates[0].public_key()
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
