"""`sinyal signals`: the analytics service, and the keys that open it.

One directory holds all of it: `events` (chDB), `control.sqlite3` (keys, verdicts),
`batches` (accepted, not loaded yet), `tracking` (hits not handed over yet).
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from sinyal.engagement.token import derive_key
from sinyal.programs.endpoint import endpoint
from sinyal.runtime import clock
from sinyal.runtime.disk import reason_of
from sinyal.runtime.log import open_log
from sinyal.store.control import Account, ApiKey, ControlStore

app = typer.Typer(add_completion=False)
keys = typer.Typer(add_completion=False, help="API keys.")
app.add_typer(keys, name="key")

Store = Annotated[str, typer.Option(help="chdb:///DIRECTORY or a ClickHouse URL")]
State = Annotated[Path | None, typer.Option(help="Directory, unless the store's")]
Control = Annotated[str, typer.Option(help="SQL URL, unless SQLite in the directory")]

DEFAULT_STORE = "chdb:///var/lib/sinyal/signals"
GRANTS = ("events/ingest", "message_events/view")


@app.callback(invoke_without_command=True)
def signals(  # noqa: PLR0913 - an argument is an option
    context: typer.Context,
    store: Store = DEFAULT_STORE,
    listen: Annotated[str, typer.Option(help="HOST:PORT")] = "127.0.0.1:8025",
    state: State = None,
    control: Control = "",
    proxy: Annotated[
        list[str] | None, typer.Option(help="Address whose X-Forwarded-For counts")
    ] = None,
    max_event_age: Annotated[
        int, typer.Option(help="Seconds; older events are dropped; 0: never")
    ] = 86_400,
) -> None:
    """Run the service until SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    host, port = endpoint(listen)
    # Loaded here, or making a key would wait a second for the web framework.
    import uvloop

    from sinyal.programs.signals_service import Options, run

    open_log()
    directory = state_directory(store, state)
    options = Options(
        store=f"chdb://{directory / 'events'}" if store.startswith("chdb:") else store,
        control=control or control_url(directory),
        directory=directory,
        host=host,
        port=port,
        proxies=tuple(proxy or ()),
        max_event_age_s=max_event_age,
    )
    with _one_line_errors():
        uvloop.run(run(options))


@keys.command("create")
def create_key(  # noqa: PLR0913 - an argument is an option
    grant: Annotated[list[str], typer.Option(help=" or ".join(GRANTS))],
    customer: Annotated[int, typer.Option(help="Account number")],
    store: Store = DEFAULT_STORE,
    state: State = None,
    control: Control = "",
    key: Annotated[str, typer.Option(help="40 hexadecimal digits")] = "",
    label: str = "",
    subaccount: int = 0,
) -> None:
    """Make an API key and print it; it cannot be shown again."""
    key = (key or secrets.token_hex(20)).lower()
    if len(key) != 40 or set(key) - set("0123456789abcdef"):
        raise typer.BadParameter("a key is 40 hexadecimal digits")
    if unknown := sorted(set(grant) - set(GRANTS)):
        raise typer.BadParameter(f"unknown grant {unknown[0]}: use {GRANTS}")
    tracking = derive_key(key)
    made = ApiKey(
        key=key,
        label=label,
        account=Account(customer, subaccount, frozenset(grant)),
        created_at=clock.now(),
        tracking_key_id=tracking.key_id,
        tracking_secret=tracking.secret,
    )
    with _one_line_errors():
        _keep_key(made, state_directory(store, state), control)
    typer.echo(key)


def _keep_key(made: ApiKey, directory: Path, control: str) -> None:
    # What is below is nobody else's: addresses of recipients, secrets of tracking.
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = ControlStore(control or control_url(directory))
    is_new = database.add_key(made)
    if not is_new and database.account_of(made.key) != made.account:
        typer.echo("sinyal signals: this key exists with other rights", err=True)
        raise typer.Exit(1)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Exit status 1 and one line for what the machine refuses."""
    try:
        yield
    except OSError as error:
        typer.echo(f"sinyal signals: {reason_of(error)}", err=True)
        raise typer.Exit(1) from error


def state_directory(store: str, state: Path | None) -> Path:
    """The directory of all that is not in the event store."""
    url = urlsplit(store)
    is_chdb = url.scheme == "chdb"
    is_directory = not url.netloc and len(url.path) > 1
    if not (is_directory if is_chdb else url.scheme and url.netloc):
        raise typer.BadParameter(
            f"{store!r} is not chdb:///DIRECTORY or a server's URL"
        )
    if state is None and not is_chdb:
        raise typer.BadParameter("--state is needed with a ClickHouse server")
    return state or Path(url.path)


def control_url(directory: Path) -> str:
    """The URL of the SQLite database in `directory`."""
    return f"sqlite:///{directory / 'control.sqlite3'}"
