"""Journal segments into ingest, as ordinary batches, one per account and segment.

The text of a batch depends on the segment alone: when a crash makes a segment come
twice, ingest knows the second one as a duplicate.
"""

import asyncio
import contextlib
import gzip
from collections.abc import Awaitable, Callable

from sinyal.runtime.log import LOG
from sinyal.tracking.journal import Journal

Accept = Callable[[bytes, int, int], Awaitable[str]]  # body, customer, subaccount

FEED_EACH_S = 0.5


def journal_line(customer_id: int, wire_line: bytes) -> bytes:
    """An event line with its account before it, as the journal holds it."""
    return b"%d\t%b" % (customer_id, wire_line)


def bodies(segment: bytes) -> dict[int, bytes]:
    """Per account, the lines of a segment as a gzip body; a torn last line is left out.

    A torn line was never answered.
    """
    texts: dict[int, list[bytes]] = {}
    whole, _newline, _torn = segment.rpartition(b"\n")
    for line in whole.splitlines(keepends=False):
        customer_id, tab, event = line.partition(b"\t")
        if tab and customer_id.isdigit():
            texts.setdefault(int(customer_id), []).append(event + b"\n")
    return {
        customer_id: gzip.compress(b"".join(lines), 1, mtime=0)
        for customer_id, lines in texts.items()
    }


async def feed(journal: Journal, accept: Accept) -> int:
    """Hand over all closed segments; the number of batches made of them.

    Errors: `OSError` when one could not be handed over; it stays for the next time.
    """
    count = 0
    for path in await journal.roll():
        for customer_id, body in bodies(
            await asyncio.to_thread(path.read_bytes)
        ).items():
            await accept(body, customer_id, 0)
            count += 1
        await asyncio.to_thread(path.unlink)
    return count


async def feed_regularly(journal: Journal, accept: Accept, stop: asyncio.Event) -> None:
    """Feed twice a second until told to stop, and then once more."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FEED_EACH_S)
        try:
            await feed(journal, accept)
        except OSError as error:
            LOG.error("Tracking: events wait in the journal: %s", error)
