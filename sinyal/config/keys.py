"""What is wrong with the keys and certificates that a file names; RFC 7468."""

from typing import TypeAlias

from sinyal.config.files import Files
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import DomainKey, TlsFiles

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
        # The library takes a tenth of a second: only files that name keys wait for it.
        from sinyal.config import pem

        try:
            if isinstance(value, TlsFiles):
                pem.check_pair(octets, value.password)
            elif isinstance(value, DomainKey):
                pem.check_key(octets)
            else:
                pem.check_certificates(octets)
        except BadValue as bad:
            return bad
        return None


def _path(value: KeyFile) -> str:
    if isinstance(value, str):
        return value
    return value.path if isinstance(value, TlsFiles) else value.filename
