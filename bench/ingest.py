"""Events into the store over HTTP, beside a raw chDB insert of the same lines.

    python bench/ingest.py [--events N] [--batch N] [--json]

Ours: gzip batches are posted over four connections to a real `sinyal signals` process
and the clock stops when the last event is searchable, every step synced. Peer: chDB
alone, the same stored lines in blocks of 18,000, synced, no HTTP, no checks. Then the
tracking endpoint: clicks answered, each on disk before its answer. Bounded to 60 s.
"""

import argparse
import asyncio
import gzip
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from sinyal.engagement.token import Copy, Engagement, derive_key, seal
from sinyal.events.codec import Rejected, decode_line, encode_line
from sinyal.events.event import Event
from sinyal.ingest.loader import LOAD_EVENTS
from sinyal.runtime.identity import event_id, message_id, nonce
from sinyal.store.events import EventStore

KEY = secrets.token_hex(20)
CONNECTIONS = 4
VISITORS = 64
CEILING_S = 40.0
CAMPAIGNS, DOMAINS = 200, 2000

Measure = dict[str, object]


def events(count: int) -> Iterator[Event]:
    """Deliveries, delays and bounces of messages of the last hour."""
    now = int(time.time())
    for number in range(count):
        kind = ("injection", "delivery", "delivery", "delay", "bounce")[number % 5]
        domain = f"penyedia{number * number % DOMAINS}.example"
        yield Event(
            type=kind,
            event_id=event_id(),
            timestamp=now - 3600 + number * 3600 // count,
            message_id=message_id(),
            recv_method="esmtp",
            delv_method="esmtp",
            rcpt_to=f"penerima.{number}@{domain}",
            raw_rcpt_to=f"Penerima.{number}@{domain}",
            routing_domain=domain,
            msg_from=f"b-{number}@bounces.toko.example",
            friendly_from="kabar@toko.example",
            friendly_name="Toko Kabar",
            subject="Promo hari ini: ongkos kirim gratis sampai malam",
            campaign_id=f"flash-sale-{number % CAMPAIGNS}",
            binding="mta1",
            binding_group="promo",
            ip_pool="promo",
            sending_ip=f"192.0.2.{number % 8}",
            ip_address="198.51.100.7",
            msg_size=18342,
            queue_time=840,
            outbound_tls="1",
            bounce_class=10 if kind == "bounce" else 0,
            raw_reason="smtp;550 5.1.1 no mailbox here" if kind == "bounce" else "",
            open_tracking=True,
            click_tracking=True,
            node_name="mta01.toko.example",
        )


