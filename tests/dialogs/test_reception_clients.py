"""Who a client is, what follows from it, and what becomes of it when it leaves."""

import asyncio
import gc
import inspect
import weakref
from pathlib import Path

import pytest
from door_world import RECEIVED, World

from sinyal.config.settings import SourceSettings
from sinyal.config.vocabulary import Listener
from sinyal.reception.checks import Checked, Checks
from sinyal.reception.dialog import ReceptionDialog, dialogs
from sinyal.reception.door import Door
from sinyal.runtime.dns import Resolver
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp import sasl
from sinyal.smtp.events import (
    Auth,
    DataCommand,
    Hello,
    MailData,
    MailFrom,
    PartCommand,
    RcptTo,
    XClient,
)
from sinyal.smtp.reply import Reply, reply

SECURE = ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
SOURCES = """
<source-group small>
max-smtp-in 1
</source-group>
<source 192.0.2.0/24>
source-group small
</source>
<source 198.51.100.0/24>
max-smtp-in 1
</source>
<source port>
always-allow-relaying yes
max-rcpt-per-message 5
</source>
<source bob>
max-rcpt-per-message 1
</source>
<smtp-user bob>
password builder
source bob
</smtp-user>
"""


def settled(answer: object) -> Reply:
    if inspect.iscoroutine(answer):
        answer = asyncio.run(answer)
    assert isinstance(answer, Reply)
    return answer


def peer(ip: str = "127.0.0.1", *tls: str) -> Peer:
    return Peer(ip, 40000, "127.0.0.1", 25, *tls)


def opened(door: Door, ip: str, listener: Listener | None = None) -> Reply:
    dialog = ReceptionDialog(door, listener) if listener else ReceptionDialog(door)
    return settled(dialog.opened(peer(ip)))


def greeted(door: Door, *listener: Listener) -> ReceptionDialog:
    dialog = dialogs(door, *listener)()
    dialog.opened(peer("127.0.0.1", *SECURE))
    dialog.answer(Hello("client.example"))
    return dialog


def test_whoever_is_one_too_many_is_told_why(tmp_path: Path, pem: Path):
    lines = f"total-max-smtp-in 3\n{SOURCES}"
    door = World().door(tmp_path, pem, lines)
    assert opened(door, "192.0.2.1").code == 220
    assert opened(door, "192.0.2.2").text.startswith(
        "4.3.2 too many connections of your source-group"
    )
    assert opened(door, "198.51.100.1").code == 220
    assert opened(door, "198.51.100.1").text.startswith(
        "4.7.0 too many connections from your address"
    )
    assert opened(door, "198.51.100.2").code == 220
    assert opened(door, "203.0.113.1") == reply(
        421, "4.3.2 too many connections, try again later"
    )


def test_twenty_thousand_connections_of_one_address_leave_room_for_others(
    tmp_path: Path, pem: Path
):
    lines = f"total-max-smtp-in 10\n{SOURCES}"
    door = World().door(tmp_path, pem, lines)
    codes = [opened(door, "198.51.100.1").code for _ in range(20_000)]
    assert codes == [220] + [421] * 19_999
    assert opened(door, "203.0.113.1").code == 220


def test_a_patient_listener_greets_when_another_has_left(tmp_path: Path, pem: Path):
    door = World().door(tmp_path, pem, "total-max-smtp-in 1")
    listener = Listener("127.0.0.1", 25, await_slot=True)

    async def talk() -> Reply:
        first, second = dialogs(door, listener)(), dialogs(door, listener)()
        first.opened(peer())
        waiting = second.opened(peer())
        assert inspect.iscoroutine(waiting)
        task = asyncio.create_task(waiting)
        await asyncio.sleep(0)
        assert not task.done()
        first.closed()
        return await asyncio.wait_for(task, 5)

    assert asyncio.run(talk()).code == 220


