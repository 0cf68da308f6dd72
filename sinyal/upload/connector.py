"""The Signals connector: what is on disk goes up, and only then leaves the disk.

Source: seed (log lines, one scan a minute), guide 10.1.4.2 (log-verbose,
min-free-space), API events-ingest.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from sinyal.runtime.clock import Clock
from sinyal.runtime.disk import free_octets
from sinyal.runtime.http import Answer
from sinyal.runtime.log import LOG
from sinyal.upload.attempt import (
    Next,
    Post,
    compressed,
    failure_reason,
    next_after,
)
from sinyal.upload.directory import EventFiles

# Without log-verbose, what was transferred is summed up this often.
SUMMARY_INTERVAL_S = 3600.0


class ConnectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the `<signals>` section says about uploads; guide 10.1.4.2.

    Units: seconds, octets.
    """

    interval_s: float = 60.0
    min_free_octets: int = 20 * 1024 * 1024
    is_verbose: bool = False


class Scan(msgspec.Struct, frozen=True):
    """What one scan found and sent."""

    discovered: int = 0
    transferred: int = 0

    def __str__(self) -> str:
        """The scan as the log says it: `Discovered 1 file, transferred 1 file …`."""
        found = f"Discovered {_files(self.discovered)}"
        if not self.discovered:
            return found
        return f"{found}, transferred {_files(self.transferred)} successfully"


class Connector:
    """Uploads the event files of a directory, one scan per interval.

    `roll` makes the file that is being written whole; `free` tells the space left.
    Counters since the start: `transferred` files, `failed` attempts, and what was
    given up by min-free-space: `deleted_files` with `deleted_events` in them.
    """

    def __init__(
        self,
        directory: Path,
        post: Post,
        roll: Callable[[], object],
        settings: ConnectorSettings,
        free: Callable[[Path], int] = free_octets,
    ) -> None:
        self._files = EventFiles(directory)
        self._post = post
        self._roll = roll
        self._settings = settings
        self._free = free
        self._complaints: dict[str, str] = {}
        self._refusal = ""
        self._unsummed = 0
        self._summed_at: float | None = None
        self.transferred = 0
        self.failed = 0
        self.deleted_files = 0
        self.deleted_events = 0

    def adopt(self, post: Post, settings: ConnectorSettings) -> None:
        """Upload by another key, to another place or at another pace from now on."""
        self._post = post
        self._settings = settings
        self._refusal = ""

    async def run(self, clock: Clock, stop: asyncio.Event) -> None:
        """Scan each interval until `stop` is set."""
        while not stop.is_set():
            await self.scan(clock())
            try:
                await asyncio.wait_for(stop.wait(), self._settings.interval_s)
            except TimeoutError:
                continue

    async def scan(self, now: float) -> Scan:
        """Send every whole file, oldest first; those not accepted stay.

        Units: `now` epoch seconds.
        """
        try:
            self._roll()
            self._make_room()
            names = self._files.names()
        except OSError as error:
            LOG.error("Signals: %s: %s", self._files.directory, error.strerror)
            return Scan()
        self._tell(f"Discovered {name}" for name in names)
        scan = Scan(len(names), await self._transfer_all(names))
        self._sum_up(scan, now)
        return scan

    async def _transfer_all(self, names: list[str]) -> int:
        transferred = 0
        for name in names:
            following = await self._transfer(name)
            if following is Next.DONE:
                transferred += 1
            elif following is not Next.SKIP:
                break
        return transferred

    async def _transfer(self, name: str) -> Next:
        try:
            content = await asyncio.to_thread(self._compressed, name)
            answer = await self._post(content)
            following = next_after(answer)
            if following is Next.DONE:
                self._files.delete(name)
        except OSError as error:
            # A file that was accepted and stays is sent again; it counts once there.
            self._failed(name, error.strerror or "cannot be read")
            return Next.SKIP
        if following is Next.DONE:
            self._done(name)
        elif following is Next.REFUSED:
            self._refused(name, answer)
        elif following is Next.SKIP:
            self._failed(name, failure_reason(answer))
        else:
            self._complain(name, failure_reason(answer))
        return following

    def _compressed(self, name: str) -> bytes:
        return compressed(self._files.read(name))

    def _done(self, name: str) -> None:
        self.transferred += 1
        self._refusal = ""
        self._complaints.pop(name, None)
        self._tell([f"Transferred {name} successfully."])

    def _refused(self, name: str, answer: Answer) -> None:
        """Say once that the key is refused; not again until something changes."""
        reason = failure_reason(answer)
        self.failed += 1
        if reason != self._refusal:
            self._refusal = reason
            LOG.critical(
                "Signals: Failed to transfer %s: %s; files are kept until the api-key "
                "is accepted (permission Incoming Events: Write)",
                name,
                reason,
            )

    def _failed(self, name: str, reason: str) -> None:
        """A failure that will not go away by itself: one line per file and reason."""
        if self._complaints.get(name) == reason:
            self.failed += 1
        else:
            self._complaints[name] = reason
            self._complain(name, reason)

    def _complain(self, name: str, reason: str) -> None:
        self.failed += 1
        LOG.error("Signals: Failed to transfer %s: %s", name, reason)

    def _make_room(self) -> None:
        """Delete the oldest files while free space is below min-free-space."""
        least = self._settings.min_free_octets
        if not least or self._free(self._files.directory) >= least:
            return
        for name in self._files.names():
            if self._free(self._files.directory) >= least:
                return
            events = self._files.read(name).count(b"\n")
            self._files.delete(name)
            self._complaints.pop(name, None)
            self.deleted_files += 1
            self.deleted_events += events
            LOG.error(
                "Signals: Deleted %s, %d events lost: free space below min-free-space",
                name,
                events,
            )

    def _sum_up(self, scan: Scan, now: float) -> None:
        if self._settings.is_verbose:
            self._tell([str(scan)])
            return
        self._unsummed += scan.transferred
        if self._summed_at is None:
            self._summed_at = now
        waiting = scan.discovered - scan.transferred
        is_due = now - self._summed_at >= SUMMARY_INTERVAL_S
        if is_due and (self._unsummed or waiting):
            LOG.info("Signals: %s", Scan(self._unsummed + waiting, self._unsummed))
        if is_due:
            self._unsummed, self._summed_at = 0, now

    def _tell(self, lines: Iterable[str]) -> None:
        if self._settings.is_verbose:
            for line in lines:
                LOG.info("Signals: %s", line)


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"
