"""`sinyal signals`: the analytics service, and the keys that open it.

One directory holds all of it: `events` (chDB), `control.sqlite3` (keys, verdicts),
`batches` (accepted, not loaded yet), `tracking` (hits not handed over yet).
"""

import secrets
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvloop

from sinyal.engagement.token import derive_key
from sinyal.runtime import clock
from sinyal.runtime.log import open_log
from sinyal.store import Account, ApiKey, ControlStore, StoreError

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
    # Loaded here, or making a key would wait a second for the web framework.
    from sinyal.programs.signals_service import Options, run

    open_log()
    host, _colon, port = listen.rpartition(":")
    directory = state_directory(store, state)
    options = Options(
        store=f"chdb://{directory / 'events'}" if store.startswith("chdb:") else store,
        control=control or control_url(directory),
        directory=directory,
        host=host.strip("[]"),
        port=int(port),
        proxies=tuple(proxy or ()),
        max_event_age_s=max_event_age,
    )
    try:
        uvloop.run(run(options))
    except (StoreError, OSError) as error:
        typer.echo(f"sinyal signals: {error}", err=True)
        raise typer.Exit(1) from error


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
    directory = state_directory(store, state)
    directory.mkdir(parents=True, exist_ok=True)
    database = ControlStore(control or control_url(directory))
    account = Account(customer, subaccount, frozenset(grant))
    tracking = derive_key(key)
    is_new = database.add_key(
        ApiKey(
            key=key,
            label=label,
            account=account,
            created_at=clock.now(),
            tracking_key_id=tracking.key_id,
            tracking_secret=tracking.secret,
        )
    )
    if not is_new and database.account_of(key) != account:
        typer.echo("sinyal signals: this key exists with other rights", err=True)
        raise typer.Exit(1)
    typer.echo(key)


def state_directory(store: str, state: Path | None) -> Path:
    """The directory of all that is not in the event store."""
    if state is not None:
        return state
    if not store.startswith("chdb:"):
        raise typer.BadParameter("--state is needed with a ClickHouse server")
    return Path(urlsplit(store).path)


def control_url(directory: Path) -> str:
    """The URL of the SQLite database in `directory`."""
    return f"sqlite:///{directory / 'control.sqlite3'}"
