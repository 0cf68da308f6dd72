"""What is to be done later: one heap, one clock hand, a bounded number of hands."""

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec

from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG

MOST_OCTETS = 256 * 1024 * 1024
ENTRY_OCTETS = 1000  # about what an entry without a mail takes

Work = Callable[[], Awaitable[None]]


class Entry(msgspec.Struct, frozen=True):
    """A piece of work, and how much memory it holds."""

    lane: str
    work: Work
    octets: int


class Lane:
    """A queue of due work and the workers that do it; one lane per kind of work."""

    def __init__(self, name: str, workers: int) -> None:
        self.name = name
        self.workers = workers
        self.due: asyncio.Queue[Entry] = asyncio.Queue()


class Agenda:
    """Work with a due time; `pending` counts per lane what is not finished.

    Not more than `most_octets` wait for their time: beyond that the earliest is done at
    once. `is_full` says that even so twice as much is unfinished.
    Units: due times are epoch seconds.
    """

    def __init__(
        self, lanes: tuple[Lane, ...], clock: Clock, most_octets: int = MOST_OCTETS
    ) -> None:
        self.pending: Counter[str] = Counter({lane.name: 0 for lane in lanes})
        self._lanes = {lane.name: lane for lane in lanes}
        self._clock = clock
        self._most_octets = most_octets
        self._waiting_octets = self._pending_octets = 0
        self._heap: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()
        self._earlier = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def is_full(self) -> bool:
        return not self._room.is_set()

    async def room(self) -> None:
        """Return when there is room for more work."""
        await self._room.wait()

    def add(self, due_at: float, lane: str, work: Work, octets: int = 0) -> None:
        """Have the work done at its time, or as soon as a worker is free after it.

        `octets` is what the work keeps in memory besides itself.
        """
        entry = Entry(lane, work, octets + ENTRY_OCTETS)
        number = next(self._order)
        heapq.heappush(self._heap, (due_at, number, entry))
        self.pending[lane] += 1
        self._waiting_octets += entry.octets
        self._pending_octets += entry.octets
        if self._pending_octets >= 2 * self._most_octets:
            self._room.clear()
        if self._waiting_octets > self._most_octets:
            self._release()
        elif self._heap[0][1] == number:
            self._earlier.set()

    async def run(self) -> None:
        """Do what is due until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                for number in range(lane.workers):
                    name = f"{lane.name} {number}"
                    group.create_task(self._work(lane), name=name)
            group.create_task(self._tick(), name="agenda")

    async def _tick(self) -> None:
        while True:
            now = self._clock()
            while self._heap and self._heap[0][0] <= now:
                self._release()
            wait_s = self._heap[0][0] - now if self._heap else None
            self._earlier.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._earlier.wait()
            except TimeoutError:
                continue

    def _release(self) -> None:
        entry = heapq.heappop(self._heap)[2]
        self._waiting_octets -= entry.octets
        self._lanes[entry.lane].due.put_nowait(entry)

    async def _work(self, lane: Lane) -> None:
        while True:
            entry = await lane.due.get()
            (error,) = await asyncio.gather(entry.work(), return_exceptions=True)
            if isinstance(error, Exception):
                LOG.error("%s failed", lane.name, exc_info=error)
            self._finished(entry)

    def _finished(self, entry: Entry) -> None:
        self.pending[entry.lane] -= 1
        self._pending_octets -= entry.octets
        if self._pending_octets < self._most_octets:
            self._room.set()
