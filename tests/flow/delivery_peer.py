"""Neighbours of delivery for tests: a scripted SMTP peer, a DNS stub, the wiring."""

import asyncio
import datetime
import ssl
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sinyal.config.reactions import ReplyRules
from sinyal.config.rules import reply_rule
from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate, SmtpHost, SourceHost
from sinyal.delivery import Courier, Desk, Policy, run
from sinyal.events.outcome import Outcome, Verdict
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues
from sinyal.queues.source_limits import Destinations
from sinyal.runtime.clock import now
from sinyal.runtime.dns import Resolver

CONTENT = b"Subject: salam\r\n\r\nSelamat pagi\r\n"
DROP = ""  # in place of a reply: the peer closes the connection
SILENT = "silent"
# verb: reply; a list of replies is used up one by one, the last one stays
Script = dict[str, str | list[str]]


class Settings(DomainSettings, frozen=True, kw_only=True):
    max_smtp_out: int = 20
    retry_after: tuple[float, ...] = (600.0,)
    retry_recipients_after: float = 0.0
    retry_upon_new_mail: bool = False
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0
    bounce_after: float = 86400.0
    smtp_hosts: tuple[tuple[SmtpHost, ...], ...] = ()
    default_smtp_port: int = 25
    connect_timeout: float = 5.0
    smtp_greeting_timeout: float = 5.0
    smtp_data_termination_timeout: float = 5.0
    connection_idle_timeout: float = 0.0
    max_msg_per_connection: int = 0
    use_starttls: bool = True
    require_starttls: bool = False
    auth_username: str = ""
    auth_password: str = ""
    use_unencrypted_plain_auth: bool = False
    ignore_pipelining: bool = False
    ignore_8bitmime: bool = False
    bounce_upon_no_mx: bool = False
    bounce_upon_5xx_greeting: bool = True
    smtp_421_means_mx_unavailable: bool = False
    backoff_max_smtp_out: int = 20
    backoff_retry_after: tuple[float, ...] = (3600.0,)
    backoff_max_msg_rate: Rate | None = None
    backoff_max_connect_rate: Rate | None = None
    backoff_to_normal_after: float | None = None
    backoff_to_normal_after_delivery: bool = False
    backoff_upon_all_sources_disabled: bool = False
    reenable_source_ip_after: float | None = None


