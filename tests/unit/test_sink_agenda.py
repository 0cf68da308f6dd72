"""Work is done at its time, within bounded memory; nothing stays pending."""

import asyncio
from collections.abc import Awaitable, Callable

from sinyal.sink.agenda import ENTRY_OCTETS, Agenda, Lane

NOW = 1000.0


def note(done: list[str], word: str) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        done.append(word)

    return work


async def rest() -> None:
    """Let everything that can run do so."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_work_that_is_due_is_done_in_the_order_of_its_times():
    async def run() -> list[str]:
        done: list[str] = []
        agenda = Agenda((Lane("a", 1),), lambda: NOW)
        for word, due_at in (
            ("late", NOW - 1),
            ("early", NOW - 5),
            ("never", NOW + 60),
        ):
            agenda.add(due_at, "a", note(done, word))
        running = asyncio.create_task(agenda.run())
        await rest()
        assert agenda.pending["a"] == 1
        running.cancel()
        return done

    assert asyncio.run(run()) == ["early", "late"]


def test_work_that_is_added_while_it_waits_is_not_missed():
    async def run() -> list[str]:
        done: list[str] = []
        agenda = Agenda((Lane("a", 1),), lambda: NOW)
        running = asyncio.create_task(agenda.run())
        agenda.add(NOW + 60, "a", note(done, "never"))
        await rest()
        agenda.add(NOW, "a", note(done, "now"))
        await rest()
        running.cancel()
        return done

    assert asyncio.run(run()) == ["now"]


def test_work_that_breaks_is_no_longer_pending_and_harms_no_other():
    async def run() -> tuple[list[str], int]:
        async def breaking() -> None:
            raise ValueError

        done: list[str] = []
        agenda = Agenda((Lane("a", 1),), lambda: NOW)
        agenda.add(NOW, "a", breaking)
        agenda.add(NOW, "a", note(done, "next"))
        running = asyncio.create_task(agenda.run())
        await rest()
        running.cancel()
        return done, agenda.pending["a"]

    assert asyncio.run(run()) == (["next"], 0)


def test_when_too_much_waits_the_earliest_is_done_at_once():
    async def run() -> list[str]:
        done: list[str] = []
        agenda = Agenda((Lane("a", 1),), lambda: NOW, most_octets=2 * ENTRY_OCTETS)
        for number in range(4):
            agenda.add(NOW + 100 - number, "a", note(done, str(number)))
        running = asyncio.create_task(agenda.run())
        await rest()
        running.cancel()
        return done

    assert asyncio.run(run()) == ["2", "3"]


def test_a_full_agenda_says_when_there_is_room_again():
    async def run() -> tuple[bool, bool]:
        done: list[str] = []
        agenda = Agenda((Lane("a", 1),), lambda: NOW, most_octets=100_000)
        for _ in range(3):
            agenda.add(NOW, "a", note(done, "x"), octets=80_000)
        was_full = agenda.is_full
        running = asyncio.create_task(agenda.run())
        await agenda.room()
        running.cancel()
        return was_full, agenda.is_full

    assert asyncio.run(run()) == (True, False)


def test_a_slow_lane_does_not_hold_up_another():
    async def run() -> list[str]:
        done: list[str] = []

        async def stuck() -> None:
            await asyncio.Event().wait()

        agenda = Agenda((Lane("a", 1), Lane("b", 1)), lambda: NOW)
        agenda.add(NOW, "a", stuck)
        agenda.add(NOW, "b", note(done, "b"))
        running = asyncio.create_task(agenda.run())
        await rest()
        assert agenda.pending == {"a": 1, "b": 0}
        running.cancel()
        return done

    assert asyncio.run(run()) == ["b"]
