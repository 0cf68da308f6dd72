"""`sinyal reload`: a running mail server reads its configuration file again."""

from pathlib import Path
from typing import Annotated

import typer

from sinyal.programs import defaults
from sinyal.runtime.control_socket import Request, ask
from sinyal.runtime.disk import reason_of

app = typer.Typer(add_completion=False)
PATIENCE_S = 120.0


@app.command("reload")
def command(
    state: Annotated[
        Path, typer.Option(help="The state directory of the server.")
    ] = defaults.STATE,
    config: Annotated[
        str, typer.Option(help="Reload only if the server runs on this file.")
    ] = "",
) -> None:
    """Print what changed, or every error: then the server goes on as it was.

    Exit status 2: the file has errors; 1: a port, file or directory is refused, or no
    server runs.
    """
    arguments = {"config": str(Path(config).absolute())} if config else {}
    try:
        outcome = ask(state, Request("reload", arguments), PATIENCE_S)
    except TimeoutError as error:
        typer.echo(f"sinyal reload: no answer for {PATIENCE_S:.0f} s", err=True)
        raise typer.Exit(1) from error
    except (FileNotFoundError, ConnectionRefusedError) as error:
        typer.echo(f"sinyal reload: no server runs with the state {state}", err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        typer.echo(f"sinyal reload: {state}: {reason_of(error)}", err=True)
        raise typer.Exit(1) from error
    for line in outcome.lines:
        typer.echo(line, err=outcome.exit_code != 0)
    raise typer.Exit(outcome.exit_code)