def test_over_the_memory_limit_mail_is_put_off(tmp_path: Path, pem: Path):
    door = World().door(tmp_path, pem, "max-memory-usage-percent 50")
    door.memory_percent = lambda: 51.0
    refusal = reply(452, "4.3.2 Server resources temporarily exhausted")
    assert settled(greeted(door).answer(MailFrom("a@b.example"))) == refusal
    door.memory_percent = lambda: 50.0
    assert settled(greeted(door).answer(MailFrom("a@b.example"))).code == 250


def test_the_user_s_source_counts_before_the_listener_s_and_that_before_addresses(
    tmp_path: Path, pem: Path
):
    door = World().door(tmp_path, pem, SOURCES)
    dialog = greeted(door, Listener("127.0.0.1", 25, source_name="port"))
    assert dialog.client.source.always_allow_relaying
    assert dialog.client.source.max_rcpt_per_message == 5
    response = sasl.plain_response("bob", "builder")
    assert settled(dialog.answer(Auth("PLAIN", response))).code == 235
    assert dialog.client.source.always_allow_relaying
    assert dialog.client.source.max_rcpt_per_message == 1


def test_dsn_parameters_reach_the_envelope(tmp_path: Path, pem: Path):
    world = World()
    dialog = greeted(world.door(tmp_path, pem))
    dialog.answer(
        MailFrom("a@b.example", ret="HDRS", env_id="e1", is_utf8=True, is_verp=True)
    )
    dialog.answer(RcptTo("joe@example.net", notify="NEVER", orcpt="rfc822;j@e.net"))
    assert settled(dialog.answer(MailData(b"\r\n"))) == RECEIVED
    envelope = world.submitted[0].envelope
    assert (envelope.ret, envelope.env_id) == ("HDRS", "e1")
    assert (envelope.is_utf8, envelope.is_verp) == (True, True)
    recipient = envelope.recipients[0]
    assert (recipient.notify, recipient.orcpt) == ("NEVER", "rfc822;j@e.net")


def test_the_parts_and_variables_of_a_merge_reach_the_envelope(
    tmp_path: Path, pem: Path
):
    world = World()
    dialog = greeted(world.door(tmp_path, pem, source_lines="allow-mailmerge yes"))
    dialog.answer(MailFrom("a@b.example", is_merge=True))
    variables = {"name": "Ayu", "*parts": "2,1", "*from": "x@y.example"}
    dialog.answer(RcptTo("joe@example.net", variables=variables))
    assert settled(dialog.answer(PartCommand(1))).code == 354
    said = settled(dialog.answer(MailData(b"Subject: [name]\r\n", 1, is_last=False)))
    assert said == reply(250, "2.6.0 part received")
    assert settled(dialog.answer(PartCommand(2, is_last=True))).code == 354
    assert settled(dialog.answer(MailData(b"\r\nb\r\n", 2))) == RECEIVED
    envelope, recipient = (
        world.submitted[0].envelope,
        world.submitted[0].envelope.recipients[0],
    )
    assert len(envelope.part_octets) == 2
    assert world.submitted[0].content.endswith(b"Subject: [name]\r\n\r\nb\r\n")
    assert recipient.parts == (2, 1)
    assert recipient.variables == {"name": "Ayu"}
    assert recipient.mail_from == "x@y.example"


def test_a_recipient_that_is_to_bounce_says_why(tmp_path: Path, pem: Path):
    world = World()
    lines = "accept-invalid-recipients yes"
    dialog = greeted(world.door(tmp_path, pem, source_lines=lines))
    dialog.answer(MailFrom("a@b.example"))
    dialog.answer(RcptTo("what is this", "RCPT TO:<what is this>", is_valid=False))
    assert settled(dialog.answer(MailData(b"\r\n"))) == RECEIVED
    refused = world.submitted[0].envelope.recipients[0]
    assert refused.refusal == "550 5.1.3 bad recipient address syntax"


class Judge(Checks):
    """Checks that need no DNS."""

    def __init__(self, checked: Checked) -> None:
        super().__init__(Resolver(()), "mx.example", lambda: 0.0)
        self._checked = checked
        self.asked: list[tuple[str, ...]] = []

    async def at_mail(
        self, source: SourceSettings, ip: str, helo: str, mail_from: str
    ) -> Checked:
        self.asked.append((ip, helo, mail_from))
        return self._checked


