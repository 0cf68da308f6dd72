"""What keeps the mail server from starting: one line that names it, exit status 1."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sinyal.demo.site import Site, free_ports, prepare
from sinyal.runtime.disk import lock_directory


@pytest.fixture
def site(tmp_path: Path) -> Site:
    prepared = prepare(tmp_path / "site", free_ports(are_usual=False))
    (prepared.root / "file").touch()
    return prepared


def refusal(site: Site, written: str = "", instead: str = "") -> str:
    """The one line that a start of the site says, `written` exchanged before."""
    text = site.configuration.read_text()
    assert written in text
    site.configuration.write_text(text.replace(written, instead))
    command = [sys.executable, "-m", "sinyal", "mta"]
    command += ["--config", str(site.configuration)]
    command += ["--state", str(site.root / "state")]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 1
    (line,) = ended.stderr.decode().splitlines()
    return line


def test_a_port_in_use_is_named(site: Site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        ours = f"127.0.0.1:{site.ports.submission}"
        line = refusal(site, ours, place)
    assert line == f"sinyal mta: smtp-listener {place}: Address already in use"


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("<spool spool>", "<spool file>"),
        ("log-file log/pmta.log", "log-file file/pmta.log"),
        ("<acct-file acct/acct.csv>", "<acct-file file/acct.csv>"),
    ],
)
def test_a_place_that_cannot_be_used_is_named(site: Site, written: str, instead: str):
    line = refusal(site, written, instead)
    assert line.startswith(f"sinyal mta: {site.root / 'file'}: ")


def test_a_key_file_without_a_key_is_named_with_its_line(site: Site):
    text = site.configuration.read_text()
    site.configuration.write_text(
        text.replace("certificate demo.pem", "certificate file")
    )
    command = [sys.executable, "-m", "sinyal", "mta"]
    command += ["--config", str(site.configuration)]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 2
    said = ended.stderr.decode()
    assert "smtp-server-tls-certificate: the file holds no private key" in said


def test_a_state_that_another_server_has_is_left_alone(site: Site):
    state = site.root / "state"
    part = state / "sparkpost" / "sp1-0000000000000001.json.part"
    part.parent.mkdir(parents=True)
    lock = lock_directory(state)
    part.write_bytes(b"{}\n{half")
    assert refusal(site) == f"sinyal mta: {state} is in use by another process"
    assert part.read_bytes() == b"{}\n{half"
    os.close(lock)
