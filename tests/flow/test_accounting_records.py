"""Accounting of a running server: all record types, chosen columns, programs."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mta_process import ROOT, SENDER, Site
from mta_process import site as running
from neighbours import PATIENCE_S
from returned_mail import bounce, complaint

from sinyal.runtime.control_socket import Request, ask

READER = """
import sys
with open(sys.argv[1], "a") as file:
    for line in sys.stdin:
        file.write(line)
        file.flush()
"""
FILES = """
<acct-file {at}/all.csv>
records d, bounce, t, transient-queue, receipt, remote-bounce, rs, feedback-loop
record-fields d *,!orcpt,header_X-Batch,header_Subject,userString
record-fields r type,rcpt,header_x-batch
record-fields rb *,header_X-Batch
record-fields f *,header_X-Batch,arf_Version
map-header-to-field delivery header_X-Absent envId
map-header-to-field delivery header_X-Batch envId
user-string node 1
</acct-file>

<acct-file {at}/hidden.csv>
records d
record-fields d rcpt,dsnDiag
privacy-policy siphash-hexkey 0102
iso-times no
</acct-file>

<acct-file {at}/some.csv>
records d,r
record-fields d timeLogged,timeFirstAttempt,rcpt
record-fields r rcpt
queue-filter !b.example/*,*/mta1
iso-times no
</acct-file>

<acct-file "|{program} {at}/pipe.out">
records d
record-fields d rcpt,header_X-Batch
</acct-file>

<domain quiet.example>
disable-acct-records d
</domain>
"""
LETTER = """\
From: {sender}
Subject: {name}
X-Batch: =?utf-8?q?b=C3=BCcher?=,
 {name}
X-Job: job1
Message-ID: <{name}@feeder.example>

Selamat pagi
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path) as built:
        (tmp_path / "reader.py").write_text(READER)
        program = f"{sys.executable} {tmp_path}/reader.py"
        lines = FILES.format(at=tmp_path, program=program)
        configure(built, lines)
        yield built


def configure(site: Site, lines: str, former: str = "") -> None:
    """Add lines, or write them in place of others, and reload."""
    path = site.directory / "seed.conf"
    text = path.read_text().replace(former, "") if former else path.read_text()
    path.write_text(f"{text}\n{lines}\n")
    outcome = ask(site.directory / "state", Request("reload"), PATIENCE_S)
    assert outcome.exit_code == 0, outcome.lines


def letter(name: str) -> bytes:
    return LETTER.format(sender=SENDER, name=name).replace("\n", "\r\n").encode()


def rows(site: Site, stem: str, letter_: str = "") -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in sorted(site.directory.glob(f"{stem}-*.csv")):
        with path.open(newline="") as file:
            found += list(csv.DictReader(file, strict=True))
    return [row for row in found if letter_ in ("", row["type"])]


def awaited(site: Site, stem: str, letter_: str, count: int = 1) -> dict[str, str]:
    """The last of `count` rows, once they are there."""
    site.until(lambda: len(rows(site, stem, letter_)) >= count)
    return rows(site, stem, letter_)[-1]


def test_every_record_has_what_its_file_asks_for(site: Site) -> None:
    mail = site.submit(letter("satu"), "budi@a.example")
    row = awaited(site, "all", "d")
    batch = "bücher, satu"
    assert (row["header_X-Batch"], row["header_Subject"]) == (batch, "satu")
    assert (row["envId"], row["userString"]) == (batch, "node 1")
    assert "orcpt" in row
    assert row["queue"] == "a.example/mta1"
    receipt = awaited(site, "all", "r")
    assert (receipt["rcpt"], receipt["header_x-batch"]) == ("budi@a.example", batch)

    site.send_back(bounce(mail, mail.fields), mail.mail_from)
    returned = awaited(site, "all", "rb")
    assert (returned["rcpt"], returned["header_X-Batch"]) == ("budi@a.example", batch)
    delayed = bounce(mail, mail.fields).replace(b"Action: failed", b"Action: delayed")
    site.send_back(delayed, mail.mail_from)
    assert awaited(site, "all", "rs")["dsnAction"] == "delayed"
    site.send_back(
        complaint(mail, "fbl@fbl.pmta.signalsdemo.trymsys.net"),
        "fbl@fbl.pmta.signalsdemo.trymsys.net",
    )
    complained = awaited(site, "all", "f")
    assert complained["header_X-Batch"] == batch
    assert complained["arf_Version"] == "1"
    assert complained["header_Subject"] == "satu"

    hidden = awaited(site, "hidden", "d")
    assert hidden["rcpt"].endswith("@a.example")
    assert "budi" not in str(hidden)

    site.until(lambda: (site.directory / "pipe.out").exists())
    site.until(lambda: "satu" in (site.directory / "pipe.out").read_text())
    assert (site.directory / "pipe.out").read_text() == (
        f'type,rcpt,header_X-Batch\nd,budi@a.example,"{batch}"\n'
    )


