"""What a run of traffic came to: how many, how fast, how long each took."""

import msgspec


class Tally(msgspec.Struct):
    """Filled while the run goes on. Units: `latencies_s` seconds, MAIL to last 250."""

    acknowledged: int = 0
    refused: int = 0
    repeated: int = 0
    last_refusal: str = ""
    latencies_s: list[float] = []


def percentile(ordered: list[float], share: float) -> float:
    """The nearest-rank percentile of sorted values; 0 of none."""
    if not ordered:
        return 0.0
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def summary(tally: Tally, elapsed_s: float, rate: float) -> str:
    """One line: counts, achieved rate beside the one asked for, latency."""
    ordered = sorted(tally.latencies_s)
    p50, p95 = (percentile(ordered, share) * 1000 for share in (0.50, 0.95))
    achieved = tally.acknowledged / elapsed_s if elapsed_s > 0 else 0.0
    asked = f"{rate:g}/s asked for" if rate else "as fast as it goes"
    refused = (
        f"; refused {tally.refused} ({tally.last_refusal})" if tally.refused else ""
    )
    repeated = f"; {tally.repeated} repeated" if tally.repeated else ""
    return (
        f"{tally.acknowledged} messages acknowledged in {elapsed_s:.2f} s: "
        f"{achieved:.1f}/s ({asked}); injection latency p50 {p50:.1f} ms, "
        f"p95 {p95:.1f} ms{refused}{repeated}"
    )
