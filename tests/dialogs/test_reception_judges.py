"""Outside programs at the door: swaks as in the seed, the standard library's client."""

import asyncio
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from door_world import World

from sinyal.config.vocabulary import ListenerTls, TlsFiles
from sinyal.reception.dialog import dialogs
from sinyal.reception.door import tls_context
from sinyal.runtime.smtp_server import serve
from sinyal.runtime.tls import client_context, listener_context

needs_swaks = pytest.mark.skipif(
    shutil.which("swaks") is None, reason="Debian's package swaks is not installed"
)
needs_smtp_source = pytest.mark.skipif(
    shutil.which("smtp-source") is None, reason="Debian's postfix is not installed"
)
needs_msmtp = pytest.mark.skipif(
    shutil.which("msmtp") is None, reason="Debian's package msmtp is not installed"
)
LOGIN = ("--auth-user", "alice", "--auth-password")
TO = ("--from", "test@b.example", "--to", "test@strange.example")


def beside_a_door(
    directory: Path,
    pem: Path,
    work: Callable[[int], str],
    global_lines: str = "",
    source_lines: str = "",
) -> tuple[str, World]:
    """What `work` prints when it talks to the port of a door."""
    world = World()
    door = world.door(directory, pem, global_lines, source_lines)

    async def run() -> str:
        context = tls_context(door.configuration.settings)
        server = await serve("127.0.0.1", 0, dialogs(door), context)
        try:
            port = server.sockets[0].getsockname()[1]
            return await asyncio.to_thread(work, port)
        finally:
            server.close()

    return asyncio.run(run()), world


