"""Reloads of a running server: all of a file or none of it, and no mail lost."""

import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mta_process import (
    PASSWORD,
    ROOT,
    SENDER,
    USER,
    Site,
    any_certificate,
    certificate_pem,
)
from mta_process import site as running
from neighbours import PATIENCE_S, free_port

from sinyal.runtime.control_socket import Outcome, Request, ask

MESSAGES = 150
FEEDERS = 3
RELOADS = 50
KEPT = "the running configuration is kept"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path) as built:
        yield built


def reload(site: Site) -> Outcome:
    return ask(site.directory / "state", Request("reload"), PATIENCE_S)


def change(site: Site, there: str, here: str) -> None:
    path = site.directory / "seed.conf"
    text = path.read_text()
    assert text.count(there) == 1, there
    path.write_text(text.replace(there, here))


def add(site: Site, lines: str) -> None:
    path = site.directory / "seed.conf"
    path.write_text(f"{path.read_text()}\n{lines}\n")


def letter(name: str) -> bytes:
    text = f"From: {SENDER}\nSubject: {name}\nMessage-ID: <{name}@feeder.example>\n\n"
    return (text + "Selamat pagi\n").replace("\n", "\r\n").encode()


def greets(port: int) -> str:
    """The greeting at a port, "" where nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as opened:
            return opened.recv(4096).decode()
    except OSError:
        return ""


# -- in the middle of traffic


def test_fifty_reloads_in_the_middle_of_traffic_lose_nothing(site: Site) -> None:
    failures: list[Exception] = []

    def feed(feeder: int) -> None:
        try:
            with site.feeder() as client:
                for number in range(MESSAGES // FEEDERS):
                    name = f"m{feeder}-{number}"
                    client.sendmail(SENDER, [f"{name}@example.net"], letter(name))
        except (OSError, smtplib.SMTPException) as error:
            failures.append(error)

    threads = [threading.Thread(target=feed, args=[at]) for at in range(FEEDERS)]
    for thread in threads:
        thread.start()
    add(site, "<domain example.net>\nmax-smtp-out 1\n</domain>")
    for number in range(RELOADS):
        old, new = f"max-smtp-out {number + 1}", f"max-smtp-out {number + 2}"
        change(site, f"{old}\n", f"{new}\n")
        outcome = reload(site)
        assert outcome.exit_code == 0, outcome
        assert any("max-smtp-out" in line for line in outcome.lines), outcome
    for thread in threads:
        thread.join(PATIENCE_S)
    assert failures == []
    wanted = {
        f"<m{feeder}-{number}@feeder.example>"
        for feeder in range(FEEDERS)
        for number in range(MESSAGES // FEEDERS)
    }
    site.receiver.mails.until(
        lambda mails: wanted <= {mail.message_id for mail in mails}
    )
    assert len(site.receiver.mails.those(lambda mail: True)) == len(wanted)


# -- all or nothing


def test_a_broken_file_is_refused_with_its_lines_and_nothing_changes(
    site: Site,
) -> None:
    path = site.directory / "seed.conf"
    change(site, "</signals>", "host-name x\n</signals>\nhost-name changed.example")
    add(site, "bogus-directive 1")
    last = len(path.read_text().splitlines())
    outcome = reload(site)
    assert outcome.exit_code == 2
    assert any(line.startswith(f"{path}:{last}: bogus") for line in outcome.lines)
    assert outcome.lines[-1] == KEPT
    assert "changed.example" not in greets(site.submission)
    assert KEPT in site.until_logged(KEPT)


def test_a_port_that_is_taken_refuses_the_whole_reload(site: Site) -> None:
    path = site.directory / "seed.conf"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port, free = taken.getsockname()[1], free_port()
        add(site, f"smtp-listener 127.0.0.1:{free}\nsmtp-listener 127.0.0.1:{port}")
        add(site, "host-name changed.example")
        outcome = reload(site)
    assert outcome.exit_code == 1
    at = path.read_text().splitlines().index(f"smtp-listener 127.0.0.1:{port}") + 1
    assert f"{path}:{at}: smtp-listener 127.0.0.1:{port}" in outcome.lines[0]
    assert "in use" in outcome.lines[0]
    assert greets(free) == ""
    assert "changed.example" not in greets(site.submission)
    assert reload(site).exit_code == 0  # the port is free now
    assert "changed.example" in greets(free)


def test_an_unreadable_key_refuses_the_whole_reload(site: Site) -> None:
    (site.directory / "tls.pem").write_text("no certificate")
    outcome = reload(site)
    assert outcome.exit_code != 0
    assert "certificate" in outcome.lines[0] and outcome.lines[-1] == KEPT
    with site.feeder() as client:
        assert client.noop()[0] == 250


# -- what is swapped


def test_users_come_and_go_with_a_reload(site: Site) -> None:
    add(site, "<smtp-user fresh>\npassword s3cret-of-fresh\n</smtp-user>")
    change(site, f"password {PASSWORD}", "password another-s3cret")
    outcome = reload(site)
    assert outcome.exit_code == 0
    assert any("password" in line for line in outcome.lines)
    with site.client() as client:
        client.starttls(context=any_certificate())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(USER, PASSWORD)
    said = site.log.read_text() + "\n".join(outcome.lines)
    assert "s3cret" not in said and PASSWORD not in said


def test_listeners_come_and_go_and_open_connections_stay(site: Site) -> None:
    other = free_port()
    with site.client() as client:
        client.ehlo()
        change(site, f"127.0.0.1:{site.submission}", f"127.0.0.1:{other}")
        assert reload(site).exit_code == 0
        assert greets(other).startswith("220 ")
        assert greets(site.submission) == ""
        assert client.noop()[0] == 250


def test_an_address_may_give_way_to_all_addresses_at_the_same_port(
    site: Site,
) -> None:
    change(site, f"127.0.0.1:{site.submission}", f"0.0.0.0:{site.submission}")
    assert reload(site).exit_code == 0
    assert greets(site.submission).startswith("220 ")
    change(site, f"0.0.0.0:{site.submission}", f"127.0.0.0/8:{site.submission}")
    assert reload(site).exit_code == 0
    assert greets(site.submission).startswith("220 ")


def test_new_handshakes_get_the_new_certificate(site: Site) -> None:
    before = certificate_at(site.submission)
    (site.directory / "tls.pem").write_bytes(certificate_pem())
    assert certificate_at(site.submission) == before
    assert reload(site).exit_code == 0
    assert certificate_at(site.submission) != before


def certificate_at(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as opened:
        opened.recv(4096)
        opened.sendall(b"EHLO a.example\r\n")
        opened.recv(4096)
        opened.sendall(b"STARTTLS\r\n")
        assert opened.recv(4096).startswith(b"220")
        with any_certificate().wrap_socket(opened) as secure:
            return secure.getpeercert(binary_form=True) or b""


def test_accounting_files_come_and_go_with_their_sections(site: Site) -> None:
    path = site.directory / "extra.csv"
    add(site, f"<acct-file {path}>\nrecords d\n</acct-file>")
    assert reload(site).exit_code == 0
    site.submit(letter("one"), "one@example.net")
    site.until(lambda: any(written(site.directory)))
    change(site, f"<acct-file {path}>\nrecords d\n</acct-file>", "")
    assert reload(site).exit_code == 0
    site.submit(letter("two"), "two@example.net")
    site.ingest.event("delivery", rcpt_to="two@example.net")
    (text,) = written(site.directory)
    assert "one@example.net" in text and "two@example.net" not in text


def written(directory: Path) -> list[str]:
    """What is in the extra accounting files."""
    return [file.read_text() for file in directory.glob("extra-*.csv")]


def test_a_spool_needs_a_restart_and_the_reload_says_so(site: Site) -> None:
    add(site, f"<spool {site.directory / 'elsewhere'}>\n</spool>")
    outcome = reload(site)
    assert outcome.exit_code == 0
    assert "<spool>: needs a restart, what holds now stays" in outcome.lines
    assert reload(site).lines[-1].startswith("<spool>: needs a restart")
    site.submit(letter("still"), "still@example.net")


def test_the_pickup_directory_comes_moves_and_goes_with_a_reload(site: Site) -> None:
    root = site.directory

    def drop(directory: str, name: str) -> Path:
        path = root / directory / name
        hidden = path.with_name(f".{name}")
        hidden.write_text(f"x-sender: a@b.test\nx-receiver: {name}@c.test\n\nhi\n")
        return hidden.rename(path)

    add(site, f"pickup {root}/one {root}/bad")
    assert reload(site).exit_code == 0
    drop("one", "first")
    site.receiver.of("first@c.test")
    change(site, f"pickup {root}/one", f"pickup {root}/two")
    assert reload(site).exit_code == 0
    stays = drop("one", "stays")
    drop("two", "second")
    site.receiver.of("second@c.test")
    assert stays.exists()
    change(site, f"pickup {root}/two {root}/bad", f"pickup {root}/two /proc/none")
    outcome = reload(site)
    assert (outcome.exit_code, outcome.lines[-1]) == (1, KEPT)
    drop("two", "third")
    site.receiver.of("third@c.test")


def test_sighup_reloads_too(site: Site) -> None:
    assert site.process is not None
    add(site, "host-name changed.example")
    site.process.send_signal(1)
    site.until_logged("configuration reloaded: ")
    site.until(lambda: "changed.example" in greets(site.submission))


def test_sighup_in_the_middle_of_the_start_reloads_when_it_is_over(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    site.launch()
    assert site.process is not None
    try:
        status = Path(f"/proc/{site.process.pid}/status")
        site.until(lambda: _is_blocked(status.read_text(), signal.SIGHUP))
        site.process.send_signal(signal.SIGHUP)
        site.until_logged("configuration reloaded: ")
    finally:
        assert site.stop() == 0


def _is_blocked(status: str, which: signal.Signals) -> bool:
    blocked = status.partition("SigBlk:")[2].split()[0]
    return bool(int(blocked, 16) >> which - 1 & 1)


# -- the command


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "sinyal", "reload", *arguments]
    return subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_tells_what_changed(site: Site) -> None:
    state, file = str(site.directory / "state"), str(site.directory / "seed.conf")
    add(site, "<source 192.0.2.0/24>\nlog-commands yes\n</source>")
    done = command("--state", state, "--config", file)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "log-commands" in done.stdout
    other = command("--state", state, "--config", "other.conf")
    assert other.returncode == 1 and file in other.stderr


def test_the_command_says_that_no_server_runs(tmp_path: Path) -> None:
    done = command("--state", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (f"sinyal reload: no server runs with the state {tmp_path}\n")


def test_the_control_socket_is_for_owner_and_group_alone(site: Site) -> None:
    mode = (site.directory / "state" / "control.sock").stat().st_mode
    assert mode & 0o777 == 0o660
    outcome = ask(site.directory / "state", Request("no-such"), PATIENCE_S)
    assert outcome.exit_code == 2 and "reload" in outcome.lines[0]
    huge = Request("reload", {"config": "x" * 100_000})
    assert ask(site.directory / "state", huge, PATIENCE_S).exit_code == 2
    assert reload(site).exit_code == 0


def test_a_start_that_fails_is_kept_beside_the_log(tmp_path: Path) -> None:
    file = tmp_path / "bad.conf"
    file.write_text(f"log-file {tmp_path}/log/pmta.log\nbogus 1\n")
    (tmp_path / "log").mkdir()
    whole = [sys.executable, "-m", "sinyal", "mta", "--config", str(file)]
    whole += ["--state", str(tmp_path / "state")]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    kept = (tmp_path / "log" / "pmta-startuperr.log").read_text()
    assert f"Startup error: {file}:2: bogus" in kept
    assert f"{file}:2: bogus" in done.stderr


def test_the_transmissions_api_shows_a_renewed_certificate(site: Site) -> None:
    port, pem = free_port(), site.directory / "api.pem"
    pem.write_bytes(certificate_pem())
    section = f"<transmissions-api-listener 127.0.0.1:{port}>"
    lines = f"{section}\ntls-certificate {pem}\n</transmissions-api-listener>"
    add(site, f"<transmissions-api>\napi-key {'0' * 40}\n</transmissions-api>")
    add(site, lines)
    assert reload(site).exit_code == 0
    with _handshake(port) as kept:
        before = kept.getpeercert(binary_form=True)
        pem.write_bytes(certificate_pem())
        assert reload(site).exit_code == 0
        with _handshake(port) as later:
            assert later.getpeercert(binary_form=True) != before
        kept.sendall(b"GET / HTTP/1.1\r\nHost: mx.example\r\n\r\n")
        assert kept.recv(4096).startswith(b"HTTP/1.1 ")
    change(site, lines, "")
    assert reload(site).exit_code == 0
    assert greets(port) == ""


def _handshake(port: int) -> ssl.SSLSocket:
    opened = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    return any_certificate().wrap_socket(opened)
