"""`sinyal diff OLD NEW`: what a changed configuration changes, by effective values."""

from typing import Annotated

import msgspec
import typer

from sinyal.config import Loaded
from sinyal.config.provenance import Provenance
from sinyal.control.difference import difference, told
from sinyal.runtime.configuration import load_configuration
from sinyal.runtime.terminal import columns

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("diff")
def command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The file as it was.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The file as it will be.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting that comes out differently, with both lines.

    A line that moved and changes nothing is not told. Exit status: 0 when both do the
    same, 1 when they differ, 2 when a file has errors; what it says is compared still.
    """
    before, after = load_configuration(old), load_configuration(new)
    has_errors = [
        _tell_errors(file, loaded) for file, loaded in ((old, before), (new, after))
    ]
    changes = difference(_provenance(before), _provenance(after))
    if as_json:
        typer.echo(msgspec.json.encode(changes).decode())
    else:
        for line in told(changes, columns()):
            typer.echo(line)
    raise typer.Exit(2 if any(has_errors) else int(bool(changes)))


def _tell_errors(file: str, loaded: Loaded) -> bool:
    errors = [problem for problem in loaded.problems if problem.is_error]
    for error in errors:
        typer.echo(str(error), err=True)
    if errors:
        typer.echo(f"{file}: a server refuses this file", err=True)
    return bool(errors)


def _provenance(loaded: Loaded) -> Provenance:
    """What the file says. Ends when it could not be read."""
    if loaded.whole is None or loaded.understood is None:
        raise typer.Exit(2)
    return Provenance(loaded.whole, loaded.understood)
