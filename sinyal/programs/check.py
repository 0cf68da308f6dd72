"""`sinyal check FILE`: every problem of a configuration file, in one run."""

from typing import Annotated

import typer

from sinyal.control.check import report, report_json
from sinyal.runtime.configuration import load_configuration

app = typer.Typer(add_completion=False)


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="The configuration file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every problem of FILE to standard error; exit 2 when one is an error.

    Relative paths in FILE are resolved against the directory of FILE.
    """
    problems = load_configuration(file).problems
    lines, exit_code = report(problems)
    if as_json:
        typer.echo(report_json(problems))
    else:
        for line in lines:
            typer.echo(line, err=True)
        if exit_code == 0:
            typer.echo(f"{file}: no errors, {len(lines)} warnings")
    raise typer.Exit(exit_code)
