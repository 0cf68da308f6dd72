"""A mail merge of 5,000 recipients over a connection, to the octets each one gets."""

import csv
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mta_process import DOMAIN, SENDER, Site
from neighbours import Mail

MANY = 5_000  # recipients; guide 9: the most that is recommended (MM-6)

CONFIGURATION = """
<virtual-mta other>
smtp-source-host 127.0.0.1 other.example
</virtual-mta>
<domain *>
max-smtp-out 20
max-msg-per-connection 0
</domain>
<acct-file {root}/acct.csv>
records r,d
record-fields r rcpt,vmta,jobId,envId,orig
record-fields d rcpt,vmta,jobId,envId,orig
</acct-file>
"""
PARTS = (
    f"From: {SENDER}\r\nTo: [*to]\r\nSubject: [[[Greeting] [name]]]\r\n"
    "Date: [*date]\r\n\r\n",
    "Only for the even: [number][unknown]\r\n",
    "[dot]\r\n",
    "The end, [name]\r\n",
)


class Copy(NamedTuple):
    """What recipient `number` is to get, and where."""

    number: int

    @property
    def rcpt(self) -> str:
        return f"r{self.number}@example.net"

    @property
    def is_even(self) -> bool:
        return self.number % 2 == 0

    @property
    def sender(self) -> str:
        return f"s{self.number}@elsewhere.example" if self.is_even else SENDER

    @property
    def definition(self) -> str:
        values = {
            "name": f'"N\u00famero {self.number}"',
            "greeting": "Hola",
            "number": self.number,
            "dot": ".",
            "*jobid": f"job{self.number % 7}",
            "*envid": f"env{self.number}",
            "*vmta": "other" if self.is_even else "mta1",
            "*parts": "1-4" if self.is_even else "1,4,3",
        }
        if self.is_even:
            values["*from"] = self.sender
        return " ".join(f"{name}={value}" for name, value in values.items())

    @property
    def body(self) -> str:
        last = f"The end, N\u00famero {self.number}\r\n"
        if self.is_even:
            return f"Only for the even: {self.number}\r\n.\r\n{last}"
        return f"{last}.\r\n"

    @property
    def record(self) -> list[str]:
        vmta = "other" if self.is_even else "mta1"
        sender = self.sender.replace(f"@{DOMAIN}", f"@bounces.{DOMAIN}")
        return [self.rcpt, vmta, f"job{self.number % 7}", f"env{self.number}", sender]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("merge")
    built = Site(directory)
    file = directory / "seed.conf"
    text = file.read_text().replace(
        "always-allow-relaying yes", "allow-mailmerge yes\nalways-allow-relaying yes"
    )
    file.write_text(text + CONFIGURATION.format(root=directory))
    built.ingest.start()
    built.receiver.start()
    built.start()
    yield built
    assert built.stop() == 0
    built.receiver.stop()
    built.ingest.stop()


def records(site: Site, kind: str) -> list[list[str]]:
    files: list[Path] = sorted(site.directory.glob("acct*.csv"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    return [row[1:] for row in csv.reader(lines) if row[0] == kind]


def said(client: smtplib.SMTP, lines: list[str]) -> set[int]:
    """The codes of the replies to commands that are sent at once."""
    client.send("".join(f"{line}\r\n" for line in lines).encode())
    return {client.getreply()[0] for _ in lines}


def part(client: smtplib.SMTP, command: str, text: str) -> int:
    assert client.docmd(command)[0] == 354
    stuffed = text.replace("\r\n.", "\r\n..")
    client.send(f"{stuffed}.\r\n".encode())
    return client.getreply()[0]


@pytest.fixture(scope="module")
def copies(site: Site) -> list[Copy]:
    """All recipients of one submission that was accepted."""
    every = [Copy(number) for number in range(MANY)]
    with site.feeder() as client:
        client.ehlo()  # what the login has opened is offered only now
        assert client.has_extn("xmrg")
        began = time.monotonic()
        assert client.docmd("XMRG", f"FROM:<{SENDER}>")[0] == 250
        for at in range(0, MANY, 50):  # as much as the sockets hold
            group = every[at : at + 50]
            commands = [
                line
                for one in group
                for line in (f"XDFN {one.definition}", f"RCPT TO:<{one.rcpt}>")
            ]
            assert said(client, commands) == {250}
        for number, text in enumerate(PARTS, 1):
            last = " LAST" if number == len(PARTS) else ""
            assert part(client, f"XPRT {number}{last}", text) == 250
        assert time.monotonic() - began < 30.0
    return every


def test_every_recipient_gets_a_copy_of_its_own(site: Site, copies: list[Copy]) -> None:
    site.receiver.mails.until(lambda mails: len(mails) >= MANY)
    mails = {mail.rcpts[0]: mail for mail in site.receiver.mails.those(lambda _: True)}
    assert len(site.receiver.mails) == len(mails) == MANY
    for one in copies:
        mail: Mail = mails[one.rcpt]
        assert mail.body.decode() == one.body
        assert mail.header("To") == one.rcpt
        subject = mail.header("Subject").encode("latin-1").decode()
        assert subject == f"[Hola N\u00famero {one.number}]"
        assert mail.header("Date").endswith(" +0000")
        assert mail.mail_from == one.record[-1]
        assert mail.fields.count(b"Received:") == 1


def test_records_tell_what_the_variables_said(site: Site, copies: list[Copy]) -> None:
    site.until(lambda: len(records(site, "d")) == MANY)
    expected = sorted(one.record for one in copies)
    assert sorted(records(site, "d")) == expected
    assert sorted(records(site, "r")) == expected


def test_a_part_that_is_missing_refuses_the_submission(site: Site) -> None:
    with site.feeder() as client:
        client.docmd("XMRG", f"FROM:<{SENDER}>")
        client.docmd("XDFN", "*parts=1,3")
        assert client.docmd("RCPT", "TO:<late@example.net>")[0] == 250
        client.docmd("XPRT", "1 LAST")
        client.send(b"Subject: x\r\n\r\n.\r\n")
        code, text = client.getreply()
        assert code == 550
        assert text == b"5.5.4 there is no part 3 for <late@example.net>"
        assert client.noop()[0] == 250
