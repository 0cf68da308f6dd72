"""The chain of the demo: what is started, in which order, with which words."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import msgspec

from sinyal.demo.processes import Children
from sinyal.demo.site import API_KEY, LOOPBACK, Site

READ_KEY = "76543210fedcba9876543210fedcba9876543210"
USER, PASSWORD = "SMTP_Injection", "correct-horse-battery-staple"
CUSTOMER = "123"
SPEED = 2000.0  # delays of opens, clicks and reports are this much shorter
LONGEST_DELAY_S = 3.0

Tell = Callable[[str], None]


class Load(msgspec.Struct, frozen=True):
    """What traffic sends. Units: `rate` messages a second, 0 as fast as it goes."""

    count: int
    rate: float
    seed: int
    connections: int = 8


def start(site: Site, children: Children, seed: int, tell: Tell) -> None:
    """Start Signals, sink and MTA; return when all of them listen.

    Errors: `StartFailed` with the last lines of the part that did not come up.
    """
    store = f"chdb://{site.root / 'signals'}"
    grants = {API_KEY: "events/ingest", READ_KEY: "message_events/view"}
    for number, (key, grant) in enumerate(grants.items()):
        children.call(
            f"key-{number}",
            *("signals", "key", "create", "--store", store),
            *("--grant", grant, "--customer", CUSTOMER, "--key", key),
        )
    tell("API keys: Incoming Events: Write, Events Search: Read-only")
    listen = f"{LOOPBACK}:{site.ports.signals}"
    children.start("signals", "signals", "--store", store, "--listen", listen)
    start_sink(site, children, seed)
    start_mta(site, children)
    for name, port, what in (
        ("sink", site.ports.sink, "sink with its DNS"),
        ("mta", site.ports.submission, "mail server, port of submission"),
        ("mta", site.ports.reports, "mail server, port of reports"),
        ("signals", site.ports.signals, "Signals"),
    ):
        children.await_port(name, port)
        tell(f"{what}: {LOOPBACK}:{port}")


def start_sink(site: Site, children: Children, seed: int) -> None:
    """Start the receiver that keeps the truth."""
    ports = site.ports
    children.start(
        "sink",
        *("sink", "--listen", f"{LOOPBACK}:{ports.sink}"),
        *("--dns", f"{LOOPBACK}:{ports.dns}"),
        *("--status", f"{LOOPBACK}:{ports.sink_status}"),
        *("--report-to", f"{LOOPBACK}:{ports.reports}"),
        *("--ledger", str(site.sink_ledger), "--seed", str(seed)),
        *("--speed", str(SPEED), "--max-delay-s", str(LONGEST_DELAY_S)),
    )


def start_mta(site: Site, children: Children) -> None:
    """Start the mail server on the site's configuration."""
    children.start(
        "mta",
        *("mta", "--config", str(site.configuration), "--state", str(site.root)),
    )


def start_traffic(site: Site, children: Children, load: Load) -> None:
    """Start the feeder; it ends by itself."""
    children.start(
        "traffic",
        *("traffic", "--to", f"{LOOPBACK}:{site.ports.submission}"),
        *("--user", USER, "--password", PASSWORD),
        *("--count", str(load.count), "--rate", str(load.rate)),
        *("--seed", str(load.seed), "--connections", str(load.connections)),
        *("--ledger", str(site.traffic_ledger)),
    )


def is_sink_idle(site: Site) -> bool:
    """Whether the sink owes no report, open, click or second look at deferred mail."""
    url = f"http://{LOOPBACK}:{site.ports.sink_status}/status"
    with urllib.request.urlopen(url, timeout=5) as answer:
        status: dict[str, Any] = json.load(answer)
    return bool(status["is_idle"])
