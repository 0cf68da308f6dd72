"""`sinyal check FILE`: every problem of a configuration file, in one run."""

from typing import Annotated

import typer

from sinyal.config import Loaded
from sinyal.config.provenance import Provenance
from sinyal.control.ceiling import Ceiling, ceilings, groups
from sinyal.control.check import report, report_json
from sinyal.control.layout import folded
from sinyal.runtime.configuration import (
    DEFAULT_PATH,
    load_configuration,
    normalised,
)
from sinyal.runtime.terminal import columns

app = typer.Typer(add_completion=False, rich_markup_mode=None)

LENIENT_HELP = "Unknown directives and sections are warnings, and left out."
CEILING_HELP = "Messages an hour that the limits allow, and which limit binds."
PACE_HELP = "Time a connection needs for a message, for --ceiling."
PRINT_HELP = "Print the file as it is read, includes in their places."


@app.command()
def check(  # noqa: PLR0913 -- one parameter an option
    file: Annotated[str, typer.Argument(help="The configuration file.")] = DEFAULT_PATH,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    is_lenient: Annotated[bool, typer.Option("--lenient", help=LENIENT_HELP)] = False,
    with_ceiling: Annotated[bool, typer.Option("--ceiling", help=CEILING_HELP)] = False,
    message_s: Annotated[
        float,
        typer.Option("--seconds-per-message", min=0.001, help=PACE_HELP),
    ] = 1.0,
    as_text: Annotated[bool, typer.Option("--print", help=PRINT_HELP)] = False,
    with_secrets: Annotated[
        bool, typer.Option(help="Print passwords and keys too.")
    ] = False,
) -> None:
    """Print every problem of FILE to standard error; exit 2 when one is an error.

    Relative paths in FILE are resolved against the directory of FILE.
    """
    loaded = load_configuration(file, is_lenient=is_lenient)
    lines, exit_code = report(loaded.problems)
    limits = _ceiling(loaded, message_s) if with_ceiling else None
    if as_json:
        typer.echo(report_json(file, loaded.problems, limits))
        raise typer.Exit(exit_code)
    for line in lines:
        typer.echo(line, err=True)
    if as_text:
        typer.echo(normalised(file, with_secrets=with_secrets), nl=False)
    for line in folded(groups(limits or (), message_s), columns()):
        typer.echo(line)
    if exit_code == 0 and not (limits or as_text):
        end = "" if len(lines) == 1 else "s"
        typer.echo(f"{file}: no errors, {len(lines)} warning{end}")
    raise typer.Exit(exit_code)


def _ceiling(loaded: Loaded, message_s: float) -> tuple[Ceiling, ...]:
    """What the limits allow; nothing for a file that was not read."""
    if loaded.whole is None or loaded.understood is None:
        return ()
    return ceilings(Provenance(loaded.whole, loaded.understood), message_s)
