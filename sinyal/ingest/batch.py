"""Accepted batches on disk: the gzip body as it came, one file each.

The name of a file says all that must be known of it, so that keeping a batch is one
file and one directory sync, and a restart needs nothing but the directory.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sinyal.runtime.disk import replace_file, sync_directory

SUFFIX = ".gz"


class Batch(msgspec.Struct, frozen=True, gc=False):
    """An accepted batch. Units: `received_ms` epoch milliseconds."""

    received_ms: int
    customer_id: int
    subaccount_id: int
    batch_id: str

    @property
    def name(self) -> str:
        """The name of its file; names sort by time of arrival."""
        return (
            f"{self.received_ms:014d}-{self.customer_id}-{self.subaccount_id}-"
            f"{self.batch_id}{SUFFIX}"
        )


def batch_of(name: str) -> Batch | None:
    """The batch that a file of this name holds, or None for any other file."""
    if not name.endswith(SUFFIX):
        return None
    parts = name.removesuffix(SUFFIX).split("-", 3)
    if len(parts) != 4 or not all(part.isdigit() for part in parts[:3]):
        return None
    return Batch(int(parts[0]), int(parts[1]), int(parts[2]), parts[3])


class BatchFiles:
    """The directory of batches that wait for their load.

    Errors: `OSError` from the system; a batch that could not be kept is not there.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory

    def keep(self, batch: Batch, body: bytes) -> None:
        """Return when the body is on disk under its name."""
        replace_file(self._directory / batch.name, body)

    def read(self, batch: Batch) -> bytes:
        return (self._directory / batch.name).read_bytes()

    def remove(self, batches: Iterator[Batch]) -> None:
        """Remove loaded batches; one that is gone already is fine."""
        for batch in batches:
            with contextlib.suppress(FileNotFoundError):
                (self._directory / batch.name).unlink()
        sync_directory(self._directory)

    def waiting(self) -> list[Batch]:
        """All kept batches, oldest first; files cut short by a crash are removed."""
        for torn in self._directory.glob("*.new"):
            torn.unlink()
        names = sorted(path.name for path in self._directory.iterdir())
        return [batch for name in names if (batch := batch_of(name))]
