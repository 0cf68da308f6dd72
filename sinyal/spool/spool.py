"""The spool: accepted messages on disk, one sync for all that wait."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from sinyal.mail.envelope import Envelope
from sinyal.runtime.log import LOG
from sinyal.spool.database import Change, Database, SpoolFull

# A settled recipient is forgotten by the next group; without one, after this wait.
# It bounds what a kill -9 delivers twice, and the syncs of an idle machine.
SETTLE_WAIT_S = 0.01
RETRY_WAIT_S = 1.0  # after a failed sync
KEY_OCTETS = 8
COUNT_OCTETS = 4
SETTLED = b""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)


class Stored(msgspec.Struct, frozen=True):
    """A message found in the spool at start.

    Shape: `settled` and the keys of `attempts` are positions in `envelope.recipients`.
    `first_attempts` holds whole epoch seconds by the same keys, 0 where unknown.
    """

    spool_id: int
    envelope: Envelope
    settled: frozenset[int]
    attempts: dict[int, int]
    first_attempts: dict[int, int] = {}


class Spool:
    """Messages by spool id, in the order in which they were accepted.

    `write`, `attempted`, `settle` and `withdraw` belong to the event loop's thread.
    What they change is on disk after a `commit`, whose flush runs in one worker thread
    right after `before_sync` (the accounting's own sync): a recipient is forgotten only
    once its record is on disk.
    """

    def __init__(self, database: Database, before_sync: Callable[[], None]) -> None:
        self._database = database
        self._before_sync = before_sync
        last = database.last_key()
        self._last_id = int.from_bytes(last[:KEY_OCTETS]) if last else 0
        self._unsettled: dict[int, int] = {}  # spool id: recipients to go
        self._marked: dict[int, set[int]] = {}  # recipients with a key of their own
        self._changes: list[Change] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._is_busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="spool")

    @classmethod
    def open(cls, path: Path | str, before_sync: Callable[[], None]) -> "Spool":
        """The spool in directory `path`, made when missing.

        Errors: `OSError`, also when another process has it open.
        """
        return cls(Database(Path(path)), before_sync)

    def __len__(self) -> int:
        """How many messages are not settled."""
        return len(self._unsettled)

    def recover(self) -> Iterator[Stored]:
        """Every message found, oldest first; to be read whole before listening."""
        key, envelope = b"", b""
        states: dict[int, bytes] = {}
        for at, octets in self._database.rows():
            if len(at) > KEY_OCTETS:
                states[int.from_bytes(at[KEY_OCTETS:])] = octets
                continue
            if key:
                yield from self._stored(key, envelope, states)
            key, envelope, states = at, octets, {}
        if key:
            yield from self._stored(key, envelope, states)

    def write(self, envelope: Envelope, content: bytes) -> int:
        """The spool id of a message that the next `commit` makes durable.

        Errors: `SpoolFull` when the storage stalls, else `OSError`.
        """
        return self.write_all([(envelope, content)])[0]

    def write_all(self, messages: Sequence[tuple[Envelope, bytes]]) -> list[int]:
        """The spool ids of messages that are written at once, all of them or none.

        Errors: as `write`.
        """
        first = self._last_id + 1
        spool_ids = list(range(first, first + len(messages)))
        changes: list[Change] = []
        for spool_id, (envelope, content) in zip(spool_ids, messages, strict=True):
            key = _key(spool_id)
            changes.append((False, key, _encoder.encode(envelope)))
            changes.append((True, key, content))
        self._database.write(changes)
        self._last_id += len(messages)
        for spool_id, (envelope, _content) in zip(spool_ids, messages, strict=True):
            self._unsettled[spool_id] = len(envelope.recipients)
        return spool_ids

    def commit(self) -> asyncio.Future[None]:
        """To be awaited: done when all that was written before is on disk.

        Errors: `OSError` for every waiter of the group when its flush fails.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append(waiter)
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._start)  # so that this turn's messages share a flush
        return waiter

    def content(self, spool_id: int) -> bytes:
        """The message's content. Errors: `KeyError` when settled, `OSError`."""
        return self._database.content(_key(spool_id))

    def attempted(
        self, spool_id: int, index: int, attempts: int, first_at: float = 0.0
    ) -> None:
        """Remember how many times recipient `index` was tried, and since when."""
        tried_since = int(first_at).to_bytes(COUNT_OCTETS) if first_at else b""
        self._mark(spool_id, index, attempts.to_bytes(COUNT_OCTETS) + tried_since)

    def settle(self, spool_id: int, index: int) -> None:
        """Forget recipient `index`, and the message with its last recipient."""
        self._unsettled[spool_id] -= 1
        if self._unsettled[spool_id]:
            self._mark(spool_id, index, SETTLED)
        else:
            self.withdraw(spool_id)

    def withdraw(self, spool_id: int) -> None:
        """Forget the message: its commit failed and the client was told so."""
        del self._unsettled[spool_id]
        key = _key(spool_id)
        self._changes += [(False, key, None), (True, key, None)]
        for index in self._marked.pop(spool_id, ()):
            self._changes.append((False, key + index.to_bytes(4), None))
        self._commit_later(SETTLE_WAIT_S)

    async def close(self) -> None:
        """Bring everything to disk and release the directory."""
        try:
            await self.commit()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await asyncio.to_thread(self._worker.shutdown)
            self._database.close()

    def _stored(
        self, key: bytes, envelope: bytes, states: dict[int, bytes]
    ) -> Iterator[Stored]:
        """The message; nothing where its envelope cannot be read, it stays on disk."""
        spool_id = int.from_bytes(key)
        try:
            known = _decoder.decode(envelope)
        except msgspec.MsgspecError as error:
            LOG.error("spool: message %d set aside, not readable: %s", spool_id, error)
            return
        settled = frozenset(at for at, octets in states.items() if octets == SETTLED)
        self._unsettled[spool_id] = len(known.recipients) - len(settled)
        if states:
            self._marked[spool_id] = set(states)
        tried = {at: octets for at, octets in states.items() if octets != SETTLED}
        attempts = {
            at: int.from_bytes(octets[:COUNT_OCTETS]) for at, octets in tried.items()
        }
        first = {
            at: int.from_bytes(octets[COUNT_OCTETS:]) for at, octets in tried.items()
        }
        yield Stored(spool_id, known, settled, attempts, first)

    def _mark(self, spool_id: int, index: int, octets: bytes) -> None:
        self._marked.setdefault(spool_id, set()).add(index)
        self._changes.append((False, _key(spool_id) + index.to_bytes(4), octets))
        self._commit_later(SETTLE_WAIT_S)

    def _commit_later(self, wait_s: float) -> None:
        if self._timer is None and not self._is_busy:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if not self._is_busy:
            self._is_busy = True
            self._start()

    def _start(self) -> None:
        """Hand the group that waits now to the worker thread."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiters, self._waiters = self._waiters, []
        changes, self._changes = self._changes, []
        loop = asyncio.get_running_loop()
        task = loop.run_in_executor(self._worker, self._sync, changes)
        task.add_done_callback(lambda done: self._ended(done, changes, waiters))

    def _sync(self, changes: list[Change]) -> bool:
        """In the worker thread; true when `changes` were taken by the storage."""
        self._before_sync()
        is_taken = True
        if changes:
            try:
                self._database.write(changes)
            except SpoolFull:  # forgetting can wait, the group's messages cannot
                is_taken = False
        self._database.flush()
        return is_taken

    def _ended(
        self,
        done: asyncio.Future[bool],
        changes: list[Change],
        waiters: list[asyncio.Future[None]],
    ) -> None:
        error = done.exception()
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
        is_taken = error is None and done.result()
        if not is_taken:
            self._changes[:0] = changes
        if self._waiters:
            self._start()
            return
        self._is_busy = False
        if self._changes:
            self._commit_later(SETTLE_WAIT_S if is_taken else RETRY_WAIT_S)


def _key(spool_id: int) -> bytes:
    return spool_id.to_bytes(KEY_OCTETS)