def swaks(*words: str) -> Callable[[int], str]:
    def work(port: int) -> str:
        server = ("--server", f"127.0.0.1:{port}", "--timeout", "20s")
        command = ["swaks", *server, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    return work


@pytest.mark.judge
@needs_swaks
def test_swaks_is_denied_relaying_without_a_login(tmp_path: Path, pem: Path) -> None:
    said, world = beside_a_door(tmp_path, pem, swaks(*TO))
    wanted = (
        '550 5.7.1 relaying denied for recipient in "RCPT TO:<test@strange.example>"'
    )
    assert wanted in said
    assert not world.submitted


@pytest.mark.judge
@needs_swaks
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_sends_after_a_login_over_tls(
    mechanism: str, tmp_path: Path, pem: Path
) -> None:
    words = (*TO, "-tls", "--auth", mechanism, *LOGIN, "wonderland")
    said, world = beside_a_door(tmp_path, pem, swaks(*words))
    assert "235 2.7.0 authentication successful" in said
    assert "250 2.6.0 message received" in said
    assert world.submitted[0].envelope.smtp_user == "alice"


@pytest.mark.judge
@needs_swaks
@pytest.mark.parametrize("version", ["tlsv1", "tlsv1_1"])
def test_swaks_is_refused_old_tls(version: str, tmp_path: Path, pem: Path) -> None:
    words = (*TO, "-tls", "--tls-protocol", version)
    said, _ = beside_a_door(tmp_path, pem, swaks(*words))
    assert "TLS startup failed" in said
    assert "TLS started" not in said


@pytest.mark.judge
@needs_swaks
@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_swaks_is_let_in_with_new_tls(version: str, tmp_path: Path, pem: Path) -> None:
    words = (*TO, "-tls", "--tls-protocol", version, "--quit-after", "TLS")
    said, _ = beside_a_door(tmp_path, pem, swaks(*words))
    assert "TLS started" in said


@pytest.mark.judge
@needs_swaks
def test_swaks_finds_no_plain_login_in_the_clear(tmp_path: Path, pem: Path) -> None:
    words = (*TO, "--auth", "PLAIN", *LOGIN, "wonderland")
    said, _ = beside_a_door(tmp_path, pem, swaks(*words))
    assert "AUTH CRAM-MD5" in said
    assert "235" not in said


def old_tls(version: str) -> Callable[[int], str]:
    """A client that is willing: no security level of its own stands in the way."""

    def work(port: int) -> str:
        context = client_context(verify=False)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            context.minimum_version = ssl.TLSVersion[version]
            context.maximum_version = ssl.TLSVersion[version]
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            try:
                client.starttls(context=context)
            except (OSError, smtplib.SMTPException) as error:
                client.close()
                return str(error)
        return "started"

    return work


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_a_client_that_offers_only_old_tls_is_refused(
    version: str, tmp_path: Path, pem: Path
) -> None:
    assert beside_a_door(tmp_path, pem, old_tls(version))[0] != "started"


def test_old_tls_is_spoken_where_the_operator_allows_it(
    tmp_path: Path, pem: Path
) -> None:
    allowed = "smtp-server-tls-allow-tlsv1.1 true"
    assert beside_a_door(tmp_path, pem, old_tls("TLSv1_1"), allowed)[0] == "started"
    assert beside_a_door(tmp_path, pem, old_tls("TLSv1"), allowed)[0] != "started"


def test_the_standard_client_sends_eight_bit_mail(tmp_path: Path, pem: Path) -> None:
    content = "Subject: ü\r\n\r\n.dot\r\n".encode() + b"\xe4" * 900 + b"\r\n"

    def work(port: int) -> str:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.starttls(context=client_context(verify=False))
            client.login("alice", "wonderland")
            options = ["BODY=8BITMIME"]
            refused = client.sendmail("a@b.example", ["c@d.example"], content, options)
            return str(refused)

    said, world = beside_a_door(tmp_path, pem, work)
    assert said == "{}"
    assert world.submitted[0].content.endswith(content)


def program(*words: str, sent: bytes = b"") -> Callable[[int], str]:
    """Runs a program; PORT in its words is the door's."""

    def work(port: int) -> str:
        command = [word.replace("PORT", str(port)) for word in words]
        done = subprocess.run(command, capture_output=True, input=sent, check=False)
        return f"{done.returncode} {done.stdout.decode()}{done.stderr.decode()}"

    return work


@pytest.mark.judge
@needs_smtp_source
def test_smtp_source_hands_in_hundreds_of_messages(tmp_path: Path, pem: Path) -> None:
    words = "smtp-source -s 5 -m 200 -l 3000 -f a@b.example -t joe@example.net"
    said, world = beside_a_door(
        tmp_path, pem, program(*words.split(), "127.0.0.1:PORT")
    )
    assert said.strip() == "0"
    assert len(world.submitted) == 200


@pytest.mark.judge
@needs_msmtp
def test_msmtp_sends_after_a_login_over_tls(tmp_path: Path, pem: Path) -> None:
    words = (
        "msmtp --host=127.0.0.1 --port=PORT --tls=on --tls-starttls=on "
        "--tls-certcheck=off --auth=plain --user=alice --from=a@b.example "
        "--passwordeval=printf\\x20wonderland joe@far.example"
    )
    command = [word.replace("\\x20", " ") for word in words.split()]
    said, world = beside_a_door(tmp_path, pem, program(*command, sent=b"\r\nx\r\n"))
    assert said.strip() == "0"
    assert world.submitted[0].envelope.smtp_user == "alice"


@pytest.mark.judge
@needs_swaks
def test_swaks_speaks_for_another_client_with_xclient(
    tmp_path: Path, pem: Path
) -> None:
    words = (
        *("--from", "a@b.example", "--to", "joe@example.net"),
        *("--xclient-addr", "192.0.2.9", "--xclient-helo", "client.example"),
    )
    said, world = beside_a_door(
        tmp_path, pem, swaks(*words), source_lines="allow-xclient yes"
    )
    assert "250 2.6.0 message received" in said
    assert world.submitted[0].envelope.source_ip == "192.0.2.9"


def test_the_standard_client_logs_in_with_its_certificate(
    tmp_path: Path, pem: Path
) -> None:
    user = "<smtp-user box>\nauthentication-method certificate\ntls-certificate {}\n"
    world = World()
    door = world.door(tmp_path, pem, f"{user.format(pem)}</smtp-user>")
    own = ListenerTls(certificate=TlsFiles(str(pem)))

    def work(port: int) -> int:
        context = client_context(verify=False)
        context.load_cert_chain(pem)
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.starttls(context=context)
            client.ehlo()
            assert "EXTERNAL" in client.esmtp_features["auth"]
            return client.docmd("AUTH", "EXTERNAL =")[0]

    async def run() -> int:
        context = listener_context(own, [str(pem)])
        server = await serve("127.0.0.1", 0, dialogs(door), context)
        try:
            port = server.sockets[0].getsockname()[1]
            return await asyncio.to_thread(work, port)
        finally:
            server.close()

    assert asyncio.run(run()) == 235


def test_the_standard_client_hands_in_a_mail_merge(tmp_path: Path, pem: Path) -> None:
    def work(port: int) -> str:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.ehlo()
            assert client.has_extn("XMRG")
            commands = [
                "XMRG FROM:<a@b.example>",
                'XDFN name="Ayu Lestari"',
                "RCPT TO:<ayu@example.net>",
                "XDFN name=Budi",
                "RCPT TO:<budi@example.net>",
            ]
            codes = [client.docmd(command)[0] for command in commands]
            codes.append(client.docmd("XPRT 1 LAST")[0])
            client.send(b"Subject: x\r\n\r\nDear [name]\r\n.\r\n")
            return str([*codes, client.getreply()[0]])

    said, world = beside_a_door(tmp_path, pem, work, source_lines="allow-mailmerge yes")
    assert said == str([250] * 5 + [354, 250])
    names = [one.variables["name"] for one in world.submitted[0].envelope.recipients]
    assert names == ["Ayu Lestari", "Budi"]


def test_the_standard_client_sends_to_an_international_address(
    tmp_path: Path, pem: Path
) -> None:
    def work(port: int) -> str:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            options = ["SMTPUTF8", "BODY=8BITMIME"]
            client.sendmail("jörg@b.example", ["bücher@example.net"], b"\r\n", options)
            return "sent"

    said, world = beside_a_door(tmp_path, pem, work)
    assert said == "sent"
    envelope = world.submitted[0].envelope
    assert envelope.is_utf8
    assert envelope.recipients[0].address == "bücher@example.net"
