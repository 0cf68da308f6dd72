"""The directory of event files as the connector sees it: oldest first, whole ones."""

import re
from pathlib import Path

_NAME = re.compile(r"sp1-[0-9A-F]{16}\.json")


class EventFiles:
    """The whole event files of a directory; files still being written are not seen.

    Errors: `OSError`, from the system.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def names(self) -> list[str]:
        """Names of all whole files, oldest first: their numbers only grow."""
        return sorted(
            path.name for path in self.directory.iterdir() if _NAME.fullmatch(path.name)
        )

    def read(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()

    def delete(self, name: str) -> None:
        (self.directory / name).unlink(missing_ok=True)
