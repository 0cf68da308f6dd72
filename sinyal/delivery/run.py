"""The loop of delivery: what expired bounces, what is ready gets a connection."""

import asyncio
from collections.abc import Collection

from sinyal.delivery.courier import SLICE, Courier
from sinyal.mail.envelope import QueueName
from sinyal.runtime.log import LOG

GRACE_S = 10.0
LONGEST_WAIT_S = 60.0  # after it the clock is looked at again: it may have been set


async def run(courier: Courier, stop: asyncio.Event, grace_s: float = GRACE_S) -> None:
    """Deliver until `stop` is set; then transactions get `grace_s` to end.

    What is not ended by then stays in the spool and is tried again after a start: the
    peer may get it twice, RFC 5321 4.5.3.2.6.
    """
    connections: set[asyncio.Task[None]] = set()
    stopper = asyncio.create_task(stop.wait())
    stopper.add_done_callback(lambda _: courier.notice())
    try:
        while not stop.is_set():
            await _turn(courier, connections)
    finally:
        stopper.cancel()
        await _stop(courier, connections, grace_s)


async def _turn(courier: Courier, connections: set[asyncio.Task[None]]) -> None:
    courier.changed.clear()
    await _expire(courier)
    for name in courier.line.ready(courier.clock()):
        if not courier.wake(name):
            _open(courier, name, connections)
    for name in courier.line.recovered():
        courier.recovered(name)
    await _pause(courier)


async def _expire(courier: Courier) -> None:
    for count, entry in enumerate(courier.line.expired(courier.clock()), 1):
        courier.expire(entry)
        if count % SLICE == 0:
            await asyncio.sleep(0)


def _open(
    courier: Courier, name: QueueName, connections: set[asyncio.Task[None]]
) -> None:
    courier.line.opened(name, courier.clock())
    task = asyncio.create_task(courier.serve(name), name=f"delivery {name}")
    connections.add(task)
    task.add_done_callback(lambda done: _ended(done, connections))


def _ended(task: asyncio.Task[None], connections: set[asyncio.Task[None]]) -> None:
    connections.discard(task)
    if not task.cancelled() and (error := task.exception()):
        LOG.error("%s failed", task.get_name(), exc_info=error)


async def _pause(courier: Courier) -> None:
    """Wait for a change or for the time at which the queues have something to do."""
    if courier.changed.is_set():
        await asyncio.sleep(0)
        return
    now = courier.clock()
    wake_at = courier.line.next_wake(now)
    wait_s = LONGEST_WAIT_S if wake_at is None else wake_at - now
    loop = asyncio.get_running_loop()
    wait_s = min(max(0.0, wait_s), LONGEST_WAIT_S)
    timer = loop.call_later(wait_s, courier.changed.set)
    try:
        await courier.changed.wait()
    finally:
        timer.cancel()


async def _stop(
    courier: Courier, connections: Collection[asyncio.Task[None]], grace_s: float
) -> None:
    """End the connections: those in a transaction after it, the others at once."""
    courier.stop()
    for task in tuple(connections):
        if task not in courier.transacting:
            task.cancel()
    waiting = set(connections)
    if waiting:
        _, late = await asyncio.wait(waiting, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
