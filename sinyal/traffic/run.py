"""A run of traffic: messages by schedule over several connections, each one noted."""

import asyncio
import time
from pathlib import Path

import msgspec

from sinyal.runtime import clock
from sinyal.runtime.disk import AppendFile
from sinyal.traffic.compose import Message, Plan, compose
from sinyal.traffic.feeder import Feeder, Target
from sinyal.traffic.result import Tally, summary
from sinyal.traffic.schedule import Schedule


class Load(msgspec.Struct, frozen=True):
    """How much and how fast. Units: `rate` messages a second, 0 as fast as it goes."""

    count: int
    rate: float = 0.0
    connections: int = 4
    first: int = 0


class Acknowledged(msgspec.Struct, frozen=True):
    """One line of the ledger: a message that the target answered 250.

    Units: `at` epoch seconds of the 250, `latency_ms` from MAIL to it. `tries` above 1
    says that a connection was lost or a 4xx answered before.
    """

    message_id: str
    rcpt: str
    job: str
    mail_from: str
    at: float
    size_octets: int
    latency_ms: float
    tries: int


class Traffic:
    """One run. `stop` ends it before all messages are sent."""

    def __init__(self, target: Target, plan: Plan, load: Load, ledger: Path | None):
        self._target = target
        self._plan = plan
        self._load = load
        self._file = AppendFile(ledger) if ledger else None
        self._tally = Tally()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> tuple[Tally, str]:
        """The tally of the run, and its summary in one line.

        Errors: `Stopped` when the target refuses to talk; `OSError` when the ledger
        cannot be written.
        """
        load = self._load
        began_at = time.monotonic()
        schedule = Schedule(load.first, load.count, load.rate, began_at)
        try:
            async with asyncio.TaskGroup() as feeders:
                for _ in range(min(load.connections, load.count)):
                    feeders.create_task(self._feed(schedule))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            if self._file:
                self._file.close()
        elapsed_s = time.monotonic() - began_at
        return self._tally, summary(self._tally, elapsed_s, load.rate)

    async def _feed(self, schedule: Schedule) -> None:
        feeder = Feeder(self._target)
        while turn := schedule.next(time.monotonic()):
            number, due_at = turn
            if await self._is_stopped(due_at):
                break
            message = compose(self._plan, number, clock.now())
            began_at = time.monotonic()
            answer, tries = await feeder.feed(message)
            self._tally.repeated += tries > 1
            if answer.is_positive:
                self._note(message, time.monotonic() - began_at, tries)
            else:
                self._tally.refused += 1
                self._tally.last_refusal = str(answer)
        await feeder.quit()

    async def _is_stopped(self, due_at: float) -> bool:
        """Wait until the due time; whether the run was stopped meanwhile."""
        wait_s = due_at - time.monotonic()
        if wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await self._stop.wait()
            except TimeoutError:
                pass
        return self._stop.is_set()

    def _note(self, message: Message, latency_s: float, tries: int) -> None:
        self._tally.acknowledged += 1
        self._tally.latencies_s.append(latency_s)
        if self._file is None:
            return
        line = Acknowledged(
            message_id=message.message_id,
            rcpt=message.rcpt,
            job=message.job,
            mail_from=message.mail_from,
            at=clock.now(),
            size_octets=len(message.content),
            latency_ms=round(latency_s * 1000, 3),
            tries=tries,
        )
        self._file.append(msgspec.json.encode(line) + b"\n")
