"""The demo's site: a directory with configuration, certificate, keys and ports.

The configuration is `examples/demo.conf` as it stands; only its ports move when others
are asked for.
"""

import contextlib
import socket
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sinyal.runtime.certificate import self_made
from sinyal.runtime.clock import now

LOOPBACK = "127.0.0.1"
API_KEY = "0123456789abcdef0123456789abcdef01234567"
# In a checkout, and in an installed package.
EXAMPLES = (
    Path(__file__).parents[2] / "examples" / "demo.conf",
    Path(__file__).with_name("demo.conf"),
)


class Ports(msgspec.Struct, frozen=True):
    """Where each part listens on loopback; the defaults are those of demo.conf."""

    submission: int = 2587
    reports: int = 2525
    sink: int = 2526
    dns: int = 2553
    signals: int = 8025
    sink_status: int = 8026


class Site(msgspec.Struct, frozen=True):
    """A prepared directory."""

    root: Path
    ports: Ports

    @property
    def configuration(self) -> Path:
        return self.root / "demo.conf"

    @property
    def signals_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.signals}"

    @property
    def accounting(self) -> Path:
        return self.root / "acct"

    @property
    def sink_ledger(self) -> Path:
        return self.root / "sink.ndjson"

    @property
    def traffic_ledger(self) -> Path:
        return self.root / "traffic.ndjson"


def free_ports(*, are_usual: bool = True) -> Ports:
    """The default ports, each replaced by a free one when something holds it.

    Not `are_usual`: any free ports, so that two demos may start at the same moment.
    """
    wanted = msgspec.structs.asdict(Ports())
    return Ports(**{
        name: _free(port if are_usual else 0) for name, port in wanted.items()
    })


def prepare(root: Path, ports: Ports) -> Site:
    """Write configuration, TLS certificate and DKIM key below `root`."""
    root.mkdir(parents=True, exist_ok=True)
    site = Site(root, ports)
    site.configuration.write_text(_with_ports(_example(), ports))
    (root / "demo.pem").write_bytes(self_made("localhost", now()))
    (root / "mypmta.pem").write_bytes(_dkim_key())
    for secret in ("demo.pem", "mypmta.pem"):
        (root / secret).chmod(0o600)
    return site


def _example() -> str:
    return next(path for path in EXAMPLES if path.exists()).read_text()


def _free(port: int) -> int:
    """`port` if nothing holds it, over TCP (SMTP, HTTP) or UDP (DNS), else another."""
    for tried in (port, 0, 0, 0):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        ):
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                stream.bind((LOOPBACK, tried))
                found = int(stream.getsockname()[1])
                datagram.bind((LOOPBACK, found))
                return found
    raise OSError(f"no free port on {LOOPBACK}")


def _with_ports(text: str, ports: Ports) -> str:
    """`text` with each default port exchanged for the one in use."""
    usual = msgspec.structs.asdict(Ports())
    marks = {name: f"@{name}@" for name in usual}
    for name, port in usual.items():
        text = text.replace(str(port), marks[name])
    for name, mark in marks.items():
        text = text.replace(mark, str(getattr(ports, name)))
    return text


def _dkim_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
