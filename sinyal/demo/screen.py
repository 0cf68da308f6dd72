"""What the demo shows in a terminal: a check list, then the tables."""

import time

from rich.console import Console
from rich.table import Table

from sinyal.demo.counters import Line
from sinyal.demo.survival import Survival


class Screen:
    """Ticks with their second, and tables; plain text where there is no terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._begin = time.monotonic()

    def tick(self, text: str) -> None:
        passed = time.monotonic() - self._begin
        self._console.print(f"[green]✓[/] [dim]{passed:5.1f} s[/]  {text}")

    def say(self, text: str) -> None:
        self._console.print(text)

    def fail(self, text: str) -> None:
        self._console.print(f"[bold red]✗[/] {text}")

    def reconciliation(self, lines: tuple[Line, ...]) -> None:
        """One row per counter: what each witness counted, and the difference."""
        table = Table(title="Reconciliation: four witnesses, one truth")
        table.add_column("counter")
        for witness in ("sink's ledger", "accounting", "event store", "page"):
            table.add_column(witness, justify="right")
        table.add_column("difference", justify="right")
        for line in lines:
            counts = (line.ledger, line.accounting, line.store, line.page)
            cells = ["-" if n is None else f"{n:,}" for n in counts]
            colour = "red" if line.difference else "green"
            apart = f"[{colour}]{line.difference:,}[/]"
            table.add_row(line.title, *cells, apart)
        self._console.print(table)

    def survival(self, found: Survival) -> None:
        """What a kill -9 cost."""
        table = Table(title="After kill -9 of the mail server and a restart")
        table.add_column("acknowledged messages")
        table.add_column("count", justify="right")
        for title, count in (
            ("answered 250 by the mail server", found.acknowledged),
            ("delivered or refused, says the sink's ledger", found.at_sink),
            ("delivered or bounced, says the accounting", found.in_accounting),
            ("delivered or bounced, says the event store", found.in_store),
            ("delivered twice", found.twice),
        ):
            table.add_row(title, f"{count:,}")
        colour = "red" if found.lost else "green"
        table.add_row("[bold]lost[/]", f"[{colour}]{found.lost:,}[/]")
        self._console.print(table)
