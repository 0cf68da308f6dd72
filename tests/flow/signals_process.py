"""A real `sinyal signals` process for flow tests, and requests to it."""

import base64
import gzip
import itertools
import secrets
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from sinyal.engagement.token import derive_key
from sinyal.events.codec import encode_line
from sinyal.events.event import Event
from sinyal.store.control import Account, ApiKey, ControlStore

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sinyal", "signals", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


class Service:
    """One service directory; its process may die and come back."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "signals"
        self.directory.mkdir()
        self.store = f"chdb://{self.directory}"
        self.log = root / "signals.log"
        self.http = httpx.Client(timeout=PATIENCE_S)
        self.port = free_port()
        self.customers = itertools.count(100)

    def client(self) -> "Client":
        """A client of an account of its own."""
        return Client(self, next(self.customers))

    def start(self, *options: str) -> None:
        """Start the process and return once it answers."""
        address = f"127.0.0.1:{self.port}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "sinyal", "signals"),
                    *("--store", self.store, "--listen", address, *options),
                ],
                cwd=ROOT,
                stderr=log,
            )
        self.url = f"http://{address}"
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert not self.is_dead_after(0.05), self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()

    def answers(self) -> bool:
        try:
            return self.http.get(f"{self.url}/health").status_code == 200
        except httpx.TransportError:
            return False

    def is_dead_after(self, seconds: float) -> bool:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def settle(self) -> None:
        """Return once every accepted batch is loaded."""
        deadline = time.monotonic() + PATIENCE_S
        while self.http.get(f"{self.url}/health").json()["waiting_batches"]:
            assert time.monotonic() < deadline, self.log.read_text()


class Client:
    """An account with a key for ingest and one for searches."""

    def __init__(self, service: Service, customer_id: int) -> None:
        self.service = service
        self.customer_id = customer_id
        self.http = service.http
        self.key = self.new_key("events/ingest")
        self.read_key = self.new_key("message_events/view")

    def new_key(self, grant: str) -> str:
        key = secrets.token_hex(20)
        tracking = derive_key(key)
        control = ControlStore(f"sqlite:///{self.service.directory}/control.sqlite3")
        control.add_key(
            ApiKey(
                key=key,
                label="test",
                account=Account(self.customer_id, 0, frozenset({grant})),
                created_at=0.0,
                tracking_key_id=tracking.key_id,
                tracking_secret=tracking.secret,
            )
        )
        control.close()
        return key

    def post(self, text: bytes, **headers: str) -> httpx.Response:
        return self.post_body(gzip.compress(text, 1), **headers)

    def post_body(self, body: bytes, **headers: str) -> httpx.Response:
        usual = {
            "Authorization": self.key,
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        }
        return self.http.post(
            f"{self.service.url}/api/v1/ingest/events",
            content=body,
            headers={**usual, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )

    def get(self, path: str, key: str = "", **query: str) -> httpx.Response:
        query.setdefault("to", iso(time.time() + 3600))
        url = f"{self.service.url}/api/v1/{path}?{urlencode(query)}"
        return self.http.get(url, headers={"Authorization": key or self.read_key})

    def basic(self, path: str, key: str) -> httpx.Response:
        pair = base64.b64encode(f"{key}:".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        return self.http.get(f"{self.service.url}/api/v1/{path}", headers=headers)

    def await_events(self, count: int, **query: str) -> dict[str, Any]:
        """The search's answer once it counts so many."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            page = self.get("events/message", **query).json()
            if page["total_count"] == count or time.monotonic() > deadline:
                return page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def event_lines(first: int, count: int, **facts: Any) -> bytes:
    now = int(time.time())
    return b"".join(
        encode_line(
            Event(**{
                "type": "delivery",
                "event_id": str(number),
                "timestamp": now - number % 600,
                "message_id": f"{number:020x}",
                "recv_method": "esmtp",
                "delv_method": "esmtp",
                "rcpt_to": f"r{number}@not-gmail.sink.test",
                "campaign_id": "black-friday-2026",
                "ip_pool": "default",
                **facts,
            })
        )
        for number in range(first, first + count)
    )
