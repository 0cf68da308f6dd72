"""The pickup directory of a running server: delivered, refused, killed, full."""

import csv
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mta_process import DOMAIN, SENDER, Site
from neighbours import PATIENCE_S

from sinyal.runtime.disk import usable_directory

MANY = 10_000
LEAST_A_SECOND = 100  # messages; what is measured stands in docs/behaviour.md

CONFIGURATION = """
pickup {root}/pickup {root}/bad
<source {{pickup}}>
process-x-job yes
</source>
<acct-file {root}/acct.csv>
records r,d
record-fields r rcpt,srcType,jobId,envId
record-fields d rcpt,srcType,jobId,envId
</acct-file>
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server that has not been started, with a pickup directory."""
    built = Site(tmp_path)
    with (tmp_path / "seed.conf").open("a") as file:
        file.write(CONFIGURATION.format(root=tmp_path))
    built.ingest.start()
    yield built
    if built.process is not None and built.process.poll() is None:
        built.kill()
    built.receiver.stop()
    built.ingest.stop()


def letter(name: str) -> bytes:
    return (
        f"x-sender: {SENDER}\nx-receiver: {name}@example.net\nx-envid: e-{name}\n"
        f"x-job: j-{name}\nFrom: {SENDER}\nSubject: {name}\n\nSelamat pagi\n.\n"
    ).encode()


def put(site: Site, name: str, content: bytes) -> None:
    """A file, complete at once as it should be."""
    hidden = site.directory / "pickup" / f".{name}"
    hidden.write_bytes(content)
    hidden.rename(hidden.with_name(name))


def names(site: Site) -> list[str]:
    return sorted(path.name for path in (site.directory / "pickup").iterdir())


def records(site: Site, kind: str) -> list[list[str]]:
    """The rows of that type in all files, without it."""
    files = sorted(site.directory.glob("acct*.csv"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    return [row[1:] for row in csv.reader(lines) if row[0] == kind]


def test_files_are_delivered_with_what_they_say(site: Site):
    site.receiver.start()
    site.start()
    put(site, "one", letter("ann"))
    put(
        site,
        "two",
        f"XMRG FROM:<{SENDER}>\n"
        'XDFN name="Bob B" *jobid=j-bob *envid=e-bob\n'
        "RCPT TO:<bob@example.net>\nXPRT 1 LAST\n"
        f"From: {SENDER}\nSubject: [name]\n\nDear [name] at [*to]\n.\n".encode(),
    )
    put(site, "three", b"no mail")
    ann, bob = site.receiver.of("ann@example.net"), site.receiver.of("bob@example.net")
    assert ann.mail_from == f"news@bounces.{DOMAIN}" or ann.mail_from == SENDER
    assert ann.body == b"Selamat pagi\r\n.\r\n"
    assert bob.header("Subject") == "Bob B"
    assert bob.body == b"Dear Bob B at bob@example.net\r\n"
    assert "x-receiver" not in ann.fields.decode().lower()
    line = site.until_logged("moved to")
    assert line.endswith(
        f"three: moved to {site.directory}/bad/three: the first line is no "
        "x-sender line and no command of a batch"
    )
    site.until(lambda: len(records(site, "d")) == 2 and not names(site))
    for kind in "rd":
        assert sorted(records(site, kind)) == [
            ["ann@example.net", "pickup", "j-ann", "e-ann"],
            ["bob@example.net", "pickup", "j-bob", "e-bob"],
        ]


def test_ten_thousand_files_lose_nothing_by_a_kill(site: Site):
    usable_directory(site.directory / "pickup")
    for number in range(MANY):
        put(site, f"{number:05}", letter(f"m{number}"))
    began = time.monotonic()
    site.start()
    site.until(lambda: 0 < len(names(site)) < MANY * 4 // 5)
    taken, took_s = MANY - len(names(site)), time.monotonic() - began
    site.kill()
    assert taken / took_s > LEAST_A_SECOND
    site.start()
    patience = time.monotonic() + 4 * PATIENCE_S
    while names(site):
        assert time.monotonic() < patience
        site.until(lambda: True)
    assert site.stop() == 0
    received = [row[0] for row in records(site, "r")]
    assert set(received) == {f"m{number}@example.net" for number in range(MANY)}
    # What was accepted and not yet removed at the kill: one portion of files.
    assert len(received) - MANY <= 100


def test_a_directory_that_cannot_be_used_is_named_at_the_start(site: Site):
    (site.directory / "pickup").write_bytes(b"")
    ended = site.start_another(site.directory / "state")
    assert ended.returncode == 1
    assert f"sinyal mta: {site.directory}/pickup: File exists" in ended.stderr


def test_a_directory_that_goes_away_is_looked_for(site: Site):
    site.receiver.start()
    site.start()
    shutil.rmtree(site.directory / "pickup")
    line = site.until_logged("No such file or directory")
    assert f"pickup: {site.directory}/pickup: No such file" in line
    (site.directory / "pickup").mkdir()
    put(site, "one", letter("ann"))
    assert site.receiver.of("ann@example.net")
    assert site.log.read_text().count("No such file or directory") == 1
