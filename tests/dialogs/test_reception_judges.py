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

from sinyal.reception.dialog import dialogs
from sinyal.reception.door import tls_context
from sinyal.runtime.smtp_server import serve
from sinyal.runtime.tls import client_context

needs_swaks = pytest.mark.skipif(
    shutil.which("swaks") is None, reason="Debian's package swaks is not installed"
)
LOGIN = ("--auth-user", "alice", "--auth-password")
TO = ("--from", "test@b.example", "--to", "test@strange.example")


def beside_a_door(
    directory: Path, pem: Path, work: Callable[[int], str], global_lines: str = ""
) -> tuple[str, World]:
    """What `work` prints when it talks to the port of a door."""
    world = World()
    door = world.door(directory, pem, global_lines)

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
