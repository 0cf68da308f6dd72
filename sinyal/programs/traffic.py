"""`sinyal traffic`: campaigns over authenticated SMTP, at a rate."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from sinyal.programs.endpoint import Endpoint, endpoint
from sinyal.runtime.lifecycle import stop_on_signal
from sinyal.runtime.tls import client_context
from sinyal.traffic.compose import Plan
from sinyal.traffic.feeder import Stopped, Target
from sinyal.traffic.result import Tally
from sinyal.traffic.run import Load, Traffic

app = typer.Typer(add_completion=False)


@app.command()
def traffic(  # noqa: PLR0913 - an argument is an option
    to: Annotated[Endpoint, typer.Option(parser=endpoint, help="HOST:PORT of the MTA")],
    user: Annotated[str, typer.Option(help="Log in as; none: no AUTH")] = "",
    password: Annotated[str, typer.Option(envvar="SINYAL_PASSWORD")] = "",
    tls: Annotated[bool, typer.Option(help="STARTTLS before anything else")] = True,
    verify: Annotated[bool, typer.Option(help="Check the certificate")] = False,
    count: Annotated[int, typer.Option(min=1, help="Messages to send")] = 300,
    rate: Annotated[float, typer.Option(min=0, help="Per second; 0: no limit")] = 0,
    connections: Annotated[int, typer.Option(min=1, max=1000)] = 4,
    seed: Annotated[int, typer.Option(help="Decides every message")] = 1,
    first: Annotated[int, typer.Option(min=0, help="Number of the first one")] = 0,
    size: Annotated[int, typer.Option(min=0, help="Octets; 0: 5 to 60 kB")] = 0,
    mail_from_domain: Annotated[
        str, typer.Option(help="Domain of the senders and links")
    ] = Plan().from_domain,
    sink_domain: Annotated[
        str, typer.Option(help="Suffix of the recipients' domains")
    ] = Plan().sink_domain,
    label: Annotated[
        list[str] | None, typer.Option(help="Only to these labels of the sink")
    ] = None,
    vmta: Annotated[str, typer.Option(help="Sent as x-virtual-mta")] = "",
    ledger: Annotated[
        Path | None, typer.Option(help="One line of JSON per acknowledged message")
    ] = None,
    patience_s: Annotated[
        float, typer.Option(help="How long one message is tried again")
    ] = 60.0,
) -> None:
    """Send COUNT messages of several campaigns, and print rate and latency.

    The same seed gives the same messages. Recipients are spread over the labels of
    `sinyal sink`, so that mail is delivered, deferred, bounced, opened, clicked and
    complained about. Exit status 1 if any message was refused.
    """
    context = client_context(verify=verify) if tls else None
    target = Target(to.host, to.port, user, password, context, patience_s)
    plan = Plan(
        seed=seed,
        from_domain=mail_from_domain,
        sink_domain=sink_domain,
        octets=size,
        labels=tuple(label or ()),
        vmta=vmta,
    )
    load = Load(count=count, rate=rate, connections=connections, first=first)
    try:
        tally, line = uvloop.run(_run(target, plan, load, ledger))
    except (Stopped, OSError) as error:
        typer.echo(f"sinyal traffic: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(line)
    raise typer.Exit(1 if tally.refused else 0)


async def _run(
    target: Target, plan: Plan, load: Load, ledger: Path | None
) -> tuple[Tally, str]:
    stop = stop_on_signal()
    run = Traffic(target, plan, load, ledger)
    stopping = asyncio.create_task(_stop_after(stop, run))
    try:
        return await run.run()
    finally:
        stopping.cancel()


async def _stop_after(stop: asyncio.Event, run: Traffic) -> None:
    await stop.wait()
    run.stop()
