"""The command line: `sinyal COMMAND ...`; each command is one module of `programs`.

A command's module is imported only when it is called: the mail server must not carry
the analytics service in its memory, nor the other way round.
"""

import importlib
import signal
import sys

from sinyal import __version__

# command: (module below sinyal.programs, what it does)
COMMANDS = {
    "mta": ("mta", "the mail server, driven by a PowerMTA configuration file"),
    "reload": ("reload", "have the mail server read its configuration again"),
    "signals": ("signals", "the analytics service: ingest, search, tracking, pages"),
    "sink": ("sink", "a receiver that bounces, defers, opens, clicks and complains"),
    "traffic": ("traffic", "campaigns over authenticated SMTP"),
    "check": ("check", "every problem of a configuration file, in one run"),
    "explain": ("explain", "every setting of a queue or a feeder, with its line"),
    "diff": ("diff", "what a changed configuration file changes, and where"),
    "demo": ("demo", "the whole chain on loopback, with a proof of every number"),
    "jobid": ("jobid", "a text as a safe X-Job name"),
}

# Whom SIGHUP tells to reload. Until they can, the signal waits; by default it kills.
RELOADED = {"mta"}


def usage() -> str:
    """The list of commands, as printed by `sinyal --help`."""
    rows = [f"  {name:<9} {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(["usage: sinyal COMMAND [OPTIONS]", "", *rows, ""])


def main() -> None:
    """Run the command named on the command line; exit 2 when there is none such."""
    arguments = sys.argv[1:]
    match arguments[:1]:
        case ["--version"]:
            sys.stdout.write(f"sinyal {__version__}\n")
        case ["--help" | "-h"]:
            sys.stdout.write(usage())
        case [name] if name in COMMANDS:
            if name in RELOADED:
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
            module = importlib.import_module(f"sinyal.programs.{COMMANDS[name][0]}")
            module.app(args=arguments[1:], prog_name=f"sinyal {name}")
        case _:
            sys.stderr.write(usage())
            sys.exit(2)


if __name__ == "__main__":
    main()
