"""The spool on a real directory: groups, failures, restarts."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from sinyal.mail.envelope import Envelope, Recipient
from sinyal.spool import Spool, SpoolFull, Stored
from sinyal.spool.database import Change, Database


def envelope(*addresses: str) -> Envelope:
    return Envelope(
        mail_from="a@b.test",
        recipients=tuple(Recipient(one, "0" * 20) for one in addresses or ("x@y.z",)),
        received_at=1.5,
        size_octets=7,
    )


class Recorder(Database):
    """A database that tells the order of what happens to it, and stalls on demand."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.told: list[str] = []
        self.stalls = 0
        self.broken_flushes = 0

    def write(self, changes: list[Change]) -> None:
        if self.stalls:
            self.stalls -= 1
            raise SpoolFull("Result incomplete: Write stall")
        self.told.append("write")
        super().write(changes)

    def flush(self) -> None:
        self.told.append("flush")
        if self.broken_flushes:
            self.broken_flushes -= 1
            raise OSError("IO error: No space left on device")
        super().flush()


def nothing() -> None:
    pass


def reopen(path: Path) -> list[Stored]:
    async def go() -> list[Stored]:
        spool = Spool.open(path, nothing)
        found = list(spool.recover())
        await spool.close()
        return found

    return asyncio.run(go())


def test_what_was_written_is_found_again_in_order(tmp_path: Path) -> None:
    async def go() -> list[int]:
        spool = Spool.open(tmp_path / "a", nothing)
        ids = [spool.write(envelope(f"r{at}@y.z"), b"%d" % at) for at in range(300)]
        await spool.commit()
        assert spool.content(ids[7]) == b"7"
        await spool.close()
        return ids

    ids = asyncio.run(go())
    found = reopen(tmp_path / "a")
    assert [stored.spool_id for stored in found] == ids
    assert found[9].envelope == envelope("r9@y.z")


def test_many_waiters_share_one_flush(tmp_path: Path) -> None:
    async def go() -> None:
        database = Recorder(tmp_path)
        spool = Spool(database, lambda: database.told.append("before"))

        async def accept() -> None:
            spool.write(envelope(), b"x")
            await spool.commit()

        await asyncio.gather(*(accept() for _ in range(50)))
        assert database.told == ["write"] * 50 + ["before", "flush"]
        await spool.close()

    asyncio.run(go())


def test_the_record_reaches_the_disk_before_the_recipient_is_forgotten(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        database = Recorder(tmp_path)
        spool = Spool(database, lambda: database.told.append("before"))
        spool_id = spool.write(envelope(), b"x")
        await spool.commit()
        database.told.clear()
        spool.settle(spool_id, 0)
        await spool.commit()
        assert database.told == ["before", "write", "flush"]
        with pytest.raises(KeyError):
            spool.content(spool_id)
        await spool.close()

    asyncio.run(go())


def test_a_settled_message_is_forgotten_without_further_traffic(tmp_path: Path) -> None:
    async def go() -> None:
        flushed = asyncio.Event()
        loop = asyncio.get_running_loop()
        spool = Spool.open(tmp_path, lambda: loop.call_soon_threadsafe(flushed.set))
        spool_id = spool.write(envelope(), b"x")
        await spool.commit()
        flushed.clear()
        spool.settle(spool_id, 0)
        async with asyncio.timeout(5):
            await flushed.wait()
        await spool.close()

    asyncio.run(go())
    assert reopen(tmp_path) == []


@pytest.mark.parametrize("culprit", ["before_sync", "flush"])
def test_a_failed_flush_fails_the_whole_group_and_later_commits_work(
    tmp_path: Path, culprit: str
) -> None:
    failing = [culprit == "before_sync"]

    def before_sync() -> None:
        if failing.pop() if failing else False:
            raise OSError("disk full")

    async def go() -> int:
        database = Recorder(tmp_path)
        database.broken_flushes = culprit == "flush"
        spool = Spool(database, before_sync)

        async def accept() -> int:
            spool_id = spool.write(envelope(), b"x")
            try:
                await spool.commit()
            except OSError:
                spool.withdraw(spool_id)
                raise
            return spool_id

        answers = await asyncio.gather(
            *(accept() for _ in range(20)), return_exceptions=True
        )
        assert all(isinstance(answer, OSError) for answer in answers)
        kept = await accept()
        await spool.close()
        return kept

    kept = asyncio.run(go())
    assert [stored.spool_id for stored in reopen(tmp_path)] == [kept]


def test_what_was_settled_in_a_failed_group_is_settled_by_the_next(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        database = Recorder(tmp_path)
        spool = Spool(database, nothing)
        spool_id = spool.write(envelope("a@y.z", "b@y.z"), b"x")
        await spool.commit()
        database.broken_flushes = 1
        spool.settle(spool_id, 1)
        with pytest.raises(OSError, match="No space"):
            await spool.commit()
        await spool.close()

    asyncio.run(go())
    (stored,) = reopen(tmp_path)
    assert stored.settled == {1}


def test_a_stall_refuses_new_mail_but_not_the_group_that_waits(tmp_path: Path) -> None:
    async def go() -> None:
        database = Recorder(tmp_path)
        spool = Spool(database, nothing)
        spool_id = spool.write(envelope(), b"x")
        await spool.commit()
        database.stalls = 1
        with pytest.raises(SpoolFull):
            spool.write(envelope(), b"y")
        spool.settle(spool_id, 0)
        database.stalls = 1
        await spool.commit()  # forgetting is put off, the commit is not refused
        assert len(spool) == 0
        await spool.close()

    asyncio.run(go())
    assert reopen(tmp_path) == []


def test_one_settled_recipient_of_three_stays_settled_after_a_restart(
    tmp_path: Path,
) -> None:
    async def start(work: Callable[[Spool, list[Stored]], None]) -> None:
        spool = Spool.open(tmp_path, nothing)
        work(spool, list(spool.recover()))
        await spool.close()

    def first(spool: Spool, found: list[Stored]) -> None:
        spool_id = spool.write(envelope("a@y.z", "b@y.z", "c@y.z"), b"abc")
        spool.settle(spool_id, 1)
        spool.attempted(spool_id, 2, 1)
        spool.attempted(spool_id, 2, 4)

    def second(spool: Spool, found: list[Stored]) -> None:
        (stored,) = found
        assert stored.settled == {1}
        assert stored.attempts == {2: 4}
        spool.settle(stored.spool_id, 2)

    def third(spool: Spool, found: list[Stored]) -> None:
        (stored,) = found
        assert stored.settled == {1, 2}
        assert stored.attempts == {}
        spool.settle(stored.spool_id, 0)

    def fourth(spool: Spool, found: list[Stored]) -> None:
        assert found == []
        assert list(spool._database.rows()) == []

    for work in (first, second, third, fourth):
        asyncio.run(start(work))


def test_ids_go_on_after_a_restart(tmp_path: Path) -> None:
    async def go() -> int:
        spool = Spool.open(tmp_path, nothing)
        spool_id = spool.write(envelope(), b"x")
        spool.attempted(spool_id, 0, 3)
        await spool.close()
        return spool_id

    assert asyncio.run(go()) < asyncio.run(go())


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        spool = Spool.open(tmp_path, nothing)
        with pytest.raises(OSError, match=r"(?i)lock"):
            Spool.open(tmp_path, nothing)
        await spool.close()

    asyncio.run(go())
    assert reopen(tmp_path) == []
