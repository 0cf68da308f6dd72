"""The demo's site: a directory with configuration, certificate, keys and ports.

The configuration is `examples/demo.conf` as it stands; only its ports move when others
are asked for.
"""

import contextlib
import datetime
import ipaddress
import socket
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

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
    (root / "demo.pem").write_bytes(_certificate())
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


def _certificate() -> bytes:
    """A self-signed ECDSA certificate for loopback with its key, as one PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    certificate = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + _pem(key)


def _dkim_key() -> bytes:
    return _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
