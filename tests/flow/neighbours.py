"""What stands around a mail server in flow tests: a receiver, an ingest service."""

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, NamedTuple, TypeVar

from sinyal.runtime.smtp_server import Dialog, Peer, serve
from sinyal.smtp.events import DataCommand, Event, Hello, MailData, MailFrom, RcptTo
from sinyal.smtp.reply import Reply, reply

PATIENCE_S = 30.0
OK = reply(250, "2.0.0 ok")
FULL = reply(452, "4.3.1 no room, try again later")
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Arrivals(Generic[T]):
    """What has come in, in order; a test waits for what it expects."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._all: list[T] = []

    def add(self, *arrived: T) -> None:
        with self._changed:
            self._all += arrived
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._all)

    def those(self, matches: Callable[[T], bool]) -> list[T]:
        with self._changed:
            return [one for one in self._all if matches(one)]

    def first(self, matches: Callable[[T], bool]) -> T:
        """The first that matches; a failure when none comes."""
        self.until(lambda arrived: any(map(matches, arrived)))
        return self.those(matches)[0]

    def until(self, is_enough: Callable[[list[T]], bool]) -> None:
        """Return once `is_enough` holds of all that came; a failure when late."""
        with self._changed:
            in_time = self._changed.wait_for(lambda: is_enough(self._all), PATIENCE_S)
            assert in_time, f"{len(self._all)} came, not what was expected"


class Mail(NamedTuple):
    mail_from: str
    rcpts: tuple[str, ...]
    content: bytes

    @property
    def message_id(self) -> str:
        return self.header("Message-ID")

    @property
    def body(self) -> bytes:
        return self.content.partition(b"\r\n\r\n")[2]

    @property
    def fields(self) -> bytes:
        """The header with the line end of its last field."""
        return self.content.partition(b"\r\n\r\n")[0] + b"\r\n"

    def header(self, name: str) -> str:
        """The value of a field of one line, or ""."""
        lines = self.fields.decode("latin-1").split("\r\n")
        wanted = f"{name}:".lower()
        found = [line for line in lines if line.lower().startswith(wanted)]
        return found[0].partition(":")[2].strip() if found else ""


class ReceiverDialog(Dialog):
    """Keeps every message, as long as there is room."""

    def __init__(self, receiver: "Receiver") -> None:
        self._receiver = receiver
        self._mail_from = ""
        self._rcpts: list[str] = []

    def opened(self, peer: Peer) -> Reply:
        return reply(220, "receiver.test")

    def extensions(self, is_tls: bool) -> list[str]:
        return ["PIPELINING", "8BITMIME"]

    def answer(self, event: Event) -> Reply:
        match event:
            case Hello():
                return reply(250, "receiver.test")
            case MailFrom():
                self._mail_from, self._rcpts = event.address, []
            case RcptTo():
                self._rcpts.append(event.address)
            case DataCommand():
                return reply(354, "go on")
            case MailData():
                return self._receiver.take(
                    Mail(self._mail_from, tuple(self._rcpts), event.octets)
                )
        return OK


class Receiver:
    """An SMTP server in a thread; its port stays the same while it is down.

    It has room for `room` messages, or for any number with None.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.room: int | None = None
        self.mails: Arrivals[Mail] = Arrivals()
        self._is_up = threading.Event()

    def start(self) -> None:
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._is_up.wait(PATIENCE_S)

    def stop(self) -> None:
        """End it, if it was started."""
        if self._is_up.is_set():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(PATIENCE_S)

    def of(self, rcpt: str) -> Mail:
        """The first message to a recipient."""
        return self.mails.first(lambda mail: rcpt in mail.rcpts)

    def take(self, mail: Mail) -> Reply:
        if self.room is not None and len(self.mails) >= self.room:
            return FULL
        self.mails.add(mail)
        return OK

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await serve("127.0.0.1", self.port, lambda: ReceiverDialog(self))
        self._is_up.set()
        await self._stop.wait()
        await server.stop(1.0)


class IngestService:
    """Takes event files over HTTP, or refuses them with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.events: Arrivals[dict[str, Any]] = Arrivals()
        self.headers: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._request)
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE_S)
        self._server.server_close()

    def event(self, wire_type: str, **facts: Any) -> dict[str, Any]:
        """The first event of that type with these facts."""
        return self.events.first(matching(type=wire_type, **facts))

    def of(self, wire_type: str, **facts: Any) -> list[dict[str, Any]]:
        """All events of that type with these facts that have come so far."""
        return self.events.those(matching(type=wire_type, **facts))

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.status != 200:
            return self.status, b'{"errors":[{"message":"out of order"}]}'
        self.headers.append(headers)
        lines = gzip.decompress(body).splitlines()
        self.events.add(*(json.loads(line)["msys"]["message_event"] for line in lines))
        return 200, b'{"results":{"id":"1"}}'

    def _request(self, *arguments: Any) -> BaseHTTPRequestHandler:
        return IngestRequest(self, *arguments)


class IngestRequest(BaseHTTPRequestHandler):
    def __init__(self, service: IngestService, *arguments: Any) -> None:
        self._service = service
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self._service.answer(dict(self.headers), body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def matching(**facts: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda event: all(event.get(name) == facts[name] for name in facts)
