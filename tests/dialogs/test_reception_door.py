"""What a transcript does not show: contents, envelopes, several connections."""

import inspect
from email import message_from_bytes
from pathlib import Path

import pytest
from door_world import RECEIVED, World
from lines import MemoryLine, result_of

from sinyal.mail.envelope import Submission
from sinyal.reception.dialog import dialogs
from sinyal.reception.door import Door
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp import sasl
from sinyal.smtp.events import Auth, AuthResponse, Hello, MailData, MailFrom, RcptTo
from sinyal.smtp.reply import Reply
from sinyal.smtp.transparency import stuff

PEER = Peer("192.0.2.7", 40000, "127.0.0.1", 25)
SECURE = Peer("192.0.2.7", 40000, "127.0.0.1", 25, "TLSv1.3", "TLS_AES_256_GCM_SHA384")


def hand_in(
    door: Door,
    content: bytes,
    *recipients: str,
    mail_from: str = "a@b.example",
    user: str = "alice",
) -> Reply:
    """One message through a dialog, after a login over TLS unless `user` is ""."""
    dialog = dialogs(door)()
    dialog.opened(PEER)
    dialog.secured(SECURE)
    dialog.answer(Hello("client.example"))
    if user:
        response = sasl.plain_response(user, "wonderland")
        answer = dialog.answer(Auth("PLAIN", response))
        assert isinstance(answer, Reply)
        assert answer.code == 235
    dialog.answer(MailFrom(mail_from))
    for address in recipients:
        answer = dialog.answer(RcptTo(address))
        assert isinstance(answer, Reply)
        assert answer.is_positive
    answer = dialog.answer(MailData(content))
    if inspect.iscoroutine(answer):
        answer = result_of(answer)
    assert isinstance(answer, Reply)
    return answer


def accepted(door: Door, world: World, content: bytes, **more: str) -> Submission:
    assert hand_in(door, content, "joe@far.example", **more) == RECEIVED
    return world.submitted[-1]


