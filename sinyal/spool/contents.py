"""Contents in memory, up to a ceiling; above it they are read back from the spool.

A content stays in memory until the first attempt ends, so that a message that is
delivered at once is never read from disk.
"""

from collections.abc import Callable, Iterable

from sinyal.mail.envelope import QueueEntry


class Contents:
    """Counts the octets that entries hold and refuses to hold more than the limit.

    A content shared by several recipients counts once.
    """

    def __init__(self, read_back: Callable[[int], bytes], limit_octets: int) -> None:
        self._read_back = read_back
        self._limit_octets = limit_octets
        self._holders: dict[int, int] = {}  # spool id: entries that hold its content
        self.held_octets = 0
        self.dropped = 0  # messages whose content was not held

    def hold(self, entries: Iterable[QueueEntry], content: bytes) -> None:
        """Keep `content` on `entries`, which are of one message, if there is room."""
        if self.held_octets + len(content) > self._limit_octets:
            self.dropped += 1
            return
        self.held_octets += len(content)
        for entry in entries:
            entry.content = content
            holders = self._holders
            holders[entry.spool_id] = holders.get(entry.spool_id, 0) + 1

    def of(self, entry: QueueEntry) -> bytes:
        """The entry's content. Errors: `KeyError` when settled, `OSError`."""
        if entry.content is not None:
            return entry.content
        return self._read_back(entry.spool_id)

    def release(self, entry: QueueEntry) -> None:
        """Let go of what `entry` holds: its first attempt has ended."""
        if entry.content is None:
            return
        octets, entry.content = len(entry.content), None
        self._holders[entry.spool_id] -= 1
        if not self._holders[entry.spool_id]:
            del self._holders[entry.spool_id]
            self.held_octets -= octets