def test_a_sender_is_checked_before_it_is_taken(tmp_path: Path, pem: Path):
    world = World()
    door = world.door(tmp_path, pem, source_lines="check-spf-inbound yes")
    judge = Judge(Checked(None, ("spf=pass smtp.mailfrom=a@b.example",)))
    door.checks = judge
    dialog = greeted(door)
    assert settled(dialog.answer(MailFrom("a@b.example"))).code == 250
    assert judge.asked == [("127.0.0.1", "client.example", "a@b.example")]
    door.checks = Judge(Checked(reply(550, "5.7.23 no")))
    assert settled(greeted(door).answer(MailFrom("a@b.example"))).code == 550


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_client_that_leaves_before_the_reply_has_its_message_stored_and_logged(
    is_gone: bool, tmp_path: Path, pem: Path
):
    world = World()
    dialog = greeted(world.door(tmp_path, pem))
    dialog.answer(MailFrom("a@b.example"))
    dialog.answer(RcptTo("joe@example.net"))
    answer = dialog.answer(MailData(b"\r\n"))
    if is_gone:
        dialog.closed()
    assert settled(answer) == RECEIVED
    assert len(world.submitted) == 1
    left = [line for line in world.lines if "reply not delivered" in line]
    assert len(left) == is_gone


def test_a_relay_speaks_for_one_client_after_another(tmp_path: Path, pem: Path):
    lines = f"{SOURCES}<source 127.0.0.1>\nallow-xclient yes\n</source>"
    door = World().door(tmp_path, pem, lines)
    dialog = greeted(door)
    for ip, group in (("192.0.2.5", "small"), ("203.0.113.1", "")):
        told = XClient({"ADDR": ip, "PORT": "1", "HELO": "own.example"})
        assert settled(dialog.answer(told)).code == 220
        dialog.answer(Hello("relay.example"))
        feeder = dialog.client.feeder()
        assert (feeder.peer.remote_ip, feeder.hello_name) == (ip, "own.example")
        assert feeder.source.source_group == group
        assert "XCLIENT" in dialog.features


def test_a_relay_inside_tls_cannot_lend_its_certificate(tmp_path: Path, pem: Path):
    door = World().door(tmp_path, pem, source_lines="allow-xclient yes")
    dialog = dialogs(door)()
    dialog.opened(Peer("127.0.0.1", 1, "127.0.0.1", 25, *SECURE, b"certificate"))
    dialog.answer(XClient({"ADDR": "192.0.2.5", "LOGIN": "alice"}))
    assert dialog.client.peer.certificate == b""
    assert dialog.client.user == "alice"
    dialog.secured(Peer("127.0.0.1", 1, "127.0.0.1", 25, *SECURE, b"certificate"))
    assert dialog.client.peer.certificate == b""
    assert dialog.client.peer.remote_ip == "192.0.2.5"


def test_transient_refusals_that_take_time_end_the_connection_too(
    tmp_path: Path, pem: Path
):
    world = World()
    lines = "disconnect-on-transient-error yes"
    dialog = greeted(world.door(tmp_path, pem, source_lines=lines))
    world.answer = reply(451, "4.3.0 full")
    dialog.answer(MailFrom("a@b.example"))
    dialog.answer(RcptTo("joe@example.net"))
    dialog.answer(DataCommand())
    said = settled(dialog.answer(MailData(b"\r\n")))
    assert said.code == 421
    assert said.encode() == b""


def test_a_dialog_that_is_over_leaves_nothing_for_the_collector(
    tmp_path: Path, pem: Path
):
    door = World().door(tmp_path, pem)
    dialog = greeted(door)
    dialog.answer(MailFrom("a@b.example"))
    gone = weakref.ref(dialog)
    dialog.closed()
    gc.disable()
    try:
        del dialog
        assert gone() is None
    finally:
        gc.enable()
