"""Ends of the mail server: kill -9, SIGTERM, and what is there after a new start."""

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mta_process import DOMAIN, SENDER, Site, any_certificate
from mta_process import site as running
from neighbours import PATIENCE_S, Arrivals

MESSAGES = 200
FEEDERS = 4
KILLED_AT = 80  # acknowledged messages
DELIVERED = 40  # of them, the receiver has no room for more
STOPPED_WITHIN_S = 10.0


def letter(name: str) -> bytes:
    text = f"From: {SENDER}\nSubject: {name}\nMessage-ID: <{name}@feeder.example>\n\n"
    return (text + "Selamat pagi\n" * 100).replace("\n", "\r\n").encode()


def rcpt(name: str) -> str:
    return f"{name}@example.net"


# -- kill -9


class Feed:
    """Messages fed over a few connections, until the server is gone."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._names = iter([f"m{number}" for number in range(MESSAGES)])
        self._lock = threading.Lock()
        self.acknowledged: Arrivals[str] = Arrivals()
        self._threads = [threading.Thread(target=self._feed) for _ in range(FEEDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _feed(self) -> None:
        try:
            with self._site.feeder() as client:
                while name := self._next():
                    client.sendmail(SENDER, [rcpt(name)], letter(name))
                    self.acknowledged.add(name)
        except (OSError, smtplib.SMTPException):
            return

    def _next(self) -> str:
        with self._lock:
            return next(self._names, "")


def test_what_was_acknowledged_before_kill_9_is_delivered_and_told(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as site:
        site.receiver.room = DELIVERED
        feed = Feed(site)
        feed.start()
        feed.acknowledged.until(lambda names: len(names) >= KILLED_AT)
        site.kill()
        feed.join()
        acknowledged = feed.acknowledged.those(lambda name: True)
        assert KILLED_AT <= len(acknowledged) < MESSAGES
        site.receiver.room = None
        site.start()
        assert recovered(site) >= len(acknowledged) - DELIVERED
        wanted = {f"<{name}@feeder.example>" for name in acknowledged}
        site.receiver.mails.until(
            lambda mails: wanted <= {mail.message_id for mail in mails}
        )
        told = {rcpt(name) for name in acknowledged}
        for wire_type in ("reception", "delivery"):
            site.ingest.events.until(
                lambda events, wanted=wire_type: (
                    told <= {one["rcpt_to"] for one in events if one["type"] == wanted}
                )
            )
        assert site.stop() == 0


def recovered(site: Site) -> int:
    """How many recipients the last start found in the spool."""
    return int(re.findall(r"(\d+) recipients recovered", site.log.read_text())[-1])


# -- SIGTERM


def wired(site: Site) -> socket.socket:
    """A connection that nothing of a client's manners stands in the way of."""
    opened = socket.create_connection(("127.0.0.1", site.submission), PATIENCE_S)
    assert opened.recv(4096).startswith(b"220 ")
    return opened


def say(opened: socket.socket, line: str, code: bytes) -> None:
    opened.sendall(f"{line}\r\n".encode())
    assert opened.recv(4096).startswith(code)


def greeted(site: Site) -> socket.socket:
    return wired(site)


def introduced(site: Site) -> socket.socket:
    opened = wired(site)
    say(opened, "EHLO client.test", b"250")
    return opened


def encrypted(site: Site) -> ssl.SSLSocket:
    opened = introduced(site)
    say(opened, "STARTTLS", b"220")
    secure = any_certificate().wrap_socket(opened)
    say(secure, "EHLO client.test", b"250")
    return secure


def in_a_transaction(site: Site) -> socket.socket:
    opened = introduced(site)
    say(opened, "MAIL FROM:<a@b.example>", b"250")
    say(opened, f"RCPT TO:<a@{DOMAIN}>", b"250")
    return opened


def in_the_middle_of_a_message(site: Site) -> socket.socket:
    opened = in_a_transaction(site)
    say(opened, "DATA", b"354")
    opened.sendall(b"Subject: half\r\n\r\nhalf")
    return opened


STATES: tuple[Callable[[Site], socket.socket], ...] = (
    greeted,
    introduced,
    encrypted,
    in_a_transaction,
    in_the_middle_of_a_message,
)


def test_sigterm_takes_leave_of_every_connection_and_ends_with_0(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as site:
        clients = [state(site) for state in STATES]
        with ThreadPoolExecutor(len(clients)) as readers:
            heard = readers.map(until_closed, clients)
            started = time.monotonic()
            assert site.stop() == 0
            assert time.monotonic() - started < STOPPED_WITHIN_S
            farewells = dict(zip(STATES, heard, strict=True))
        for state, said in farewells.items():
            assert said.startswith(b"421 4.3.2 "), state
            assert said.endswith(b"\r\n") and said.count(b"\n") == 1, state


def until_closed(opened: socket.socket) -> bytes:
    with opened:
        said = b""
        while octets := opened.recv(4096):
            said += octets
        return said


def test_a_new_start_delivers_what_was_queued_when_the_receiver_was_down(
    tmp_path: Path,
) -> None:
    names = ("one", "two", "three")
    with running(tmp_path, is_received=False) as site:
        with site.feeder() as client:
            for name in names:
                client.sendmail(SENDER, [rcpt(name)], letter(name))
        failed = site.ingest.event("tempfail")  # one message tries for its queue
        assert failed["queue_time"] and failed["error_code"] == "451"
        assert site.stop() == 0
        site.receiver.start()
        site.start()
        for name in names:
            mail = site.receiver.of(rcpt(name))
            assert mail.message_id == f"<{name}@feeder.example>"
            delivered = site.ingest.event("delivery", rcpt_to=rcpt(name))
            is_second = delivered["rcpt_to"] == failed["rcpt_to"]
            assert delivered["num_retries"] == str(int(is_second))
            assert (delivered["message_id"] == failed["message_id"]) is is_second
        assert recovered(site) == len(names)


def test_a_port_that_is_taken_ends_the_program_with_1(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        second = site.start_another(tmp_path / "other")
        assert second.returncode == 1
        said = second.stderr.splitlines()[-1].lower()
        assert said.startswith("sinyal mta: ")
        assert said.endswith("address already in use")
        assert any(f":{port}:" in said for port in (site.submission, site.reports))