def test_a_queue_that_cannot_be_served_has_a_tq_record(site: Site) -> None:
    site.receiver.stop()
    with site.feeder() as client:
        client.sendmail(SENDER, ["ika@a.example"], letter("dua"))
    row = awaited(site, "all", "tq")
    assert row["queue"] == "a.example/mta1"
    assert row["dsnStatus"].startswith("4.4.")
    assert (row["rcpt"], row["dlvDestinationIp"]) == ("", "127.0.0.1")
    # One recipient of the queue stands for it among the transient failures.
    assert awaited(site, "all", "t")["rcpt"] == "ika@a.example"
    site.receiver.start()


def test_filters_leave_out_queues_and_domains_leave_out_records(site: Site) -> None:
    configure(site, "track-time-first-attempt yes")
    for name, rcpt in (
        ("tiga", "x@b.example"),
        ("empat", "x@quiet.example"),
        ("lima", "x@c.example"),
    ):
        site.submit(letter(name), rcpt)
    row = awaited(site, "some", "d")
    awaited(site, "all", "d", 2)
    assert [one["rcpt"] for one in rows(site, "some", "d")] == ["x@c.example"]
    assert 0 <= int(row["timeLogged"]) - int(row["timeFirstAttempt"]) < PATIENCE_S
    assert len(rows(site, "some", "r")) == 3
    assert [one["rcpt"] for one in rows(site, "all", "d")] == [
        "x@b.example",
        "x@c.example",
    ]


def test_a_stop_lets_programs_have_everything(site: Site) -> None:
    names = [f"m{number}" for number in range(20)]
    for name in names:
        site.submit(letter(name), f"{name}@a.example")
    assert site.stop() == 0
    lines = (site.directory / "pipe.out").read_text().splitlines()
    assert lines[0] == "type,rcpt,header_X-Batch"
    assert sorted(line.split(",")[1] for line in lines[1:]) == sorted(
        f"{name}@a.example" for name in names
    )


def test_a_reload_leaves_unchanged_programs_alone_and_ends_others(site: Site) -> None:
    out = site.directory / "pipe.out"
    site.submit(letter("a"), "a@a.example")
    site.until(lambda: out.exists() and "a@a.example" in out.read_text())
    configure(site, "postmaster boss@a.example")
    site.submit(letter("b"), "b@a.example")
    site.until(lambda: "b@a.example" in out.read_text())
    assert out.read_text().count("type,") == 1
    text = (site.directory / "seed.conf").read_text()
    at = text.index('<acct-file "|')
    section = text[at : text.index("</acct-file>", at) + len("</acct-file>")]
    configure(site, section.replace("rcpt,", "rcpt,orig,"), former=section)
    site.submit(letter("c"), "c@a.example")
    site.until(lambda: "c@a.example" in out.read_text())
    assert "type,rcpt,orig,header_X-Batch" in out.read_text()
    configure(site, "", former=section.replace("rcpt,", "rcpt,orig,"))
    site.submit(letter("d"), "d@a.example")
    awaited(site, "all", "d", 4)
    assert "d@a.example" not in out.read_text()


def test_a_program_that_fails_holds_up_no_mail(site: Site) -> None:
    line = '<acct-file "|/nowhere/at all">\n</acct-file>'
    configure(site, line)
    site.until_logged('Error starting "/nowhere/at all"')
    site.submit(letter("a"), "a@a.example")
    assert awaited(site, "all", "d")["rcpt"] == "a@a.example"


def test_files_cannot_be_moved_to_another_volume(site: Site) -> None:
    assert ROOT.exists()
    other = Path("/dev/shm")
    if other.stat().st_dev == site.directory.stat().st_dev:
        pytest.skip("the only volume")
    path = site.directory / "seed.conf"
    section = f"<acct-file {site.directory}/z.csv>\nmove-to {other}/z\n</acct-file>"
    path.write_text(f"{path.read_text()}\n{section}\n")
    outcome = ask(site.directory / "state", Request("reload"), PATIENCE_S)
    assert outcome.exit_code == 1
    assert "not on the volume" in outcome.lines[0]
    (other / "z").rmdir()
