"""Three ways to prove who one is, and what a failure gives away."""

import asyncio
import inspect
from pathlib import Path

import pytest
from door_world import World

from sinyal.reception.credentials import certificate_of
from sinyal.reception.dialog import ReceptionDialog, dialogs
from sinyal.reception.door import Door
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp import sasl
from sinyal.smtp.events import Auth, AuthResponse, Hello, RcptTo
from sinyal.smtp.reply import Reply, reply

USERS = """
<smtp-user box>
authentication-method certificate
tls-certificate {pem}
source trusted
</smtp-user>
<smtp-user operator>
authentication-method system
</smtp-user>
<source trusted>
always-allow-relaying yes
</source>
"""
UNLIMITED = "smtp-max-auth-failure-rate unlimited\nallow-unencrypted-plain-auth yes"
GRANTED, FAILED = 235, reply(535, "5.7.8 authentication failed")


class Accounts:
    """Linux accounts; `asked` says for whom, `error` is raised."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: OSError | None = None

    def __call__(self, user: str, password: str) -> bool:
        self.asked.append(user)
        if self.error is not None:
            raise self.error
        return (user, password) == ("operator", "open sesame")


def settled(answer: object) -> Reply:
    if inspect.iscoroutine(answer):
        answer = asyncio.run(answer)
    assert isinstance(answer, Reply)
    return answer


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def door(world: World, tmp_path: Path, pem: Path, accounts: Accounts) -> Door:
    made = world.door(tmp_path, pem, USERS.format(pem=pem), UNLIMITED)
    made.is_account = accounts
    return made


def secure(certificate: bytes = b"") -> Peer:
    tls = ("TLSv1.3", "TLS_AES_256_GCM_SHA384", certificate)
    return Peer("192.0.2.7", 40000, "127.0.0.1", 25, *tls)


def connected(door: Door, certificate: bytes = b"") -> ReceptionDialog:
    dialog = dialogs(door)()
    dialog.opened(secure(certificate))
    dialog.answer(Hello("client.example"))
    return dialog


def plain(dialog: ReceptionDialog, user: str, password: str) -> Reply:
    return settled(dialog.answer(Auth("PLAIN", sasl.plain_response(user, password))))


def test_a_linux_account_logs_in_with_its_password(door: Door):
    assert plain(connected(door), "operator", "open sesame").code == GRANTED
    assert plain(connected(door), "operator", "wonderland") == FAILED


def test_a_linux_account_that_is_no_user_of_ours_does_not_log_in(
    door: Door, accounts: Accounts
):
    assert plain(connected(door), "root", "open sesame") == FAILED
    assert accounts.asked == [""]


def test_every_login_takes_as_long_as_that_of_a_linux_account(
    door: Door, accounts: Accounts
):
    for name in ("alice", "nobody", "box", "operator"):
        assert plain(connected(door), name, "guess") == FAILED
    assert accounts.asked == ["", "", "", "operator"]


def test_accounts_that_cannot_be_read_are_no_failure_of_the_user(
    door: Door, accounts: Accounts, world: World
):
    accounts.error = PermissionError(13, "Permission denied", "/etc/shadow")
    answer = plain(connected(door), "operator", "open sesame")
    assert answer == reply(454, "4.7.0 temporary authentication failure")
    assert any("/etc/shadow" in line for line in world.lines)


def test_cram_md5_proves_nothing_for_users_without_a_password(door: Door):
    for name in ("operator", "box"):
        dialog = connected(door)
        asked = settled(dialog.answer(Auth("CRAM-MD5")))
        challenge = sasl.decode(asked.text) or b""
        for password in ("", "open sesame"):
            response = sasl.cram_md5_response(name, password, challenge)
            assert settled(dialog.answer(AuthResponse(response))) == FAILED


def test_a_client_certificate_logs_in_its_user(door: Door, pem: Path):
    own = certificate_of(str(pem))
    for initial in (b"", b"box"):
        dialog = connected(door, own)
        assert "AUTH CRAM-MD5 LOGIN PLAIN EXTERNAL" in dialog.extensions(is_tls=True)
        assert settled(dialog.answer(Auth("EXTERNAL", initial))).code == GRANTED
        assert settled(dialog.answer(RcptTo("joe@far.example"))).code == 250


def test_a_certificate_may_come_with_the_name_alone_or_with_any_password(
    door: Door, pem: Path
):
    own = certificate_of(str(pem))
    dialog = connected(door, own)
    assert settled(dialog.answer(Auth("EXTERNAL"))).code == 334
    assert settled(dialog.answer(AuthResponse(b""))).code == GRANTED
    assert plain(connected(door, own), "box", "ignored").code == GRANTED


def test_the_certificate_of_one_is_not_that_of_another(door: Door, pem: Path):
    own = certificate_of(str(pem))
    assert settled(connected(door, own).answer(Auth("EXTERNAL", b"alice"))) == FAILED
    assert plain(connected(door, own), "alice", "") == FAILED
    other = own[:-1] + bytes([own[-1] ^ 1])
    assert settled(connected(door, other).answer(Auth("EXTERNAL", b""))) == FAILED
    assert plain(connected(door), "box", "") == FAILED


def test_without_a_certificate_external_is_neither_offered_nor_taken(door: Door):
    dialog = connected(door)
    assert "AUTH CRAM-MD5 LOGIN PLAIN" in dialog.extensions(is_tls=True)
    assert settled(dialog.answer(Auth("EXTERNAL", b""))).code == 504


def test_a_certificate_that_shows_in_the_handshake_is_not_kept_beside_another_user(
    door: Door, pem: Path
):
    dialog = connected(door, certificate_of(str(pem)))
    assert plain(dialog, "alice", "wonderland").code == GRANTED
    assert dialog.client.user == "alice"


def test_a_thousand_guesses_are_locked_out_after_the_allowed_ones(
    world: World, tmp_path: Path, pem: Path
):
    lines = "smtp-max-auth-failure-rate 10/min\nallow-unencrypted-plain-auth yes"
    door = world.door(tmp_path, pem, source_lines=lines)
    codes = []
    for number in range(1000):
        world.now += 0.1 if number < 500 else 0
        codes.append(plain(connected(door), "alice", f"guess {number}").code)
    assert codes == [535] * 10 + [454] * 990


def test_the_log_names_users_that_exist_and_never_what_was_typed(
    door: Door, world: World
):
    plain(connected(door), "alice", "guess")
    plain(connected(door), "my password", "guess")
    assert [line.partition(" authentication")[2] for line in world.lines] == [
        " failed: user alice",
        " failed: no such user",
    ]
