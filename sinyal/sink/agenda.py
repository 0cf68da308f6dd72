"""What is to be done later: one heap, one clock hand, a bounded number of hands."""

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable

from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG

Work = Callable[[], Awaitable[None]]


class Lane:
    """A queue of due work and the workers that do it; one lane per kind of work."""

    def __init__(self, name: str, workers: int) -> None:
        self.name = name
        self.workers = workers
        self.due: asyncio.Queue[Work] = asyncio.Queue()


class Agenda:
    """Work with a due time; `pending` counts per lane what is not finished.

    Not more than `most` wait for their time: when one more comes, the earliest is
    done at once. `is_full` says that even so too much is unfinished.
    Units: due times are epoch seconds.
    """

    def __init__(self, lanes: tuple[Lane, ...], clock: Clock, most: int = 50_000):
        self.pending: Counter[str] = Counter({lane.name: 0 for lane in lanes})
        self._lanes = {lane.name: lane for lane in lanes}
        self._clock = clock
        self._most = most
        self._heap: list[tuple[float, int, str, Work]] = []
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

    def add(self, due_at: float, lane: str, work: Work) -> None:
        """Have the work done at its time, or as soon as a worker is free after it."""
        self.pending[lane] += 1
        if self.pending.total() >= 2 * self._most:
            self._room.clear()
        entry = (due_at, next(self._order), lane, work)
        heapq.heappush(self._heap, entry)
        if len(self._heap) > self._most:
            self._release()
        elif self._heap[0] is entry:
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
        _, _, lane, work = heapq.heappop(self._heap)
        self._lanes[lane].due.put_nowait(work)

    async def _work(self, lane: Lane) -> None:
        while True:
            work = await lane.due.get()
            (error,) = await asyncio.gather(work(), return_exceptions=True)
            if isinstance(error, Exception):
                LOG.error("%s failed", lane.name, exc_info=error)
            self._finished(lane)

    def _finished(self, lane: Lane) -> None:
        self.pending[lane.name] -= 1
        if self.pending.total() < self._most:
            self._room.set()
