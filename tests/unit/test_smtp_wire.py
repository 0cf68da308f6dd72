"""Every octet of a session as it is shown to a log, without the secrets."""

import base64

import pytest

from sinyal.smtp.dump import dump
from sinyal.smtp.events import Auth, AuthResponse, MailData
from sinyal.smtp.reply import reply
from sinyal.smtp.server import ServerSession, Signal

SECRET = base64.b64encode(b"\0alice\0wonderland")
CHALLENGE = {"LOGIN": 2, "CRAM-MD5": 1}


def seen(sent: bytes, step: int) -> list[tuple[str, bytes]]:
    """What the wire is shown when `sent` arrives `step` octets at a time."""
    shown: list[tuple[str, bytes]] = []
    session, challenges = ServerSession(), 0
    session.wire = lambda direction, octets: shown.append((direction, octets))
    session.greet(reply(220, "mx"))
    for at in range(0, len(sent), step):
        session.receive_data(sent[at : at + step])
        while not isinstance(event := session.next_event(), Signal):
            if isinstance(event, Auth):
                challenges = CHALLENGE.get(event.mechanism, 0)
            elif isinstance(event, AuthResponse):
                challenges -= 1
            is_login = isinstance(event, Auth | AuthResponse)
            code = 334 if is_login and challenges else 235 if is_login else 250
            is_data = type(event).__name__ == "DataCommand"
            session.send(reply(354 if is_data else code, "x"))
    session.data_to_send()
    return shown


def test_all_that_is_read_and_written_is_shown():
    sent = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
    sent += b"Subject: AUTH PLAIN x\r\n\r\n..\r\n.\r\n"
    shown = seen(sent, 1)
    assert b"".join(octets for way, octets in shown if way == "rd") == sent
    assert b"".join(octets for way, octets in shown if way == "wr").startswith(
        b"220 mx"
    )


@pytest.mark.parametrize("step", [1, 7, 4096])
@pytest.mark.parametrize(
    "login",
    [
        b"AUTH PLAIN " + SECRET + b"\r\n",
        b"auth\tPLAIN  " + SECRET + b"\r\n",
        b"AUTH LOGIN\r\n" + SECRET + b"\r\n" + SECRET + b"\r\n",
        b"AUTH CRAM-MD5\r\n" + SECRET + b"\r\n",
        b"AUTH LOGIN\r\n" + SECRET * 2000 + b"\r\n",
    ],
)
def test_the_secrets_of_a_login_are_not_shown(login: bytes, step: int):
    shown = seen(b"EHLO x\r\n" + login, step)
    read = b"".join(octets for way, octets in shown if way == "rd")
    assert SECRET[:8] not in read
    assert read.startswith(b"EHLO x\r\n" + login[:4])
    assert b"***" in read


@pytest.mark.parametrize("behind", [b"", b"NOOP\r\n", b"MAIL FROM:<a@b.test>\r\n"])
@pytest.mark.parametrize("step", [1, 4096])
def test_what_is_sent_behind_an_auth_that_is_refused_is_not_shown(
    behind: bytes, step: int
):
    shown: list[bytes] = []
    session = ServerSession()
    session.wire = lambda direction, octets: shown.append(octets)
    session.greet(reply(220, "mx"))
    sent = b"EHLO x\r\nAUTH LOGIN\r\n" + SECRET + b"\r\n" + SECRET + b"\r\n" + behind
    for at in range(0, len(sent), step):
        session.receive_data(sent[at : at + step])
        while not isinstance(event := session.next_event(), Signal):
            session.send(reply(538 if isinstance(event, Auth) else 250, "x"))
    read = b"".join(shown)
    assert SECRET[:8] not in read
    assert read.endswith(b"***\r\n" * 2 + behind)


def test_the_message_itself_is_shown_before_its_event_is_given():
    session, shown = ServerSession(), []
    session.wire = lambda direction, octets: shown.append(octets)
    session.greet(reply(220, "mx"))
    for line in (b"HELO x", b"MAIL FROM:<>", b"RCPT TO:<a@b.test>", b"DATA"):
        session.receive_data(line + b"\r\n")
        session.next_event()
        session.send(reply(354 if line == b"DATA" else 250, "ok"))
    session.receive_data(b"x\r\n.\r\n")
    assert session.next_event() == MailData(b"x\r\n")
    assert shown[-1] == b"x\r\n.\r\n"


def test_octets_are_dumped_sixteen_to_a_line():
    assert list(dump(b"EHLO x\r\n" + bytes(range(0x41, 0x4A)))) == [
        "45 48 4c 4f 20 78 0d 0a 41 42 43 44 45 46 47 48  EHLO x..ABCDEFGH",
        "49" + " " * 45 + "  I",
    ]
