"""`sinyal mta`: the mail server, driven by a PowerMTA configuration file."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from sinyal.config import Configuration
from sinyal.config.vocabulary import Listener
from sinyal.control.check import report
from sinyal.delivery.run import run as run_delivery
from sinyal.programs import transmissions
from sinyal.programs.mta_parts import Parts, assemble
from sinyal.reception.dialog import dialogs
from sinyal.reception.door import tls_context
from sinyal.reception.pickup import Pickup, check_directories
from sinyal.runtime.configuration import load_configuration
from sinyal.runtime.disk import reason_of
from sinyal.runtime.lifecycle import Tasks, stop_on_signal
from sinyal.runtime.listening import Listening
from sinyal.runtime.log import LOG, open_log
from sinyal.runtime.smtp_server import Dialog, serve

app = typer.Typer(add_completion=False)
DEFAULT_STATE = Path("/var/lib/pmta")
ROTATION_INTERVAL_S = 10.0
LEAVE_TAKING_S = 5.0  # for messages that wait for their 250


@app.command()
def mta(
    config: Annotated[str, typer.Option(help="The configuration file.")],
    state: Annotated[
        Path, typer.Option(help="Event files, and the spool unless <spool> names one.")
    ] = DEFAULT_STATE,
) -> None:
    """Receive, queue and deliver mail as the configuration file says.

    Exit status 2: the file has errors; 1: a port, file or directory is refused.
    """
    loaded = load_configuration(config)
    for line in report(loaded.problems)[0]:
        typer.echo(line, err=True)
    if loaded.configuration is None:
        raise typer.Exit(2)
    try:
        uvloop.run(run(loaded.configuration, state))
    except OSError as error:
        typer.echo(f"sinyal mta: {reason_of(error)}", err=True)
        raise typer.Exit(1) from error


async def run(configuration: Configuration, state: Path) -> None:
    """Serve until SIGTERM or SIGINT. Errors: `OSError` of what cannot be opened."""
    settings = configuration.settings
    open_log(
        Path(settings.log_file) if settings.log_file else None,
        generations=settings.log_rotate if settings.log_auto_rotation else 0,
        world_readable=settings.log_file_world_readable,
    )
    stop, tasks = stop_on_signal(), Tasks()
    # Asking the system for its name may wait for the DNS: only where none is written.
    host_name = configuration.host_name_or("") or socket.getfqdn()
    check_directories(settings.pickup)
    parts = assemble(configuration, state, host_name)
    pickup = Pickup(parts.door)
    try:
        LOG.info("%d recipients recovered from the spool", parts.line.recover())
        servers = await listen(configuration, parts)
        servers += await transmissions.listen(parts.door)
        tasks.start(rotate(parts, stop), "rotation of accounting files")
        tasks.start(pickup.run(stop), "pickup directory")
        if parts.connector is not None:
            tasks.start(parts.connector.run(parts.clock, stop), "Signals upload")
        await run_delivery(parts.courier, stop)
        await pickup.end()
        await asyncio.gather(*(server.stop(LEAVE_TAKING_S) for server in servers))
    finally:
        await tasks.stop()
        await parts.close()
    LOG.info("stopped")


async def listen(configuration: Configuration, parts: Parts) -> list[Listening]:
    """The listening servers of every smtp-listener line."""
    context = tls_context(configuration.settings)
    servers = []
    for listener in configuration.listeners:
        dialog = dialogs(parts.door, listener)
        servers.append(await _listener(listener, dialog, context))
        LOG.info("listening on %s:%d", listener.host, listener.port)
    return servers


async def _listener(
    listener: Listener, dialog: Callable[[], Dialog], context: ssl.SSLContext | None
) -> Listening:
    """A listening server. Errors: `OSError` that names the line's address."""
    try:
        return await serve(listener.host, listener.port, dialog, context)
    except OSError as error:
        place = f"smtp-listener {listener.host}:{listener.port}"
        text = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(error.errno, text, place) from error


async def rotate(parts: Parts, stop: asyncio.Event) -> None:
    """Finish accounting files whose day is over, also while no mail flows."""
    while not stop.is_set():
        try:
            parts.ledger.rotate(parts.clock())
        except OSError as error:
            LOG.error("accounting: %s", error)
        await asyncio.sleep(ROTATION_INTERVAL_S)
