"""Writes and commits in a loop until killed; prints each id once it is durable.

Its argument is the spool's directory. The content is made of the id, every third
message has two recipients of which one is settled.
"""

import asyncio
import sys

from sinyal.mail.envelope import Envelope, Recipient
from sinyal.spool import Spool


def envelope(number: int) -> Envelope:
    """The envelope of the message written as `number`."""
    recipients = (Recipient(f"r{number}@example.test", f"{number:020x}"),)
    if number % 3 == 0:
        recipients += (Recipient(f"s{number}@example.test", f"{number:020x}"),)
    return Envelope(
        mail_from="a@b.test",
        recipients=recipients,
        received_at=float(number),
        size_octets=3000,
        subject="Salam \u00e9",
    )


def content(number: int) -> bytes:
    """The content of the message written as `number`."""
    return b"%08d" % number * 400


async def write(spool: Spool, numbers: "list[int]") -> None:
    while True:
        number = numbers[0]
        numbers[0] += 1
        spool_id = spool.write(envelope(number), content(number))
        await spool.commit()
        sys.stdout.write(f"{spool_id} {number}\n")
        sys.stdout.flush()
        if number % 3 == 0:
            spool.attempted(spool_id, 1, number % 7 + 1)
            spool.settle(spool_id, 0)


async def main() -> None:
    spool = Spool.open(sys.argv[1], lambda: None)
    numbers = [max([int(s.envelope.received_at) for s in spool.recover()], default=0)]
    numbers[0] += 1
    await asyncio.gather(*(write(spool, numbers) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(main())