class Service:
    """A `sinyal signals` process on a directory of its own."""

    def __init__(self, root: Path) -> None:
        store = f"chdb://{root / 'signals'}"
        program = [sys.executable, "-m", "sinyal", "signals"]
        grants = ["--grant", "events/ingest", "--grant", "message_events/view"]
        key = ["key", "create", "--customer", "1", "--key", KEY]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*program, *key, *grants, "--store", store], check=True, **quiet)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            listen = f"127.0.0.1:{probe.getsockname()[1]}"
        service = [*program, "--store", store, "--listen", listen]
        self.process = subprocess.Popen(service, **quiet)
        self.url = f"http://{listen}"
        self.http = httpx.Client(timeout=60, headers={"Authorization": KEY})
        while not self._is_up():
            time.sleep(0.1)
        self.idle_octets = self.rss_octets()

    def _is_up(self) -> bool:
        try:
            return self.http.get(f"{self.url}/health").is_success
        except httpx.TransportError:
            return False

    def rss_octets(self) -> int:
        statm = Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def post(self, body: bytes) -> None:
        answer = self.http.post(
            f"{self.url}/api/v1/ingest/events",
            content=body,
            headers={
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "gzip",
            },
        )
        answer.raise_for_status()

    def settle(self) -> None:
        while self.http.get(f"{self.url}/health").json()["waiting_batches"]:
            time.sleep(0.01)

    def total(self) -> int:
        late = {"to": "2100-01-01T00:00:00Z", "per_page": "1"}
        page = self.http.get(f"{self.url}/api/v1/events/message", params=late)
        return int(page.json()["total_count"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def over_http(service: Service, bodies: list[bytes], batch: int) -> tuple[float, int]:
    """Events per second, and how many went in before the ceiling of time."""
    started = time.perf_counter()
    sent = 0
    with ThreadPoolExecutor(CONNECTIONS) as posts:
        for first in range(0, len(bodies), CONNECTIONS):
            part = bodies[first : first + CONNECTIONS]
            list(posts.map(service.post, part))
            sent += len(part)
            if time.perf_counter() - started > CEILING_S / 2:
                break
    service.settle()
    lasted = time.perf_counter() - started
    found = service.total()
    if found != sent * batch:
        raise SystemExit(f"{sent * batch} events sent, {found} found")
    return found / lasted, found


def raw_chdb(root: Path, rows: list[bytes]) -> float:
    """Events per second of chDB alone."""
    store = EventStore(f"chdb://{root / 'raw'}")
    blocks = [
        b"".join(rows[first : first + LOAD_EVENTS])
        for first in range(0, len(rows), LOAD_EVENTS)
    ]
    started = time.perf_counter()
    for number, block in enumerate(blocks):
        store.insert(block, f"block {number}")
    lasted = time.perf_counter() - started
    store.close()
    return len(rows) / lasted


def stored(line: bytes) -> bytes:
    """The line as the service stores it."""
    event = decode_line(line)
    if isinstance(event, Rejected):
        raise SystemExit(event.reason)
    return msgspec.json.encode(event) + b"\n"


def clicks(service: Service, seconds: float) -> float:
    """Clicks per second that are on disk before their redirect."""
    key = derive_key(KEY)
    copy = Copy(message_id=message_id(), customer_id=1, rcpt_to="a@b.example")
    click = Engagement(copy, "click", "https://toko.example/p/42", "beli")
    path = f"/f/a/{seal(key, click, nonce())}"
    return uvloop.run(_clicks(service.url, path, seconds)) / seconds


async def _clicks(url: str, path: str, seconds: float) -> int:
    host, _colon, port = url.removeprefix("http://").rpartition(":")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    end = time.perf_counter() + seconds

    async def visitor() -> int:
        reader, writer = await asyncio.open_connection(host, int(port))
        count = 0
        while time.perf_counter() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")  # a redirect has no body
            if not head.startswith(b"HTTP/1.1 302"):
                raise SystemExit(head.decode())
            count += 1
        writer.close()
        return count

    return sum(await asyncio.gather(*(visitor() for _ in range(VISITORS))))


def measure(count: int, batch: int) -> list[Measure]:
    texts = [encode_line(event) for event in events(count)]
    parts = [b"".join(texts[at : at + batch]) for at in range(0, count, batch)]
    bodies = [gzip.compress(part, 6) for part in parts]
    octets = sum(map(len, texts)) // count
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    with tempfile.TemporaryDirectory(prefix="sinyal-bench-") as name:
        root = Path(name)
        service = Service(root)
        ours, found = over_http(service, bodies, batch)
        loaded_octets = service.rss_octets()
        hits = clicks(service, 3)
        service.stop()
        raw = raw_chdb(root, [stored(text) for text in texts[:found]])
    conditions = f"{found} events of {octets} octets in gzip batches of {batch}, "
    conditions += f"{CONNECTIONS} connections, synced; {machine}"
    memory = {"peers": {}, "ratio": {}, "unit": "MB"}
    return [
        {
            "measure": "ingest over HTTP until searchable",
            "unit": "events/s",
            "ours": round(ours),
            "peers": {"raw chDB insert": round(raw)},
            "ratio": {"raw chDB insert": round(ours / raw, 2)},
            "conditions": conditions,
        },
        {
            "measure": "clicks on disk before the redirect",
            "unit": "clicks/s",
            "ours": round(hits),
            "peers": {},
            "ratio": {},
            "conditions": f"{VISITORS} connections of one Python client; {machine}",
        },
        {
            "measure": "memory of the idle service",
            "ours": round(service.idle_octets / 1e6),
            "conditions": "RSS after start",
            **memory,
        },
        {
            "measure": "memory after the load",
            "ours": round(loaded_octets / 1e6),
            "conditions": conditions,
            **memory,
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--batch", type=int, default=3_000)
    parser.add_argument("--json", action="store_true", help="one object per measure")
    options = parser.parse_args()
    measures = measure(options.events // options.batch * options.batch, options.batch)
    if options.json:
        for row in measures:
            print(json.dumps(row))
        return
    table = Table("measure", "ours", "peer", "ratio", title="Ingest")
    for row in measures:
        peers, ratio = row["peers"], row["ratio"]
        assert isinstance(peers, dict)
        assert isinstance(ratio, dict)
        shown = ", ".join(f"{name} {rate:,}" for name, rate in peers.items())
        ratios = ", ".join(map(str, ratio.values()))
        table.add_row(
            str(row["measure"]), f"{row['ours']:,} {row['unit']}", shown, ratios
        )
    console = Console()
    console.print(table)
    console.print(measures[0]["conditions"], style="dim")


if __name__ == "__main__":
    main()
