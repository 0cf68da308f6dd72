"""The demo from start to proof: a first load, its reconciliation, then live traffic."""

import signal
import tempfile
import time
from pathlib import Path

import msgspec

from sinyal.demo import chain
from sinyal.demo.processes import Children, StartFailed, await_true
from sinyal.demo.proof import (
    count_survivors,
    pages_answer,
    prove,
    prove_survival,
)
from sinyal.demo.screen import Screen
from sinyal.demo.site import Site, free_ports, prepare
from sinyal.demo.witnesses import acknowledged

LIVE_RATE = 10.0
LIVE_COUNT = 1_000_000


class Plan(msgspec.Struct, frozen=True):
    """What to run. Units: `budget_s` seconds for all of it, `rate` messages a second.

    `kill_at`: kill the mail server after so many acknowledged messages; 0 never.
    """

    load: chain.Load
    budget_s: float = 85.0
    kill_at: int = 0
    stay: bool = False
    root: Path | None = None
    has_usual_ports: bool = True


def run(plan: Plan) -> int:
    """Run `plan`; the exit status is 0 only if nothing is lost and all agree."""
    screen = Screen()
    for ending in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: the children go too
        signal.signal(ending, signal.default_int_handler)
    deadline = time.monotonic() + plan.budget_s
    with tempfile.TemporaryDirectory(prefix="sinyal-demo-") as scratch:
        site = prepare(
            plan.root or Path(scratch), free_ports(are_usual=plan.has_usual_ports)
        )
        screen.tick(f"site with configuration, certificate and DKIM key: {site.root}")
        children = Children(site.root / "out")
        try:
            return _run(plan, site, children, screen, deadline)
        except StartFailed as failure:
            screen.fail(str(failure))
            return 1
        except KeyboardInterrupt:
            return 130
        finally:
            children.stop()


def _run(
    plan: Plan, site: Site, children: Children, screen: Screen, deadline: float
) -> int:
    chain.start(site, children, plan.load.seed, screen.tick)
    screen.say(f"   pages: {_page(site)}")
    chain.start_traffic(site, children, plan.load)
    rate = f"{plan.load.rate:g} messages/s" if plan.load.rate else "full speed"
    screen.tick(f"traffic: {plan.load.count} messages at {rate}, seed {plan.load.seed}")
    status = (
        _survive(plan, site, children, screen, deadline)
        if plan.kill_at
        else _reconcile(site, children, screen, deadline)
    )
    if plan.stay:
        _stay(plan, site, children, screen)
    return status


def _reconcile(site: Site, children: Children, screen: Screen, deadline: float) -> int:
    lines = prove(site, children, deadline, screen.progress)
    screen.tick(_last_line(children, "traffic"))
    screen.reconciliation(lines)
    wrong = pages_answer(site)
    for page in wrong:
        screen.fail(page)
    if any(line.difference for line in lines) or wrong:
        screen.fail("the witnesses disagree")
        return 1
    if not all(line.ledger for line in lines):
        screen.fail("a counter is 0: send more messages to prove it")
        return 1
    screen.tick("every difference is 0")
    return 0


def _survive(
    plan: Plan, site: Site, children: Children, screen: Screen, deadline: float
) -> int:
    await_true(
        lambda: len(acknowledged(site.traffic_ledger)) >= plan.kill_at,
        max(1.0, deadline - time.monotonic()),
        children.why("traffic"),
    )
    children.kill("mta")
    screen.tick(f"mail server killed after {plan.kill_at} acknowledged messages")
    before = count_survivors(site)
    chain.start_mta(site, children)
    children.await_port("mta", site.ports.submission)
    open_then = before.acknowledged - before.at_sink
    screen.tick(f"mail server restarted; {open_then} acknowledged were still queued")
    found = prove_survival(site, children, deadline, screen.progress)
    screen.tick(_last_line(children, "traffic"))
    screen.survival(found)
    if found.lost or found.acknowledged < plan.load.count:
        screen.fail("acknowledged messages are missing")
        return 1
    screen.tick("nothing acknowledged was lost")
    return 0


def _stay(plan: Plan, site: Site, children: Children, screen: Screen) -> None:
    """Keep traffic going until Ctrl-C."""
    live = chain.Load(count=LIVE_COUNT, rate=LIVE_RATE, seed=plan.load.seed + 1)
    chain.start_traffic(site, children, live)
    screen.say(f"\nlive traffic: {_page(site)}   Ctrl-C ends the demo")
    children.status("traffic")


def _last_line(children: Children, name: str) -> str:
    lines = children.output(name).splitlines()
    return f"{name}: {lines[-1] if lines else 'no output'}"


def _page(site: Site) -> str:
    return f"{site.signals_url}/summary?range=1h"
