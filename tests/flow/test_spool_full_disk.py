"""A disk that is full and has room again, by the system's limit on file sizes."""

import asyncio
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

from sinyal.mail.envelope import Envelope, Recipient
from sinyal.spool import Spool
from sinyal.spool.database import Database

ROOM_OCTETS = 400_000
CONTENT = b"x" * 50_000


def envelope(number: int) -> Envelope:
    return Envelope(
        mail_from="a@b.test",
        recipients=(Recipient(f"{number}@x.test", f"{number:020x}"),),
        received_at=0.0,
        size_octets=len(CONTENT),
    )


async def commit(spool: Spool, number: int) -> bool:
    """Whether the message was acknowledged."""
    try:
        spool_id = spool.write(envelope(number), CONTENT)
    except OSError:
        return False
    try:
        await spool.commit()
    except OSError:
        spool.withdraw(spool_id)
        return False
    return True


async def fill(directory: Path) -> dict[str, list[int]]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    spool = Spool.open(directory, before_sync=lambda: None)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_OCTETS, hard))
    before = [n for n in range(20) if await commit(spool, n)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    after: list[int] = []
    async with asyncio.timeout(30):
        while len(after) < 5:
            number = 100 + len(after)
            if await commit(spool, number):
                after.append(number)
            else:
                await asyncio.sleep(0.1)
    await spool.close()
    return {"before": before, "after": after}


def test_a_full_disk_refuses_mail_until_there_is_room_and_loses_none(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path / "spool")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    acknowledged = json.loads(done.stdout)

    assert 0 < len(acknowledged["before"]) < 20
    spool = Spool.open(tmp_path / "spool", before_sync=lambda: None)
    found = [int(one.envelope.recipients[0].message_id, 16) for one in spool.recover()]
    assert found == acknowledged["before"] + acknowledged["after"]


def test_an_envelope_that_cannot_be_read_is_set_aside_and_the_rest_served(
    tmp_path, caplog
) -> None:
    async def write() -> None:
        spool = Spool.open(tmp_path, before_sync=lambda: None)
        for number in range(3):
            spool.write(envelope(number), CONTENT)
        await spool.close()

    asyncio.run(write())
    database = Database(tmp_path)
    database.write([(False, (2).to_bytes(8), b"garbage")])
    database.flush()
    database.close()

    spool = Spool.open(tmp_path, before_sync=lambda: None)

    assert [one.spool_id for one in spool.recover()] == [1, 3]
    assert "message 2 set aside" in caplog.text


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(fill(Path(sys.argv[1])))))
