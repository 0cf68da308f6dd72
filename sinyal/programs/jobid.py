"""`sinyal jobid TEXT`: the text as a safe X-Job name (seed, bonus feature)."""

import typer

from sinyal.mail.job import safe_job_id

app = typer.Typer(add_completion=False)


@app.command()
def jobid(text: str) -> None:
    """Print TEXT with every character that X-Job does not allow turned into `_`."""
    typer.echo(safe_job_id(text))
