"""`sinyal mta`: the mail server, driven by a PowerMTA configuration file."""

import asyncio
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from sinyal.config import Configuration, Loaded
from sinyal.control.check import report
from sinyal.delivery.run import run as run_delivery
from sinyal.programs import defaults, startup_errors
from sinyal.programs.adoption import Adoption
from sinyal.programs.current import log_of
from sinyal.programs.listeners import Listeners
from sinyal.programs.mta_parts import Parts, assemble
from sinyal.programs.reloader import Reloader
from sinyal.programs.transmissions import ApiListeners
from sinyal.reception.pickup import Pickup, check_directories
from sinyal.runtime.configuration import DEFAULT_PATH, load_configuration
from sinyal.runtime.control_socket import ControlServer
from sinyal.runtime.disk import reason_of
from sinyal.runtime.lifecycle import Tasks, hangups, stop_on_signal
from sinyal.runtime.log import LOG, use_log
from sinyal.runtime.memory import Thrift, keep_what_is_there

app = typer.Typer(add_completion=False)
ROTATION_INTERVAL_S = 10.0
THRIFT_INTERVAL_S = 30.0
LEAVE_TAKING_S = 5.0  # for messages that wait for their 250


@app.command()
def mta(
    config: Annotated[str, typer.Option(help="The configuration file.")] = DEFAULT_PATH,
    state: Annotated[
        Path, typer.Option(help="Event files, and the spool unless <spool> names one.")
    ] = defaults.STATE,
) -> None:
    """Receive, queue and deliver mail as the configuration file says.

    Exit status 2: the file has errors; 1: a port, file or directory is refused.
    """
    loaded = load_configuration(config)
    lines = report(loaded.problems)[0]
    for line in lines:
        typer.echo(line, err=True)
    if loaded.configuration is None:
        startup_errors.keep(loaded, lines)
        raise typer.Exit(2)
    try:
        uvloop.run(run(config, loaded, loaded.configuration, state))
    except OSError as error:
        said = reason_of(error)
        startup_errors.keep(loaded, [said])
        typer.echo(f"sinyal mta: {said}", err=True)
        raise typer.Exit(1) from error


async def run(
    config: str, loaded: Loaded, configuration: Configuration, state: Path
) -> None:
    """Serve until SIGTERM or SIGINT. Errors: `OSError` of what cannot be opened."""
    use_log(log_of(configuration.settings))
    stop, hangup, tasks = stop_on_signal(), hangups(), Tasks()
    # Asking the system for its name may wait for the DNS: only where none is written.
    host_name = configuration.host_name_or("") or socket.getfqdn()
    check_directories(configuration.settings.pickup)
    parts = assemble(configuration, state, host_name)
    pickup, listeners = Pickup(parts.door), Listeners(parts.door)
    api = ApiListeners(parts.door)
    reloader = Reloader(config, loaded, [listeners, api, Adoption(parts)])
    control = ControlServer(state, {"reload": reloader.command})
    try:
        LOG.info("%d recipients recovered from the spool", parts.line.recover())
        await (await listeners.prepare(configuration)).commit()
        await (await api.prepare(configuration)).commit()
        await control.start()
        tasks.start(reload_at(hangup, reloader, tasks), "reloads at SIGHUP")
        tasks.start(rotate(parts, stop), "rotation of accounting files")
        tasks.start(save_memory(stop), "memory given back")
        for keeper in parts.keepers:
            tasks.start(keeper.run(stop), "what is kept over a restart")
        tasks.start(pickup.run(stop), "pickup directory")
        tasks.start(parts.uploads.run(parts.clock, stop), "Signals upload")
        await run_delivery(parts.courier, stop)
        await control.stop()
        await pickup.end()
        await asyncio.gather(listeners.stop(LEAVE_TAKING_S), api.stop(LEAVE_TAKING_S))
    finally:
        await tasks.stop()
        await parts.close()
    LOG.info("stopped")


async def reload_at(hangup: asyncio.Event, reloader: Reloader, tasks: Tasks) -> None:
    """Reload at every SIGHUP; what comes of it is in the log."""
    while await hangup.wait():
        hangup.clear()
        tasks.start(reloader.reload(), "reload")


async def save_memory(stop: asyncio.Event) -> None:
    """Let the system have what many connections have left."""
    keep_what_is_there()
    thrift = Thrift()
    while not stop.is_set():
        await asyncio.sleep(THRIFT_INTERVAL_S)
        await asyncio.to_thread(thrift.look)


async def rotate(parts: Parts, stop: asyncio.Event) -> None:
    """Finish accounting files whose day is over, also while no mail flows."""
    while not stop.is_set():
        try:
            parts.ledger.rotate(parts.clock())
        except OSError as error:
            LOG.error("accounting: %s", error)
        await asyncio.sleep(ROTATION_INTERVAL_S)
