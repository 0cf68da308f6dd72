"""What each witness of the demo has seen, read from its own medium.

The ledgers' NDJSON, the accounting's CSV, the search API, the HTML of the summary page:
none looks at another's. A sighting is (the witness's word, campaign, recipient).
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

from sinyal.demo.counters import COUNTERS, Count

PER_PAGE = 10_000
PATIENCE_S = 30.0


class Sighting(NamedTuple):
    """One fact about one recipient; traffic uses an address once in a run."""

    word: str
    campaign: str
    rcpt: str


def acknowledged(traffic: Path) -> dict[str, str]:
    """The campaign of each recipient for whom the MTA answered 250 to the message."""
    return {row["rcpt"].lower(): row["job"] for row in _lines(traffic)}


def ledgers(traffic: Path, sink: Path) -> Iterator[Sighting]:
    """The truth: what was acknowledged, and what the sink did."""
    sent: dict[str, str] = {}
    for row in _lines(traffic):
        rcpt = row["rcpt"].lower()
        sent[rcpt] = row["job"]
        yield Sighting("injected", row["job"], rcpt)
    for row in _lines(sink):
        rcpt = row["rcpt"].lower()
        yield Sighting(row["fact"], sent.get(rcpt, ""), rcpt)


def accounting(directory: Path, sent: Mapping[str, str]) -> Iterator[Sighting]:
    """The records of all accounting files.

    rb and f have no job column: their recipient names the campaign.
    """
    for path in sorted(directory.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rcpt = (row.get("rcpt") or "").lower()
                campaign = row.get("jobId") or sent.get(rcpt, "")
                yield Sighting(row["type"], campaign, rcpt)


def events(url: str, key: str) -> Iterator[Sighting]:
    """The events of the search API, page by page."""
    headers = {"Authorization": key}
    with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S) as client:
        parameters: dict[str, str] = {
            "per_page": str(PER_PAGE),
            "to": "2100-01-01T00:00",
        }
        while parameters:
            answer = client.get("/api/v1/events/message", params=parameters)
            body = answer.raise_for_status().json()
            for event in body["results"]:
                campaign, rcpt = event.get("campaign_id", ""), event.get("rcpt_to", "")
                yield Sighting(event["type"], campaign, rcpt)
            following = body.get("links", {}).get("next", "")
            parameters = dict(parse_qsl(urlsplit(following).query))


def page(url: str) -> Count:
    """The numbers of the summary page's table by campaign."""
    query = {"range": "24h", "group": "campaign_id"}
    answer = httpx.get(f"{url}/summary", params=query, timeout=PATIENCE_S)
    cells = _Cells()
    cells.feed(answer.raise_for_status().text)
    known = {fact.metric for fact in COUNTERS}
    return Counter({key: n for key, n in cells.numbers.items() if key[0] in known})


def tally(sightings: Iterator[Sighting]) -> Count:
    """How often each word was said of each campaign."""
    return Counter((one.word, one.campaign) for one in sightings)


class _Cells(HTMLParser):
    """`<data data-scope=group data-of=CAMPAIGN data-metric=NAME data-value=N>`."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: Counter[tuple[str, str]] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "data" and said.get("data-scope") == "group":
            cell = said["data-metric"] or "", said["data-of"] or ""
            self.numbers[cell] = int(said["data-value"] or 0)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of an NDJSON file that may still be written."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.endswith("\n"))
