"""What the demo shows in a terminal: a check list, then the tables."""

import time

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from sinyal.demo.counters import Line
from sinyal.demo.survival import Survival

QUIET_S = 4.0  # between lines of progress where there is no terminal


class Screen:
    """Ticks with their second, and tables; plain text where there is no terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._begin = time.monotonic()
        self._status: Status | None = None
        self._told_at = self._begin

    def tick(self, text: str) -> None:
        """A line for what is done; it ends the line of progress."""
        self._end_progress()
        self._print(f"[green]✓[/] [dim]{self._passed_s():5.1f} s[/]  {escape(text)}")

    def say(self, text: str) -> None:
        self._print(escape(text))

    def fail(self, text: str) -> None:
        self._end_progress()
        self._print(f"[bold red]✗[/] {escape(text)}")

    def progress(self, text: str) -> None:
        """How far it is: a live line in a terminal, else one every few seconds."""
        if self._console.is_terminal:
            if self._status is None:
                self._status = self._console.status(text)
                self._status.start()
            self._status.update(escape(text))
        elif time.monotonic() - self._told_at > QUIET_S:
            self._told_at = time.monotonic()
            self._print(f"  [dim]{self._passed_s():5.1f} s[/]  {escape(text)}")

    def _end_progress(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _passed_s(self) -> float:
        return time.monotonic() - self._begin

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)

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
