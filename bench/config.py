"""Seconds to load a large configuration, to explain a queue of it, and to compare it.

    python bench/config.py [--json]

A file of 5,000 lines or more with 500 VirtualMTAs and 2,000 `<domain>` entries is
loaded as at a start or a reload; the best of five runs counts. The peer is a plain pass
over the same octets that only divides lines into words. `explain` and `diff` are told
without loading, `explain` also as the command that a shell starts. Exit status 1 above
a second for loading, or above 0.2 s for loading and explaining together.
"""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from report import Measure, show

from sinyal.config import Loaded
from sinyal.config.provenance import Provenance
from sinyal.control.difference import difference
from sinyal.control.explain import Question, explain, target
from sinyal.control.layout import folded
from sinyal.runtime.configuration import load_configuration

CEILING_S = 1.0
EXPLAIN_CEILING_S = 0.2
RUNS = 5
QUEUE = "d7.example/v3"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
VIRTUAL_MTAS, DOMAINS, RELAYS = 500, 2000, 600


def text() -> str:
    """The configuration."""
    lines = ["log-file pmta.log", "<spool spool>", "</spool>"]
    lines += [f"relay-domain r{number}.example" for number in range(RELAYS)]
    for number in range(VIRTUAL_MTAS):
        address = f"10.0.{number // 250}.{number % 250 + 1}"
        lines += [f"<virtual-mta v{number}>"]
        lines += [f"    smtp-source-host {address} m{number}.example", "</virtual-mta>"]
    for number in range(DOMAINS):
        lines += [f"<domain d{number}.example>", "    max-smtp-out 5", "</domain>"]
    return "\n".join(lines) + "\n"


def best(work: Callable[[], object], *, wall: bool = False) -> float:
    """Processor seconds of the fastest run, or seconds by the clock."""
    clock = time.perf_counter if wall else time.process_time
    spent = []
    for _ in range(RUNS):
        started = clock()
        work()
        spent.append(clock() - started)
    return min(spent)


def told(loaded: Loaded) -> list[str]:
    """All that is said of a queue and of a feeder."""
    domain, vmta = target(QUEUE)
    question = Question(
        domain=domain, vmta=vmta, source="192.0.2.1", with_defaults=True
    )
    known = Provenance(loaded.whole, loaded.understood)
    return folded(explain(known, question), 120)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "pmta.conf"
        path.write_text(text())
        ours = best(lambda: load_configuration(str(path)))
        peer = best(lambda: [line.split() for line in path.read_text().split("\n")])
        loaded = load_configuration(str(path))
        words = [sys.executable, "-m", "sinyal", "explain", str(path), QUEUE]
        command = best(lambda: subprocess.run(words, check=True, **QUIET), wall=True)
    if loaded.configuration is None or loaded.whole is None:
        sys.exit("\n".join(map(str, loaded.problems)))
    known = Provenance(loaded.whole, loaded.configuration)
    explained = best(lambda: told(loaded))
    compared = best(lambda: difference(known, known))
    conditions = f"{text().count(chr(10)):,} lines, {VIRTUAL_MTAS} VirtualMTAs, "
    conditions += f"{DOMAINS:,} domains; Python {platform.python_version()}"
    milliseconds = {"split only": peer * 1000}
    show([
        Measure("load", "ms", ours * 1000, milliseconds, conditions),
        Measure("explain a queue, when loaded", "ms", explained * 1000, {}, conditions),
        Measure("sinyal explain, in all", "ms", command * 1000, {}, conditions),
        Measure("diff, when both are loaded", "ms", compared * 1000, {}, conditions),
    ])
    is_slow = ours > CEILING_S or ours + explained > EXPLAIN_CEILING_S
    sys.exit(1 if is_slow else 0)


if __name__ == "__main__":
    main()
