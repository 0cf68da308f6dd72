"""`sinyal sink`: takes all mail, answers as its seed decides, keeps the truth."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from sinyal.programs.endpoint import Endpoint, endpoint
from sinyal.runtime import clock
from sinyal.runtime.disk import reason_of
from sinyal.runtime.lifecycle import stop_on_signal
from sinyal.runtime.log import LOG, open_log
from sinyal.sink.run import Options, Sink
from sinyal.sink.sites import is_loopback

app = typer.Typer(add_completion=False)


@app.command()
def sink(  # noqa: PLR0913 - an argument is an option
    listen: Annotated[Endpoint, typer.Option(parser=endpoint, help="SMTP, HOST:PORT")],
    report_to: Annotated[
        Endpoint,
        typer.Option(parser=endpoint, help="Where bounces and complaints go by SMTP"),
    ],
    ledger: Annotated[Path, typer.Option(help="One line of JSON per fact")],
    dns: Annotated[
        Endpoint | None, typer.Option(parser=endpoint, help="DNS over UDP, HOST:PORT")
    ] = None,
    status: Annotated[
        Endpoint | None,
        typer.Option(parser=endpoint, help="GET /status says what is still to come"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every answer")] = 1,
    speed: Annotated[
        float, typer.Option(min=0.001, help="Delays are this much shorter")
    ] = 60.0,
    max_delay_s: Annotated[
        float, typer.Option(min=0, help="No delay is longer, in seconds")
    ] = 3600.0,
    domain: Annotated[str, typer.Option(help="Suffix of the DNS zone")] = "sink.test",
    fbl_address: Annotated[
        str, typer.Option(help="Where complaints are addressed to")
    ] = "fbl@fbl.pmta.signalsdemo.trymsys.net",
    tracking_host: Annotated[
        list[str] | None,
        typer.Option(help="NAME or NAME=ADDRESS:PORT that may be visited"),
    ] = None,
    txt: Annotated[
        list[str] | None, typer.Option(help="NAME=TEXT, a TXT record of the zone")
    ] = None,
    visits: Annotated[int, typer.Option(min=1, help="At the same time")] = 16,
    outside: Annotated[
        bool, typer.Option(help="Allow --report-to that is not loopback")
    ] = False,
) -> None:
    """Receive mail; bounce, defer, open, click and complain; keep the truth.

    The first label of the recipient's domain decides: accept, bounce, block, full,
    toobig, defer, grey, slow, oob, fbl, openclick, prefetch, bot, code-550-5-7-1,
    not-gmail and the like; any other label is a bit of everything. Only loopback is
    ever visited or written to, unless a host is named.
    """
    if not outside and not is_loopback(report_to.host):
        raise typer.BadParameter(f"{report_to} is not on loopback: add --outside")
    options = Options(
        listen=listen,
        report_to=report_to,
        ledger=ledger,
        dns=dns,
        status=status,
        seed=seed,
        speed=speed,
        most_delay_s=max_delay_s,
        domain=domain,
        fbl_address=fbl_address,
        tracking_hosts=tuple(tracking_host or ()),
        visits=visits,
        txt=dict(_name_and_text(one) for one in txt or ()),
    )
    open_log()
    try:
        uvloop.run(_run(options))
    except OSError as error:
        typer.echo(f"sinyal sink: {reason_of(error)}", err=True)
        raise typer.Exit(1) from error


def _name_and_text(row: str) -> tuple[str, str]:
    name, _, text = row.partition("=")
    return name, text


async def _run(options: Options) -> None:
    stop = stop_on_signal()
    running = Sink(options, clock.now)
    try:
        await running.start()
        LOG.info("sink: SMTP on port %d, seed %d", running.smtp_port, options.seed)
        await stop.wait()
    finally:
        await running.stop()
