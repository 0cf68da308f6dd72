"""Traffic over real sockets: AUTH inside TLS, acknowledged messages in the ledger."""

import asyncio
import json
from pathlib import Path

import pytest
from sink_world import World

from sinyal.runtime.certificate import self_made_context
from sinyal.runtime.tls import client_context
from sinyal.smtp.reply import reply
from sinyal.traffic.compose import Plan
from sinyal.traffic.feeder import Stopped, Target
from sinyal.traffic.result import Tally
from sinyal.traffic.run import Load, Traffic

PLAN = Plan(seed=3, octets=2000)


def target(world: World, password: str = "p", patience_s: float = 20.0) -> Target:
    tls = client_context(verify=False)
    return Target("127.0.0.1", world.port, "u", password, tls, patience_s)


async def feed(
    world: World, load: Load, ledger: Path | None = None, **options: object
) -> tuple[Tally, str]:
    await world.start(self_made_context("mta.test", 1.7e9))
    try:
        return await Traffic(target(world, **options), PLAN, load, ledger).run()
    finally:
        world.close()


def lines(ledger: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()]


@pytest.mark.parametrize("connections", [1, 8])
def test_every_acknowledged_message_is_one_line(tmp_path, connections):
    world, ledger = World(needs_login=True), tmp_path / "traffic.ndjson"
    tally, line = asyncio.run(feed(world, Load(40, connections=connections), ledger))
    assert line.startswith("40 messages acknowledged")
    assert tally.refused == tally.repeated == 0
    noted = lines(ledger)
    assert {row["rcpt"] for row in noted} == {rcpts[0] for _, rcpts, _ in world.taken}
    assert len({row["message_id"] for row in noted}) == 40
    assert all(row["latency_ms"] > 0 and row["tries"] == 1 for row in noted)
    assert world.connections == connections


def test_the_order_asked_for_is_kept_by_one_connection(tmp_path):
    ledger = tmp_path / "l"
    asyncio.run(feed(World(), Load(5, connections=1, first=70), ledger))
    assert [row["message_id"].split(".")[1] for row in lines(ledger)] == [
        "70",
        "71",
        "72",
        "73",
        "74",
    ]


def test_a_message_put_off_is_tried_again(tmp_path):
    world, ledger = (
        World(reply(451, "4.3.0 later"), reply(421, "4.3.2 bye")),
        tmp_path / "l",
    )
    tally, _ = asyncio.run(feed(world, Load(2, connections=1), ledger))
    assert (tally.acknowledged, tally.repeated) == (2, 1)
    assert [row["tries"] for row in lines(ledger)] == [3, 1]
    assert world.connections == 2


def test_a_refused_message_is_counted_and_not_noted(tmp_path):
    world, ledger = World(reply(554, "5.7.1 spam")), tmp_path / "l"
    tally, line = asyncio.run(feed(world, Load(3, connections=1), ledger))
    assert (tally.acknowledged, tally.refused) == (2, 1)
    assert "refused 1 (554 5.7.1 spam)" in line
    assert len(lines(ledger)) == 2


def test_a_wrong_password_stops_the_run():
    with pytest.raises(Stopped, match="AUTH was answered 535"):
        asyncio.run(feed(World(), Load(3), password="wrong"))


def test_a_target_that_dies_is_fed_when_it_is_back():
    async def outage() -> tuple[World, Tally]:
        world, context = World(), self_made_context("mta.test", 1.7e9)

        async def die(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.transport.abort()
            dying.close()
            await world.start(context)

        dying = await asyncio.start_server(die, "127.0.0.1", 0)
        world.port = dying.sockets[0].getsockname()[1]
        tally, _ = await Traffic(
            target(world), PLAN, Load(5, connections=1), None
        ).run()
        world.close()
        return world, tally

    world, tally = asyncio.run(outage())
    assert (tally.acknowledged, tally.repeated) == (5, 1)
    assert len(world.taken) == 5


def test_the_rate_is_kept(tmp_path):
    _, line = asyncio.run(feed(World(), Load(30, rate=60, connections=4)))
    achieved = float(line.split(": ")[1].split("/s")[0])
    assert 30 < achieved < 75
