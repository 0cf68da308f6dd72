"""Relay rate: 50 connections in, one next hop out, 250 after the disk sync.

Debian's smtp-source feeds, smtp-sink receives; Postfix relays the same load on the
same machine in the same run, in turn with sinyal. A rate is messages by the seconds
from the first connection until the receiver has the last message.

    python bench/relay.py [--json] [--rounds N]
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mailers import LOOPBACK, await_port, free_port, start_postfix, start_sinyal
from report import Measure, show

CONNECTIONS = 50
LOADS = ((10_240, 6000), (102_400, 1500))  # octets of a message, messages
MAILERS = {"sinyal": start_sinyal, "Postfix": start_postfix}
PATIENCE_S = 120.0


class Receiver:
    """Debian's smtp-sink with its running count."""

    def __init__(self) -> None:
        self.port = free_port()
        self._out = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (open as long as self)
        self._child = subprocess.Popen(
            ["smtp-sink", "-u", "nobody", "-c", f"{LOOPBACK}:{self.port}", "1000"],
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )
        await_port(self.port)

    def messages(self) -> int:
        self._out.seek(0)
        counts = re.findall(rb"mesg=(\d+)", self._out.read()[-200:])
        return int(counts[-1]) if counts else 0

    def stop(self) -> None:
        self._child.kill()
        self._child.wait()
        self._out.close()


def relay(
    start: Callable[[Path, int, int], Callable[[], None]], load: tuple[int, int]
) -> float:
    """Messages a second that the mailer relays of `load`."""
    octets, messages = load
    receiver, port = Receiver(), free_port()
    root = Path(tempfile.mkdtemp(prefix="relay-"))
    root.chmod(0o755)
    stop = start(root / "site", port, receiver.port)
    try:
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
        while receiver.messages() < messages:
            if time.monotonic() - begin > PATIENCE_S:
                raise TimeoutError(f"{receiver.messages()} of {messages} relayed")
            time.sleep(0.005)
        return messages / (time.monotonic() - begin)
    finally:
        stop()
        receiver.stop()
        shutil.rmtree(root, ignore_errors=True)


def measure(load: tuple[int, int], rounds: int) -> Measure:
    """The median rate of each mailer, run in turn."""
    rates: dict[str, list[float]] = {name: [] for name in MAILERS}
    for _ in range(rounds):
        for name, start in MAILERS.items():
            rates[name].append(relay(start, load))
    octets, messages = load
    return Measure(
        measure=f"relay of {octets // 1024} kB",
        unit="messages/s",
        ours=statistics.median(rates["sinyal"]),
        peers={"Postfix": statistics.median(rates["Postfix"])},
        conditions=f"{messages} messages, {CONNECTIONS} connections, one worker, "
        f"median of {rounds} rounds in turn; all rounds: "
        + "; ".join(
            f"{name} {' '.join(f'{rate:.0f}' for rate in each)}"
            for name, each in rates.items()
        ),
    )


def main() -> None:
    if not shutil.which("smtp-source") or not shutil.which("postfix"):
        sys.exit("bench/relay.py needs Debian's postfix: apt-get install postfix")
    rounds = (
        int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 3
    )
    show([measure(load, rounds) for load in LOADS])


if __name__ == "__main__":
    main()
