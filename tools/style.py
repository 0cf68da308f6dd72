"""`make style`: where the code stands beside admired Python code bases.

The figures of the others are in anchors.tsv; ours are measured now. Aims to look at,
not limits to enforce.
"""

import csv
from pathlib import Path

import measure_style

HERE = Path(__file__).parent
BESIDE = ("h11", "httpcore", "starlette", "aiosmtpd", "procrastinate", "datasette")
ROW = "{:<24}{:>12}" + "{:>14}" * len(BESIDE)


def main() -> None:
    """Print a row per dimension."""
    root = HERE.parent
    ours = measure_style.row(
        "sinyal",
        measure_style.survey(root / "sinyal", keep={False}),
        measure_style.survey(root / "tests", keep={True, False}),
    )
    with (HERE / "anchors.tsv").open(newline="") as file:
        anchors = {row["name"]: row for row in csv.DictReader(file, delimiter="\t")}
    print(ROW.format("dimension", "sinyal", *BESIDE))
    for name, figure in ours.items():
        others = [anchors.get(name, {}).get(peer, "") for peer in BESIDE]
        print(ROW.format(name, str(figure), *others))


if __name__ == "__main__":
    main()
