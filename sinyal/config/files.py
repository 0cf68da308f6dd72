"""How the configuration reaches the files that it names, without knowing a disk."""

from collections.abc import Iterable
from typing import Protocol


class Files(Protocol):
    """What the caller of `load` hands in: a way to the disk.

    Errors: `read`, `read_bytes` and `pieces` raise `OSError`, `read`
    `UnicodeDecodeError` when the file is not UTF-8.
    """

    def read(self, path: str) -> str:
        """The text of a file."""

    def read_bytes(self, path: str) -> bytes:
        """The octets of a file."""

    def pieces(self, path: str) -> Iterable[bytes]:
        """The octets of a file of any size, in pieces of whole lines."""

    def mode(self, path: str) -> int:
        """The permission bits of a file, 0 for one that is not there."""

    def resolve(self, path: str, beside: str) -> str:
        """`path` made absolute; a relative one is in the directory of `beside`."""

    def expand(self, pattern: str) -> list[str]:
        """The files that an absolute path with wildcards names, in byte order."""

    def exists(self, path: str) -> bool:
        """Whether the file is there and may be read."""
