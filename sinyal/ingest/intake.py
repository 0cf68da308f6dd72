"""The door of ingest and its clockwork: keep, answer, load as soon as there is time.

While nothing is under way a batch is loaded at once; while a load runs the next ones
gather and are loaded together.
"""

import asyncio
import itertools
import uuid
from collections import deque

from sinyal.ingest.batch import Batch, BatchFiles
from sinyal.ingest.loader import Load, Loader
from sinyal.runtime.clock import Clock
from sinyal.runtime.log import LOG

# Waiting batches are small records in memory and at most 5 MB each on disk.
WAITING_BATCHES = 4096
GATHERED_BATCHES = 64

RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
FORGET_EACH_S = 3600.0

FAILURES = (OSError,)


class Intake:
    """Accepts batches for good and loads them one load after the other."""

    def __init__(self, files: BatchFiles, loader: Loader, clock: Clock) -> None:
        self._files = files
        self._loader = loader
        self._clock = clock
        self._waiting: deque[Batch] = deque()
        self._unfinished: deque[Load] = deque()
        self._wake = asyncio.Event()
        self._forgotten_at = 0.0
        self._failures = 0

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= WAITING_BATCHES

    @property
    def waiting(self) -> int:
        """The number of accepted batches that are not loaded yet."""
        held = sum(len(load.plan.batches) for load in self._unfinished)
        return len(self._waiting) + held

    async def accept(self, body: bytes, customer_id: int, subaccount_id: int) -> str:
        """The identity of the batch, once its body is on disk.

        Errors: `OSError` when it could not be kept.
        """
        batch = Batch(
            received_ms=int(self._clock() * 1000),
            customer_id=customer_id,
            subaccount_id=subaccount_id,
            batch_id=str(uuid.uuid4()),
        )
        await asyncio.to_thread(self._files.keep, batch, body)
        self._waiting.append(batch)
        self._wake.set()
        return batch.batch_id

    def recover(self) -> None:
        """Take up what an earlier life accepted; call it before `run`."""
        loads, batches = self._loader.recover()
        self._unfinished.extend(loads)
        self._waiting.extend(batches)
        if loads or batches:
            LOG.info(
                "Ingest: taken up %d unfinished loads, %d waiting batches",
                len(loads),
                len(batches),
            )
            self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Load until told to stop; the load under way is finished first."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            pause_s = await self._step()
            if pause_s is None:
                waking = asyncio.create_task(self._wake.wait())
                await _first(waking, stopping, FORGET_EACH_S)
                waking.cancel()
            elif pause_s:
                await _first(stopping, stopping, pause_s)

    async def _step(self) -> float | None:
        """Do one load; seconds to wait before the next, None when there is none."""
        self._wake.clear()
        try:
            if self._clock() - self._forgotten_at > FORGET_EACH_S:
                await asyncio.to_thread(self._loader.forget)
                self._forgotten_at = self._clock()
            if not self._unfinished:
                await self._open()
            if not self._unfinished:
                return None
            await self._finish_one_and_open_another()
        except FAILURES as error:
            pause_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
            self._failures += 1
            LOG.error("Ingest: load failed, again in %g s: %s", pause_s, error)
            return pause_s
        self._failures = 0
        return 0.0

    async def _finish_one_and_open_another(self) -> None:
        finishing = asyncio.to_thread(self._loader.finish, self._unfinished[0])
        ahead = self._open() if len(self._unfinished) == 1 else asyncio.sleep(0)
        # Both to their ends, whatever becomes of the other: threads do not stop.
        finished, opened = await asyncio.gather(
            finishing, ahead, return_exceptions=True
        )
        if finished is None:
            self._unfinished.popleft()
        for failure in (finished, opened):
            if isinstance(failure, BaseException):
                raise failure

    async def _open(self) -> None:
        """Make a load of what waits, if anything does."""
        gathered = list(itertools.islice(self._waiting, GATHERED_BATCHES))
        if gathered:
            load = await asyncio.to_thread(self._loader.open, gathered)
            for _ in load.plan.batches:
                self._waiting.popleft()
            self._unfinished.append(load)


async def _first(
    one: asyncio.Task[bool], other: asyncio.Task[bool], timeout_s: float
) -> None:
    await asyncio.wait(
        {one, other}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
    )
