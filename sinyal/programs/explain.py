"""`sinyal explain DOMAIN[/VMTA]`: each effective setting and the line that set it."""

from typing import Annotated

import typer

from sinyal.config.provenance import Provenance
from sinyal.control.explain import Question, Unknown, explain, mx_record, target
from sinyal.control.layout import folded, json_of
from sinyal.runtime.configuration import DEFAULT_PATH, DiskFiles, load_configuration
from sinyal.runtime.terminal import columns

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("explain")
def command(  # noqa: PLR0913 -- one parameter an option
    first: Annotated[
        str, typer.Argument(metavar="FILE", help="The configuration file.")
    ] = "",
    second: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN[/VMTA]", help="The queue; FILE may be left out."
        ),
    ] = "",
    config: Annotated[str, typer.Option(help="The configuration file.")] = DEFAULT_PATH,
    source: Annotated[str, typer.Option(metavar="IP", help="A feeder's address.")] = "",
    listener: Annotated[
        str, typer.Option(metavar="IP:PORT", help="Where it connects to.")
    ] = "",
    user: Annotated[str, typer.Option(help="Its login name.")] = "",
    sender: Annotated[
        str,
        typer.Option("--from", metavar="DOMAIN", help="Domain of Sender or From."),
    ] = "",
    mx: Annotated[
        list[str] | None,
        typer.Option(metavar="'10 HOST'", help="MX records, to see the roll-up."),
    ] = None,
    with_defaults: Annotated[bool, typer.Option("--all", help="Defaults too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what applies to mail for DOMAIN by VMTA, and to a feeder.

    Without either, what stands outside every section. Every setting is followed by the
    file and line that set it. Lines in error are told and left out. Exit status 2: the
    file, or what is asked for, is not there.
    """
    file, asked = _file_and_target(first, second, config)
    provenance = understood(file)
    domain, vmta = target(asked)
    try:
        question = Question(
            domain=domain,
            vmta=vmta,
            source=source,
            listener=listener,
            user=user,
            sender=sender,
            records=tuple(map(mx_record, mx or ())),
            with_defaults=with_defaults,
        )
        groups = explain(provenance, question)
    except Unknown as unknown:
        typer.echo(f"sinyal explain: {unknown}", err=True)
        raise typer.Exit(2) from unknown
    text = json_of(groups) if as_json else "\n".join(folded(groups, columns()))
    typer.echo(text)


def understood(file: str) -> Provenance:
    """What `file` says; its errors go to standard error. Ends when it is unread."""
    loaded = load_configuration(file)
    errors = [problem for problem in loaded.problems if problem.is_error]
    for error in errors:
        typer.echo(str(error), err=True)
    if loaded.understood is None or loaded.whole is None:
        raise typer.Exit(2)
    if errors:
        typer.echo(f"{file}: a server refuses this file; what it says:", err=True)
    return Provenance(loaded.whole, loaded.understood)


def _file_and_target(first: str, second: str, config: str) -> tuple[str, str]:
    """One word is the queue, unless it is a file; two are the file and the queue."""
    if second:
        return first, second
    if first.startswith(("/", ".")) or DiskFiles().exists(first):
        return first, ""
    return config, first
