"""The pages on a port of loopback, in a thread of the test's process."""

import asyncio
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from granian.server.embed import Server
from litestar import Litestar

from sinyal.store.events import EventStore
from sinyal.web import routes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(store: EventStore, **options: object) -> Iterator[str]:
    """The URL of the pages while the block runs."""
    port = free_port()
    app = Litestar(route_handlers=routes(store, **options))
    server = Server(app, address="127.0.0.1", port=port, interface="asgi")
    thread = threading.Thread(target=asyncio.run, args=[server.serve()], daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    _wait_for(url)
    try:
        yield url
    finally:
        server.stop()
        thread.join(10)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"{url}/static/none", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
