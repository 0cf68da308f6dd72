"""What a source asks for, from the door of a real server to the receiver."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

from mta_process import DOMAIN, SENDER, Site

EXTRA = f"""
include-headers-from all.txt
<pattern-list kinds>
header X-Kind /^\\s*receipt$/ virtual-mta=mta2, recipient-priority=90
* recipient-priority=10
</pattern-list>
<source {{auth}}>
pattern-list kinds
suppression-lists gone
accept-invalid-recipients yes
bcc archive@example.net
verp-default yes
remove-header X-Secret
add-x-virtual-mta-header yes
jobid-prefix {{auth}}.
process-x-schedule yes
</source>
<address-list gone>
address-file gone.txt
</address-list>
<virtual-mta mta2>
smtp-source-host 127.0.0.1 two.{DOMAIN}
rewrite-list authors
</virtual-mta>
<rewrite-list authors>
from-domain {DOMAIN} news.{DOMAIN}
</rewrite-list>
<aliases>
alias team@example.net one@example.net,two@example.net
</aliases>
<bounce-category-patterns>
/suppression list "gone"/ unwanted
</bounce-category-patterns>
<acct-file acct.csv>
records r, d, b
record-fields r rcpt, vmta, vmtaPool, jobId
record-fields b rcpt, dsnStatus, dsnDiag, bounceCat
record-fields d rcpt, vmta, orig
</acct-file>
"""


@contextmanager
def running(directory: Path) -> Iterator[Site]:
    built = Site(directory)
    (directory / "all.txt").write_text("X-Operated-By: us\n")
    (directory / "gone.txt").write_text("Left@Example.net\n")
    config = directory / "seed.conf"
    config.write_text(config.read_text() + EXTRA)
    built.ingest.start()
    try:
        built.receiver.start()
        built.start()
        yield built
    finally:
        if built.process is not None and built.process.poll() is None:
            built.kill()
        built.receiver.stop()
        built.ingest.stop()


def feed(site: Site, header: str, *rcpts: str) -> None:
    text = f"From: Kabar <{SENDER}>\r\nSubject: x\r\n{header}\r\n\r\ntext\r\n"
    with site.feeder() as client:
        client.sendmail(SENDER, list(rcpts), text.encode())


def rows(site: Site, kind: str, *columns: str) -> list[list[str]]:
    """These cells of the records of one type, in the order of their writing."""
    files = sorted(site.directory.glob("acct*.csv"))
    found = [row for path in files for row in csv.DictReader(path.open())]
    return [[row[name] for name in columns] for row in found if row["type"] == kind]


def test_a_source_gets_all_that_it_asks_for(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        feed(site, "X-Kind: receipt\r\nX-Secret: s\r\nX-Job: j", "a@example.net")
        mail = site.receiver.of("a@example.net")
        copy = site.receiver.of("archive@example.net")

        bounces = f"news-a=example.net@bounces.{DOMAIN}"
        assert mail.mail_from == bounces
        message = message_from_bytes(mail.content)
        assert message["From"] == f"Kabar <news@news.{DOMAIN}>"
        assert message["X-Operated-By"] == "us"
        assert message["X-Virtual-MTA"] == "mta2"
        assert message["X-Secret"] is None
        assert message["X-Job"] is None
        assert copy.mail_from == f"news-archive=example.net@bounces.{DOMAIN}"
        site.until(lambda: len(rows(site, "d")) == 2)
        job = "SMTP_Injection.j"
        assert rows(site, "r", "rcpt", "vmta", "vmtaPool", "jobId") == [
            ["a@example.net", "mta2", "", job],
            ["archive@example.net", "mta2", "", job],
        ]


def test_a_suppressed_recipient_bounces_at_once_and_the_others_are_delivered(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as site:
        feed(site, "X-Kind: other", "left@example.net", "team@example.net")
        for name in ("one", "two"):
            assert site.receiver.of(f"{name}@example.net").content
        site.until(lambda: len(rows(site, "b")) == 1)
        assert rows(site, "b", "rcpt", "dsnStatus", "dsnDiag", "bounceCat") == [
            [
                "left@example.net",
                "5.7.1 (delivery not authorized)",
                'smtp;550 5.7.1 recipient is in suppression list "gone":'
                " <left@example.net>",
                "unwanted",
            ]
        ]
        assert not site.receiver.mails.those(
            lambda one: "left@example.net" in one.rcpts
        )


def test_scheduled_mail_outlives_a_restart_and_bounces_after_its_window(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as site:
        feed(
            site,
            "X-Schedule: 2001-01-01 09:00:00 / 2001-01-01 10:00:00",
            "a@example.net",
        )
        site.until(lambda: len(rows(site, "b")) == 2)  # the blind copy as well
        far = "2036-01-01 09:00:00 / 2036-01-01 10:00:00"
        feed(site, f"X-Schedule: {far}", "b@example.net")
        site.stop()
        site.start()
        site.until_logged("2 recipients recovered from the spool")
        feed(site, "X-Kind: other", "c@example.net")
        assert site.receiver.of("c@example.net").content
        assert not site.receiver.mails.those(lambda one: "b@example.net" in one.rcpts)
