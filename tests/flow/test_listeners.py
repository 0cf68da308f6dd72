"""Listeners of a running server, as sections and directives ask for them."""

import resource
import select
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from mta_process import Site, any_certificate
from mta_process import site as running
from neighbours import PATIENCE_S, free_port

from sinyal.runtime.control_socket import Request, ask
from sinyal.runtime.interfaces import local_addresses

PROXIED = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path) as built:
        yield built


def add(site: Site, lines: str) -> None:
    """Reload with these lines at the end of the file."""
    path = site.directory / "seed.conf"
    path.write_text(f"{path.read_text()}\n{lines}\n")
    outcome = ask(site.directory / "state", Request("reload"), PATIENCE_S)
    assert outcome.exit_code == 0, outcome


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((host, port), PATIENCE_S)


def is_silent(opened: socket.socket) -> bool:
    return not select.select([opened], [], [], 0.0)[0]


def test_a_section_listens_with_tls_at_once_and_a_source_of_its_own(
    site: Site,
) -> None:
    port = free_port()
    add(
        site,
        f"<source trusted>\nalways-allow-relaying yes\n</source>\n"
        f"<smtp-listener 127.0.0.1:{port}>\nimmediate-tls yes\nsource trusted\n"
        f"tls-allow-tlsv1.2 no\n</smtp-listener>",
    )
    context = any_certificate()
    with smtplib.SMTP_SSL("127.0.0.1", port, "a.example", context=context) as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.sock.version() == "TLSv1.3"
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.mail("a@shop.example")[0] == 250
        assert client.rcpt("b@elsewhere.example")[0] == 250
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(OSError):
        smtplib.SMTP_SSL("127.0.0.1", port, "a.example", context=context)


def test_a_proxy_of_a_source_tells_its_client_and_the_client_is_matched_anew(
    site: Site,
) -> None:
    add(
        site,
        "<source 127.0.0.1>\nexpect-proxy-header true\n</source>\n"
        "<source 192.0.2.7>\nsmtp-service no\n</source>",
    )
    with connect(site.submission) as opened:
        opened.sendall(PROXIED)
        assert opened.recv(4096).startswith(b"521 ")
    with connect(site.submission) as opened:
        opened.sendall(PROXIED.replace(b"192.0.2.7", b"192.0.2.8"))
        assert opened.recv(4096).startswith(b"220 ")
    with connect(site.submission) as opened:
        opened.sendall(b"EHLO without.example\r\n")
        assert _rest(opened) == b""
    site.until_logged("begins without a PROXY header")


def test_a_range_listens_on_each_address_of_this_machine_inside(site: Site) -> None:
    port = free_port()
    own = [str(ip) for ip in local_addresses() if ip.version == 4]
    add(site, f"smtp-listener 0.0.0.0/0:{port}")
    for ip in own:
        with connect(port, ip) as opened:
            assert opened.recv(4096).startswith(b"220 ")
    assert "0.0.0.0" not in own


def test_an_ipv6_address_is_listened_to(site: Site) -> None:
    if not any(str(ip) == "::1" for ip in local_addresses()):
        pytest.skip("this machine has no ::1")
    port = free_port()
    add(site, f"smtp-listener [::1]:{port}")
    with connect(port, "::1") as opened:
        assert opened.recv(4096).startswith(b"220 ")


def test_the_blackhole_takes_mail_and_drops_it(site: Site) -> None:
    port = free_port()
    add(
        site,
        f"dummy-smtp-ip 127.0.0.1\ndummy-smtp-port {port}\n"
        "dummy-smtp-has-pipelining yes\ndummy-smtp-latency 1",
    )
    with smtplib.SMTP("127.0.0.1", port, "a.example", PATIENCE_S) as client:
        client.ehlo()
        assert client.has_extn("pipelining") and not client.has_extn("chunking")
        assert client.sendmail("a@b.example", ["c@d.example"], b"gone") == {}
    add(site, f"dummy-smtp-port {port}\ndummy-smtp-port 0")
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_who_comes_beyond_the_total_is_refused_or_waits(site: Site) -> None:
    add(site, "total-max-smtp-in 1")
    with connect(site.submission) as first:
        assert first.recv(4096).startswith(b"220 ")
        with connect(site.submission) as second:
            assert second.recv(4096).startswith(b"421 ")
        add(site, "smtp-await-slot yes")
        with connect(site.submission) as patient:
            first.sendall(b"NOOP\r\n")
            assert first.recv(4096).startswith(b"250 ")
            assert is_silent(patient)
            first.sendall(b"QUIT\r\n")
            assert patient.recv(4096).startswith(b"220 ")
            with connect(site.submission) as late:
                patient.sendall(b"NOOP\r\n")
                assert patient.recv(4096).startswith(b"250 ")
                assert is_silent(late)
                add(site, "total-max-smtp-in 2")
                assert late.recv(4096).startswith(b"220 ")


def test_an_address_has_its_share_of_connections_and_others_are_served(
    site: Site,
) -> None:
    add(site, "<source 127.0.0.1>\nmax-smtp-in 2\n</source>")
    held = [connect(site.submission) for _ in range(4)]
    greetings = [opened.recv(4096)[:4] for opened in held]
    assert greetings == [b"220 ", b"220 ", b"421 ", b"421 "]
    other = socket.create_connection(
        ("127.0.0.1", site.submission), PATIENCE_S, ("127.0.0.2", 0)
    )
    with other:
        assert other.recv(4096).startswith(b"220 ")
    for opened in held:
        opened.close()


def test_a_server_out_of_file_handles_goes_on_when_there_are_some_again(
    site: Site,
) -> None:
    assert site.process is not None
    soft = len(list(Path(f"/proc/{site.process.pid}/fd").iterdir())) + 5
    _, hard = resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    held = []
    for _ in range(40):
        held.append(connect(site.submission))
    for opened in held:
        opened.close()
    site.until(lambda: _is_served(site.submission))


def _rest(opened: socket.socket) -> bytes:
    try:
        return opened.recv(4096)
    except ConnectionResetError:
        return b""


def _is_served(port: int) -> bool:
    with connect(port) as opened:
        try:
            return opened.recv(4096).startswith(b"220 ")
        except OSError:
            return False