def test_an_authenticated_message_gets_received_date_and_message_id(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    content = accepted(door, world, b"Subject: x\r\n\r\ntext\r\n").content
    assert content.endswith(b"Subject: x\r\n\r\ntext\r\n")
    message = message_from_bytes(content)
    assert message.keys() == ["Received", "Date", "Message-ID", "Subject"]
    assert "with ESMTPSA" in message["Received"]
    assert "for <joe@far.example>" in message["Received"]
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"


def test_a_message_from_outside_keeps_its_header_and_gets_received_alone(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    hand_in(door, b"Subject: x\r\n\r\n", "joe@example.net", user="")
    assert message_from_bytes(world.submitted[0].content).keys() == [
        "Received",
        "Subject",
    ]


def test_x_job_becomes_the_job_id_and_leaves_the_header(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    sent = b"Date: d\r\nX-Job: spring sale\r\n\t2\r\nMessage-ID: <1@x>\r\n\r\ntext"
    got = accepted(door, world, sent)
    assert got.envelope.job_id == "spring_sale_2"
    assert b"X-Job" not in got.content
    assert got.content.endswith(b"Date: d\r\nMessage-ID: <1@x>\r\n\r\ntext")
    assert got.envelope.size_octets == len(got.content)


def test_x_job_of_a_stranger_is_left_where_it_is(tmp_path: Path, pem: Path) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    hand_in(door, b"X-Job: mine\r\n\r\n", "joe@example.net", user="")
    assert world.submitted[0].envelope.job_id == ""
    assert b"X-Job: mine" in world.submitted[0].content


def test_the_members_of_a_pool_take_turns(tmp_path: Path, pem: Path) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    got = [accepted(door, world, b"\r\n").envelope for _ in range(3)]
    assert [one.vmta for one in got] == ["mta1", "mta2", "mta1"]
    assert {one.pool for one in got} == {"default"}


def test_x_virtual_mta_selects_and_is_removed(tmp_path: Path, pem: Path) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    got = accepted(door, world, b"X-Virtual-MTA: mta2\r\n\r\n")
    assert (got.envelope.vmta, got.envelope.pool) == ("mta2", "")
    assert b"X-Virtual-MTA" not in got.content


def test_mail_from_strangers_goes_to_the_default_queues(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    hand_in(door, b"\r\n", "joe@example.net", user="")
    assert world.submitted[0].envelope.vmta == "{default}"


def test_sender_and_subject_are_read_decoded_and_sender_comes_before_from(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    sent = (
        b"From: other@x.example\r\nSender: =?utf-8?q?Toko_Kabar?= <kabar@Toko.example>"
        b"\r\nSubject: =?utf-8?b?UHJvbW8gw7w=?=\r\n\r\n"
    )
    got = accepted(door, world, sent).envelope
    assert got.friendly_from == "kabar@Toko.example"
    assert got.friendly_name == "Toko Kabar"
    assert got.subject == "Promo ü"


def test_the_rewrite_list_changes_the_envelope_sender_alone(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    sent = b"From: news@shop.example\r\n\r\n"
    got = accepted(door, world, sent, mail_from="news@shop.example")
    assert got.envelope.mail_from == "news@bounces.example.net"
    assert b"From: news@shop.example" in got.content


def test_reports_go_to_their_reader_and_the_rest_to_the_spool(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    recipients = ("b@bounces.example.net", "f@fbl.example.net", "joe@example.net")
    assert hand_in(door, b"\r\nx", *recipients, mail_from="", user="") == RECEIVED
    assert [(one.kind, one.rcpt) for one in world.reports] == [
        ("bounce", "b@bounces.example.net"),
        ("feedback-loop", "f@fbl.example.net"),
    ]
    assert world.reports[0].content == b"\r\nx"
    assert [one.address for one in world.submitted[0].envelope.recipients] == [
        "joe@example.net"
    ]


def test_a_full_disk_is_a_transient_refusal_and_logged(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem)
    world.answer = OSError("no space left")
    report = hand_in(door, b"\r\n", "b@bounces.example.net", mail_from="", user="")
    assert report.code == 451
    assert "no space left" in world.lines[-1]


def test_eight_bit_and_long_contents_arrive_octet_for_octet(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    line = MemoryLine(dialogs(world.door(tmp_path, pem))(), 1400)
    lines = [b".dots", b"..", b".", b"", bytes(range(0x80, 0x100)), b"a" * 3000]
    content = b"Date: d\r\n\r\n" + b"\r\n".join(lines * 32) + b"\r\n"
    assert len(content) > 100_000
    envelope = b"HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n"
    line.feed(envelope)
    assert line.feed(stuff(content)) == b"250 2.6.0 message received\r\n"
    assert world.submitted[0].content.endswith(content)


def test_above_total_max_smtp_in_a_connection_is_refused_until_another_closes(
    tmp_path: Path, pem: Path
) -> None:
    make = dialogs(World().door(tmp_path, pem, "total-max-smtp-in 2"))
    first, second, third = make(), make(), make()
    assert first.opened(PEER).code == second.opened(PEER).code == 220
    assert third.opened(PEER).code == 421
    third.closed()
    first.closed()
    assert make().opened(PEER).code == 220


def test_a_lockout_holds_for_other_connections_of_the_same_source_only(
    tmp_path: Path, pem: Path
) -> None:
    make = dialogs(World().door(tmp_path, pem))

    def try_login(ip: str) -> int:
        dialog = make()
        dialog.opened(Peer(ip, 1, "127.0.0.1", 25))
        answer = dialog.answer(Auth("CRAM-MD5"))
        if isinstance(answer, Reply) and answer.code == 334:
            answer = dialog.answer(AuthResponse(b"alice 00"))
        assert isinstance(answer, Reply)
        return answer.code

    answers = [try_login(ip) for ip in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    assert answers == [535, 454, 535]


def test_what_a_peer_makes_up_stays_in_its_own_line_of_the_log(
    tmp_path: Path, pem: Path
) -> None:
    world = World()
    door = world.door(tmp_path, pem, source_lines="log-commands yes")
    line = MemoryLine(dialogs(door)())
    line.feed("NOOP \u202e\x1b[31m\nforged\r\n".encode())
    said = [text for text in world.lines if "forged" in text]
    assert said == ["smtp-in 127.0.0.1:40000 C: NOOP \\u202e\\x1b[31m\\nforged"]


@pytest.mark.parametrize("line", ["log-commands yes", "log-data yes"])
def test_commands_and_octets_are_logged_without_the_secrets(
    line: str, tmp_path: Path, pem: Path
) -> None:
    world = World()
    lines = f"{line}\nallow-unencrypted-plain-auth yes"
    door = world.door(tmp_path, pem, source_lines=lines)
    talk = MemoryLine(dialogs(door)())
    secret = sasl.encode(sasl.plain_response("alice", "wonderland"))
    talk.feed(f"HELO x\r\nAUTH PLAIN {secret}\r\nMAIL FROM:<a@b.example>\r\n".encode())
    talk.feed(b"RCPT TO:<joe@example.net>\r\nDATA\r\n")
    talk.feed(b"X-DKIM-Key: MIIE\r\n\tsecret\r\nDate: d\r\n\r\nbody\r\n.\r\n")
    log = "\n".join(world.lines)
    assert "AUTH" in log
    assert "MIIE" not in log
    assert "secr" not in log
    assert secret[:8] not in log
    assert ("body" in log) == line.startswith("log-data")
