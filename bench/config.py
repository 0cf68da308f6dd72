"""Seconds to load a large configuration: sections, macros, patterns, inheritance.

    python bench/config.py [--json]

A file of 5,000 lines or more with 500 VirtualMTAs and 2,000 `<domain>` entries is
loaded as at a start or a reload; the best of five runs counts. The peer is a plain pass
over the same octets that only divides lines into words. Exit status 1 above a second.
"""

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from report import Measure, show

from sinyal.runtime.configuration import load_configuration

CEILING_S = 1.0
RUNS = 5
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


def best(work: Callable[[], object]) -> float:
    """Processor seconds of the fastest run."""
    spent = []
    for _ in range(RUNS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "pmta.conf"
        path.write_text(text())
        ours = best(lambda: load_configuration(str(path)))
        peer = best(lambda: [line.split() for line in path.read_text().split("\n")])
        loaded = load_configuration(str(path))
    if loaded.configuration is None:
        sys.exit("\n".join(map(str, loaded.problems)))
    conditions = f"{text().count(chr(10)):,} lines, {VIRTUAL_MTAS} VirtualMTAs, "
    conditions += f"{DOMAINS:,} domains; Python {platform.python_version()}"
    milliseconds = {"split only": peer * 1000}
    show([Measure("load", "ms", ours * 1000, milliseconds, conditions)])
    sys.exit(1 if ours > CEILING_S else 0)


if __name__ == "__main__":
    main()
