"""`sinyal demo`: the whole chain on loopback, and the proof of every number."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sinyal.demo.chain import Load
from sinyal.demo.run import Plan, run

app = typer.Typer(add_completion=False)
CHECK_BUDGET_S = 78.0  # and the programs need a moment to end


@app.command()
def demo(  # noqa: PLR0913 - an argument is an option
    check: Annotated[bool, typer.Option(help="No live traffic afterwards.")] = False,
    seed: Annotated[int, typer.Option(help="Decides every message and reply.")] = 1,
    count: Annotated[int, typer.Option(help="Messages of the first load.")] = 600,
    rate: Annotated[float, typer.Option(help="Messages a second; 0: no limit.")] = 60,
    kill_at: Annotated[
        int, typer.Option(help="Kill -9 the mail server after N messages, restart it.")
    ] = 0,
    any_ports: Annotated[
        bool, typer.Option("--any-ports", help="Any free ports, not the usual ones.")
    ] = False,
    root: Annotated[
        Path | None, typer.Option(help="Keep all files below this directory.")
    ] = None,
) -> None:
    """Run mail server, Signals, sink and traffic on loopback and compare all counts.

    In a terminal live traffic goes on until Ctrl-C; with --check, or without a
    terminal, the exit status says whether every difference is 0.
    """
    load = Load(count=count, rate=rate, seed=seed)
    stay = sys.stdout.isatty() and not check
    plan = Plan(
        load,
        CHECK_BUDGET_S,
        kill_at=kill_at,
        stay=stay,
        root=root,
        has_usual_ports=not any_ports,
    )
    raise typer.Exit(run(plan))
