"""The disk as the configuration sees it."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sinyal.config import Loaded, load
from sinyal.config.include import Reader
from sinyal.config.printing import printed

MAX_OCTETS = 16 << 20
PIECE_OCTETS = 1 << 20
DEFAULT_PATH = "/etc/pmta/config"  # CFG-22


class DiskFiles:
    """Files of this machine; `sinyal.config.Files`."""

    def read(self, path: str) -> str:
        """Errors: `OSError`, `UnicodeDecodeError`; a file above 16 MB is refused."""
        return self.read_bytes(path).decode()

    def read_bytes(self, path: str) -> bytes:
        """Errors: `OSError`; above 16 MB, and what is not a plain file, is refused."""
        with _opened(path) as file:
            octets = file.read(MAX_OCTETS + 1)
        if len(octets) > MAX_OCTETS:
            raise OSError(0, "the file is larger than 16 MB", path)
        return octets

    def pieces(self, path: str) -> Iterator[bytes]:
        """Errors: `OSError`."""
        with _opened(path) as file:
            while piece := file.read(PIECE_OCTETS):
                yield piece + file.readline()

    def mode(self, path: str) -> int:
        try:
            return stat.S_IMODE(Path(path).stat().st_mode)
        except OSError:
            return 0

    def resolve(self, path: str, beside: str) -> str:
        """Relative paths are in the directory of `beside`."""
        return os.path.normpath(Path(beside).absolute().parent / path)

    def expand(self, pattern: str) -> list[str]:
        """Matching files in byte order; a plain path names itself."""
        try:
            found = [str(path) for path in Path("/").glob(pattern.lstrip("/"))]
        except ValueError:  # such as `**` inside a name
            return []
        return sorted(found, key=os.fsencode)

    def exists(self, path: str) -> bool:
        return Path(path).is_file() and os.access(path, os.R_OK)


def _opened(path: str) -> BinaryIO:
    """The file, or the pipe of a shell's `<(...)`; nothing that never ends or hangs.

    Errors: `OSError`.
    """
    mode = Path(path).stat().st_mode
    is_shell_pipe = stat.S_ISFIFO(mode) and path.startswith("/dev/")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not (stat.S_ISREG(mode) or is_shell_pipe):
        raise OSError(errno.EINVAL, "it is not a file", path)
    return Path(path).open("rb")


def load_configuration(path: str, *, is_lenient: bool = False) -> Loaded:
    """The configuration of the file `path` on this machine's disk."""
    return load(path, DiskFiles(), is_lenient=is_lenient)


def normalised(path: str, *, with_secrets: bool = False) -> str:
    """The file `path` in one form, with what it includes; secrets hidden."""
    nodes = Reader(DiskFiles(), path).read(path)
    return printed(nodes, with_secrets=with_secrets)
