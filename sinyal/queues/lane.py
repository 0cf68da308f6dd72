"""Entries that wait for nothing but a connection, of one priority; PRI-1."""

import heapq
from collections import deque

from sinyal.mail.envelope import QueueEntry

USUAL = 50  # priority of recipients that nobody says anything about

Ranked = tuple[float, int, QueueEntry]  # (what ends first, tie break, entry)


class Lane:
    """`fresh` holds new mail in the order of its age, `due` what has waited already."""

    def __init__(self) -> None:
        self.fresh: deque[QueueEntry] = deque()
        self.due: list[Ranked] = []

    def __len__(self) -> int:
        return len(self.fresh) + len(self.due)

    def heads(self) -> list[QueueEntry]:
        """The oldest of each kind."""
        heads = [self.fresh[0]] if self.fresh else []
        if self.due:
            heads.append(self.due[0][2])
        return heads

    def first(self) -> QueueEntry:
        """The entry that has been offered longest, out of the lane; there is one."""
        fresh, due = self.fresh, self.due
        if due and (not fresh or due[0][2].due_at <= fresh[0].due_at):
            return heapq.heappop(due)[2]
        return fresh.popleft()