class Peer:
    """An SMTP server that says what its script says and keeps what it was sent."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        extensions: Sequence[str] = ("PIPELINING", "SIZE 1000000"),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script: Script = {
            "greeting": "220 peer",
            "DATA": "354 go",
            **(script or {}),
        }
        self.extensions = [*extensions, *(["STARTTLS"] if tls else [])]
        self.tls = tls
        self.tls_go = b"220 go\r\n"
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.seen: list[tuple[str, int]] = []  # client addresses
        self.mails: list[tuple[str, str, bytes, bool]] = []
        self.commands: list[str] = []
        self.release = asyncio.Event()
        self.reached = asyncio.Event()
        self.quitted = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self.seen.append(writer.get_extra_info("peername"))
        # A TLS handshake is no command; asyncio itself closes only from 3.11.5 on.
        with suppress(OSError, asyncio.IncompleteReadError, UnicodeDecodeError):
            await self._talk(reader, writer)
        self.open -= 1
        with suppress(OSError):
            writer.close()

    async def _talk(self, reader, writer) -> None:
        if not await self._say(writer, "greeting"):
            return
        sender = recipient = ""
        is_secure = False
        while line := (await reader.readline()).decode():
            self.commands.append(line.strip())
            verb = line.split()[0].partition(":")[0].upper()
            address = line.partition("<")[2].partition(">")[0]
            sender = address if verb == "MAIL" else sender
            recipient = address if verb == "RCPT" else recipient
            if verb == "EHLO":
                self._introduce(writer, is_secure)
                continue
            if verb == "STARTTLS" and self.tls:
                writer.write(self.tls_go)
                await writer.start_tls(self.tls)
                is_secure = True
                continue
            said = await self._say(writer, verb)
            if not said or verb == "QUIT":
                self.quitted.set()
                return
            if verb == "DATA" and said.startswith("354"):
                content = await reader.readuntil(b"\r\n.\r\n")
                if not await self._say(writer, "final"):
                    return
                self.mails.append((sender, recipient, content[:-3], is_secure))

    def _introduce(self, writer, is_secure: bool) -> None:
        names = [n for n in self.extensions if n != "STARTTLS" or not is_secure]
        rows = ["peer.test", *names]
        marks = ["-"] * (len(rows) - 1) + [" "]
        for mark, row in zip(marks, rows, strict=True):
            writer.write(f"250{mark}{row}\r\n".encode())

    async def _say(self, writer, what: str) -> str:
        found = self.script.get(what, "250 ok")
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found == SILENT:
            self.reached.set()
            await self.release.wait()
            found = "250 ok"
        if found:
            writer.write(found.encode() + b"\r\n")
            await writer.drain()
        return found


Zone = dict[tuple[str, str], list[str] | int | None]


class DnsStub(asyncio.DatagramProtocol):
    """A name server with a dict for its zone.

    A value is a list of records, an rcode, or None for no answer at all.
    """

    def __init__(self, zone: Zone, ttl_s: int = 300) -> None:
        self.zone = zone
        self.ttl_s = ttl_s
        self.asked: list[tuple[str, str]] = []
        self.port = 0

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, octets: bytes, address) -> None:
        question = dns.message.from_wire(octets)
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        kind = asked.rdtype.name
        self.asked.append((name, kind))
        found = self.zone.get((name, kind), self._other(name))
        if found is None:
            return
        answer = dns.message.make_response(question)
        if isinstance(found, int):
            answer.set_rcode(dns.rcode.Rcode(found))
        elif found:
            rows = dns.rrset.from_text(asked.name, self.ttl_s, "IN", kind, *found)
            answer.answer.append(rows)
        self.transport.sendto(answer.to_wire(), address)

    def _other(self, name: str) -> list[str] | int:
        return [] if any(known == name for known, _ in self.zone) else 3


@asynccontextmanager
async def dns_stub(zone: Zone, ttl_s: int = 300):
    loop = asyncio.get_running_loop()
    transport, stub = await loop.create_datagram_endpoint(
        lambda: DnsStub(zone, ttl_s), ("127.0.0.1", 0)
    )
    try:
        yield stub
    finally:
        transport.close()


@asynccontextmanager
async def listening(peer: Peer, ip: str = "127.0.0.1", port: int = 0):
    server = await asyncio.start_server(peer.serve, ip, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        peer.release.set()
        server.close()


class Chain:
    """Queues and a courier, with outcomes kept in a list."""

    def __init__(
        self,
        settings: Settings,
        zone_port: int = 1,
        sources: Sequence[SourceHost] = (),
        compose: Callable[[QueueEntry], bytes] | None = None,
        rules: Sequence[str] = (),
        destinations: Destinations | None = None,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.lines: list[str] = []
        self.settled = asyncio.Event()
        self.after: Callable[[Outcome], None] = lambda outcome: None
        self.wanted = 0
        self.added = 0
        limits = destinations or Destinations()
        self.queues = Queues(lambda name: settings, destinations=lambda: limits)
        found = ReplyRules(reply_rule(line) for line in rules)
        policy = self.policy = Policy(
            lambda name: settings, lambda vmta: sources, "mta.test", lambda name: found
        )
        policy.log = self.lines.append
        self.notices: list[tuple[tuple[str, ...], str, str]] = []
        policy.notify = lambda *notice: self.notices.append(notice)
        desk = Desk(compose or (lambda entry: CONTENT), self.report, now)
        self.courier = Courier(
            self.queues, policy, desk, Resolver([("127.0.0.1", zone_port)], try_s=0.2)
        )

    def report(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.after(outcome)
        if len(self.outcomes) >= self.wanted:
            self.settled.set()

    def add(self, *addresses: str, age_s: float = 0.0) -> None:
        for address in addresses:
            recipient = Recipient(address, "0" * 20)
            envelope = Envelope(
                mail_from="from@sender.test",
                recipients=(recipient,),
                received_at=now() - age_s,
                size_octets=len(CONTENT),
            )
            self.added += 1
            queue = QueueName(recipient.domain, envelope.vmta)
            self.queues.add(QueueEntry(self.added, 0, queue, envelope), now())
        self.courier.notice()

    async def deliver(self, outcomes: int, within_s: float = 10.0) -> list[Outcome]:
        """Run until so many outcomes are there, then stop."""
        self.wanted = outcomes
        stop = asyncio.Event()
        async with asyncio.timeout(within_s):
            running = asyncio.create_task(run(self.courier, stop))
            try:
                await self.settled.wait()
            finally:
                stop.set()
                await running
        return self.outcomes


def verdicts(outcomes: Sequence[Outcome]) -> list[tuple[Verdict, int]]:
    return [(one.verdict, one.reply.code) for one in outcomes]


def self_signed(directory: Path, ends_in_days: int = 1) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer.test")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=9))
        .not_valid_after(today + datetime.timedelta(days=ends_in_days))
        .sign(key, hashes.SHA256())
    )
    pem = directory / "peer.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
