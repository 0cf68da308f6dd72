"""Reception alone: 50 connections in, 250 after the disk sync, nothing goes out.

Debian's smtp-source feeds sinyal and Postfix's smtpd on the same machine in the same
run, in turn. Both hand their mail to `discard`; a checkout of sinyal that has no `type
discard` lets it wait in a queue whose only host refuses connections. A rate is messages
by the seconds that smtp-source takes, all its 250s read; the processor time of sinyal
per message tells more where the machine has other work too.

    python bench/reception.py [--json] [--rounds N] [--package-root CHECKOUT]

With `--package-root` another checkout of sinyal takes its turn as well.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mailers import (
    LOOPBACK,
    await_port,
    free_port,
    launch_sinyal,
    start_postfix,
    stop_sinyal,
)
from report import Measure, show

CONNECTIONS = 50
LOADS = ((10_240, 6000), (102_400, 1500))  # octets of a message, messages
PATIENCE_S = 120.0
TICKS = os.sysconf("SC_CLK_TCK")

SINYAL = """
smtp-listener 127.0.0.1:{port}
host-name bench.test
<source 0/0>
    always-allow-relaying yes
</source>
<spool {root}/spool>
</spool>
<acct-file {root}/acct.csv>
    records d,b
</acct-file>
log-file {root}/sinyal.log
total-max-smtp-in 200
<domain *>
    {goal}
    max-smtp-out 1
    retry-after 1h
</domain>
"""
HERE = Path(__file__).parents[1]

POSTFIX_DISCARDS = """
relayhost =
default_transport = discard:
"""


class Taken(NamedTuple):
    """What one round cost; `cpu_us` of sinyal's process per message, 0 for others."""

    rate: float
    cpu_us: float = 0.0


def feed(port: int, load: tuple[int, int]) -> float:
    """The seconds that smtp-source takes for `load`."""
    octets, messages = load
    begin = time.monotonic()
    subprocess.run(
        [
            *("smtp-source", "-d", "-N", "-s", str(CONNECTIONS)),
            *("-m", str(messages), "-l", str(octets)),
            *("-f", "from@bench.test", "-t", "to@sink.test"),
            f"{LOOPBACK}:{port}",
        ],
        check=True,
        timeout=PATIENCE_S,
    )
    return time.monotonic() - begin


def cpu_s(process_id: int) -> float:
    """Seconds of processor time, user and system, of a process and its threads."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def goal(package_root: Path) -> str:
    """Where mail goes in that checkout."""
    modules = (package_root / "sinyal" / "delivery").glob("*.py")
    if any('"discard"' in module.read_text() for module in modules):
        return "type discard"
    return f"smtp-hosts [127.0.0.1]:{free_port()}"


def receive_sinyal(root: Path, load: tuple[int, int], package_root: str = "") -> Taken:
    port = free_port()
    there = Path(package_root) if package_root else HERE
    conf = SINYAL.format(root=root, port=port, goal=goal(there))
    child = launch_sinyal(root, port, conf, package_root)
    try:
        feed(port, (load[0], CONNECTIONS))  # what is loaded on first use is loaded
        before = cpu_s(child.pid)
        rate = load[1] / feed(port, load)
        return Taken(rate, (cpu_s(child.pid) - before) / load[1] * 1e6)
    finally:
        stop_sinyal(child)


def receive_postfix(root: Path, load: tuple[int, int]) -> Taken:
    port = free_port()
    stop = start_postfix(root, port, free_port(), POSTFIX_DISCARDS)
    try:
        await_port(port)
        feed(port, (load[0], CONNECTIONS))
        return Taken(load[1] / feed(port, load))
    finally:
        stop()


def in_own_directory(
    receive: Callable[[Path, tuple[int, int]], Taken], load: tuple[int, int]
) -> Taken:
    root = Path(tempfile.mkdtemp(prefix="reception-"))
    root.chmod(0o755)
    try:
        return receive(root / "site", load)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def measure(load: tuple[int, int], rounds: int, package_root: str) -> Measure:
    """The median rate of each, run in turn."""
    receivers: dict[str, Callable[[Path, tuple[int, int]], Taken]] = {
        "sinyal": receive_sinyal,
        "Postfix": receive_postfix,
    }
    if package_root:
        receivers["other"] = lambda root, size: receive_sinyal(root, size, package_root)
    taken: dict[str, list[Taken]] = {name: [] for name in receivers}
    for _ in range(rounds):
        for name, receive in receivers.items():
            taken[name].append(in_own_directory(receive, load))
    rates = {
        name: statistics.median(one.rate for one in each)
        for name, each in taken.items()
    }
    octets, messages = load
    return Measure(
        measure=f"reception of {octets // 1024} kB",
        unit="messages/s",
        ours=rates.pop("sinyal"),
        peers=rates,
        conditions=f"{messages} messages, {CONNECTIONS} connections, one worker, "
        f"median of {rounds} rounds in turn; all rounds: {_rounds(taken)}",
    )


def _rounds(taken: dict[str, list[Taken]]) -> str:
    """Every rate, and the least processor time of a message where it is known."""
    shown = []
    for name, each in taken.items():
        rates = " ".join(f"{one.rate:.0f}" for one in each)
        cpu = min(one.cpu_us for one in each)
        shown.append(f"{name} {rates}" + (f" (CPU {cpu:.0f} us each)" if cpu else ""))
    return "; ".join(shown)


def option(name: str, default: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def main() -> None:
    if not shutil.which("smtp-source") or not shutil.which("postfix"):
        sys.exit("bench/reception.py needs Debian's postfix: apt-get install postfix")
    rounds, package_root = int(option("--rounds", "3")), option("--package-root", "")
    show([measure(load, rounds, package_root) for load in LOADS])


if __name__ == "__main__":
    main()
