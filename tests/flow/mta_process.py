"""A real `sinyal mta` process on the seed's configuration, and clients of it.

Nothing of the seed's file is changed but what another machine must have of its own:
ports, addresses, files, and where events go.
"""

import base64
import datetime
import itertools
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from neighbours import PATIENCE_S, IngestService, Mail, Receiver, free_port

ROOT = Path(__file__).parents[2]
SEED = ROOT / "examples" / "seed.conf"
DOMAIN = "pmta.signalsdemo.trymsys.net"
API_KEY = "0123456789abcdef0123456789abcdef01234567"
USER, PASSWORD = "SMTP_Injection", "correct-horse-battery-staple"
SENDER = f"news@{DOMAIN}"


class Site:
    """A directory with the seed's configuration, and the server's neighbours."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.receiver = Receiver()
        self.ingest = IngestService()
        self.submission, self.reports = free_port(), free_port()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.dkim_record = f"v=DKIM1; k=rsa; p={_public(key)}"
        (directory / "dkim.pem").write_bytes(_pem(key))
        (directory / "tls.pem").write_bytes(_certificate(key) + _pem(key))
        (directory / "seed.conf").write_text(self._configuration())
        self.log = directory / "pmta.log"
        self.events = directory / "state" / "sparkpost"
        self.process: subprocess.Popen[bytes] | None = None

    def _configuration(self) -> str:
        changed = {
            "0.0.0.0:587": f"127.0.0.1:{self.submission}",
            "0.0.0.0:25": f"127.0.0.1:{self.reports}",
            "/etc/pmta/pmtasignalsdemo.pem": str(self.directory / "tls.pem"),
            f"/etc/pmta/mypmta.{DOMAIN}.pem": str(self.directory / "dkim.pem"),
            "172.31.25.101": "127.0.0.1",
            "https://api.sparkpost.com": self.ingest.root,
            "</signals>": "upload-interval 1s\n</signals>",
        }
        text = SEED.read_text()
        for there, here in changed.items():
            assert text.count(there) == 1, there
            text = text.replace(there, here)
        peer = f"smtp-hosts [127.0.0.1]:{self.receiver.port}"
        return f"{text}\n<domain *>\n{peer}\n</domain>\n"

    # -- the process

    def start(self) -> None:
        """Start the server and return once both its ports are open."""
        self.launch()
        self.until(lambda: _is_open(self.submission) and _is_open(self.reports))

    def launch(self) -> None:
        """Start the server without waiting for it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command(), cwd=ROOT, stderr=log)

    def start_another(self, state: Path) -> subprocess.CompletedProcess[str]:
        """The end of a second server on the same file with a state of its own."""
        command = self._command(state)
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False
        )

    def _command(self, state: Path | None = None) -> list[str]:
        options = {"--config": "seed.conf", "--state": state or "state"}
        paths = [(name, str(self.directory / path)) for name, path in options.items()]
        return [sys.executable, "-m", "sinyal", "mta", *itertools.chain(*paths)]

    def stop(self) -> int:
        """The exit status after SIGTERM; a failure when it takes long."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """As if the power had failed."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def until(self, is_so: Callable[[], bool]) -> None:
        """Return once `is_so`; a failure when it is late or the server ends."""
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            _pass(self.process, 0.05)

    def until_logged(self, words: str) -> str:
        """The first log line with these words, once it is there."""
        self.until(lambda: words in self.log.read_text())
        return next(one for one in self.log.read_text().splitlines() if words in one)

    # -- its clients

    def client(self, ip: str = "127.0.0.1") -> smtplib.SMTP:
        """A connection to the submission port, in the clear, from `ip`."""
        source = (ip, 0)
        return smtplib.SMTP("127.0.0.1", self.submission, "client.test", 20, source)

    @contextmanager
    def feeder(self) -> Iterator[smtplib.SMTP]:
        """A connection that has logged in over TLS."""
        with self.client() as client:
            client.starttls(context=any_certificate())
            client.login(USER, PASSWORD)
            yield client

    def submit(self, content: bytes, rcpt: str) -> Mail:
        """What the receiver gets of a message."""
        with self.feeder() as client:
            client.sendmail(SENDER, [rcpt], content)
        return self.receiver.of(rcpt)

    def send_back(self, report: bytes, rcpt: str) -> None:
        """Hand a bounce or complaint to port 25 as a strange server would."""
        with smtplib.SMTP("127.0.0.1", self.reports, "mx.test", 20) as client:
            client.sendmail("", [rcpt], report)


@contextmanager
def site(directory: Path, *, is_received: bool = True) -> Iterator[Site]:
    """A site with its server running; the receiver too unless told otherwise."""
    built = Site(directory)
    built.ingest.start()
    try:
        if is_received:
            built.receiver.start()
        built.start()
        yield built
    finally:
        if built.process is not None and built.process.poll() is None:
            built.kill()
        built.receiver.stop()
        built.ingest.stop()


def any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def plain(name: str, password: str) -> str:
    """The initial response of AUTH PLAIN; RFC 4616."""
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def _is_open(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, "probe.test", 20):
            return True
    except OSError:
        return False


def _pass(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Let time pass, but no longer than the process lives."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def certificate_pem() -> bytes:
    """Another certificate of the host, with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _certificate(key) + _pem(key)


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    today = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(today - day).not_valid_after(today + day)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public(key: rsa.RSAPrivateKey) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    der = key.public_key().public_bytes(Encoding.DER, form)
    return base64.b64encode(der).decode()
