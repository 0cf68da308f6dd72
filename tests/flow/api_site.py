"""A real `sinyal mta` process with the Transmissions API and checks of senders."""

import asyncio
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from delivery_peer import Zone, dns_stub
from neighbours import PATIENCE_S, Receiver, free_port

from sinyal.runtime.certificate import self_made

KEY = "Kk_0123456789abcdefghijklmnopqrstuvwxyz"
HOST = "mx.example.test"
CONFIGURATION = """
host-name {host}
name-server 127.0.0.1:{dns}
smtp-listener 127.0.0.1:{smtp}
<source 0/0>
log-commands yes
{source}
</source>
<source {{transmissions-api}}>
process-x-virtual-mta yes
max-message-size 2M
jobid-prefix api-
</source>
<transmissions-api>
api-key {key}
log-requests yes
log-tls yes
</transmissions-api>
<transmissions-api-listener 127.0.0.1:{api}>
tls-certificate {root}/tls.pem
{listener}
</transmissions-api-listener>
<virtual-mta one>
smtp-source-host 127.0.0.1 one.example.test
</virtual-mta>
<spool {root}/spool>
</spool>
<acct-file {root}/acct.csv>
records r,d,b
</acct-file>
<domain *>
smtp-hosts [127.0.0.1]:{receiver}
</domain>
"""


class NameServer:
    """A name server with a dict for its zone, in a thread."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._is_up = threading.Event()
        self.port = 0

    def start(self) -> None:
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._is_up.wait(PATIENCE_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with dns_stub(self._zone) as stub:
            self.port = stub.port
            self._is_up.set()
            await self._stop.wait()


class ApiSite:
    """The process with its neighbours; `url` is where the API is."""

    def __init__(
        self, root: Path, dns: int, source: str = "", listener: str = ""
    ) -> None:
        self.root = root
        self.receiver = Receiver()
        self.smtp, self.api = free_port(), free_port()
        self.url = f"https://localhost:{self.api}/api/v1/transmissions"
        (root / "tls.pem").touch(0o600)
        (root / "tls.pem").write_bytes(self_made("localhost", time.time()))
        text = CONFIGURATION.format(
            host=HOST,
            dns=dns,
            smtp=self.smtp,
            api=self.api,
            key=KEY,
            root=root,
            receiver=self.receiver.port,
            source=source,
            listener=listener,
        )
        (root / "mta.conf").write_text(text)
        self._log = root / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "sinyal", "mta"]
        command += ["--config", str(self.root / "mta.conf")]
        command += ["--state", str(self.root / "state")]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        deadline = time.monotonic() + PATIENCE_S
        while "Transmissions API on" not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            with passing():
                self.process.wait(0.05)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def trust(self) -> ssl.SSLContext:
        """What takes the server's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.root / "tls.pem"))

    def client(self, **headers: str) -> httpx.Client:
        usual = {"Authorization": KEY}
        return httpx.Client(verify=self.trust(), headers=usual | headers, timeout=20)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def passing() -> Iterator[None]:
    """Time has passed, and the process lives."""
    try:
        yield
    except subprocess.TimeoutExpired:
        return


@contextmanager
def api_site(
    root: Path, zone: Zone | None = None, source: str = "", listener: str = ""
) -> Iterator[ApiSite]:
    """A site with its server, its receiver and a name server running."""
    names = NameServer(zone or {})
    names.start()
    site = ApiSite(root, names.port, source, listener)
    site.receiver.start()
    try:
        site.start()
        yield site
    finally:
        site.kill()
        site.receiver.stop()
        names.stop()
