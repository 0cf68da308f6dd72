"""A table for people, or one JSON object a line for machines (`--json`)."""

import json
import sys

import msgspec


class Measure(msgspec.Struct, frozen=True):
    """One measured thing beside its peers in the same run."""

    measure: str
    unit: str
    ours: float
    peers: dict[str, float]
    conditions: str

    @property
    def ratio(self) -> dict[str, float]:
        return {name: self.ours / rate for name, rate in self.peers.items() if rate}


def show(measures: list[Measure]) -> None:
    """Print `measures` as the command line asks."""
    if "--json" in sys.argv:
        for one in measures:
            row = msgspec.to_builtins(one) | {"ratio": one.ratio}
            print(json.dumps(row))
        return
    print(f"{'measure':<34}{'sinyal':>10}  {'peer':<12}{'rate':>10}  ratio")
    for one in measures:
        for name, rate in one.peers.items() or [("-", 0.0)]:
            ratio = f"{one.ours / rate:.2f}" if rate else "-"
            shown = f"{one.measure} ({one.unit})"
            print(f"{shown:<34}{one.ours:>10,.0f}  {name:<12}{rate:>10,.0f}  {ratio}")
        print(f"    {one.conditions}")
