"""Resident memory of an idle mail server and an idle Signals service.

    python bench/memory.py [--json]

Each runs as a process of its own on loopback: the server on `examples/demo.conf`, the
service on an empty store. The greatest RSS of five seconds after it listens counts,
beside the ceiling that it has to stay under. Exit status 1 above a ceiling.
"""

import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from report import Measure, show

from sinyal.demo.site import LOOPBACK, free_ports, prepare

MTA_CEILING_MB = 80.0
SIGNALS_CEILING_MB = 600.0
WATCH_S = 5.0
PATIENCE_S = 60.0


@contextmanager
def running(port: int, *arguments: str) -> Iterator[int]:
    """The process id of `sinyal ARGUMENTS`, once it listens on `port`."""
    command = [sys.executable, "-m", "sinyal", *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _await_listener(process, port)
            yield process.pid
        finally:
            process.terminate()


def _await_listener(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{process.args!r} does not listen on {port}")


def greatest_rss_mb(process_id: int) -> float:
    """The greatest resident set of the process and its children while watched."""
    greatest = 0
    deadline = time.monotonic() + WATCH_S
    while time.monotonic() < deadline:
        family = [process_id, *_children(process_id)]
        greatest = max(greatest, sum(_rss_kb(one) for one in family))
        time.sleep(0.1)
    return greatest / 1024


def _children(process_id: int) -> list[int]:
    path = Path(f"/proc/{process_id}/task/{process_id}/children")
    found = [int(child) for child in path.read_text().split()]
    return found + [below for child in found for below in _children(child)]


def _rss_kb(process_id: int) -> int:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def idle_mta(root: Path) -> Measure:
    site = prepare(root, free_ports())
    options = ("--config", str(site.configuration), "--state", str(root / "state"))
    with running(site.ports.submission, "mta", *options) as process_id:
        used = greatest_rss_mb(process_id)
    return _measure("idle mail server", used, MTA_CEILING_MB, "examples/demo.conf")


def idle_signals(root: Path) -> Measure:
    port = free_ports().signals
    options = ("--store", f"chdb://{root}", "--listen", f"{LOOPBACK}:{port}")
    with running(port, "signals", *options) as process_id:
        used = greatest_rss_mb(process_id)
    return _measure("idle Signals", used, SIGNALS_CEILING_MB, "an empty store")


def _measure(name: str, used: float, ceiling: float, on: str) -> Measure:
    conditions = (
        f"greatest RSS in {WATCH_S:.0f} s after it listens, on {on}, "
        f"Python {platform.python_version()}, {platform.machine()}"
    )
    return Measure(name, "MB", round(used, 1), {"ceiling": ceiling}, conditions)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sinyal-memory-") as root:
        (Path(root) / "signals").mkdir()
        measures = [
            idle_mta(Path(root) / "mta"),
            idle_signals(Path(root) / "signals"),
        ]
    show(measures)
    if any(ratio > 1 for one in measures for ratio in one.ratio.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
