"""Files of the pickup directory: both forms, what is refused, what waits."""

import errno
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pickup_world import RECEIVED, World

from sinyal.reception import pickup_directory
from sinyal.reception.pickup import check_directories
from sinyal.reception.pickup_directory import BATCH_FILES, Ready, State, batches
from sinyal.reception.pickup_file import BadFile, Letter, read
from sinyal.smtp.reply import reply

EXAMPLES = Path(__file__).parents[2] / "examples" / "pickup"
LETTER = b"""x-sender: news@example.com
x-receiver: ann@example.net
x-receiver: <bob@example.org>
Subject: hello

Selamat pagi
..two dots
"""
BATCH = b"""MAIL FROM:<news@example.com> RET=HDRS ENVID=e1
RCPT TO:<ann@example.net> NOTIFY=NEVER
DATA
Subject: hello

..one dot
.
"""
MERGE = b"""XACK ON
XMRG FROM:<news@example.com> VERP
XDFN name="Ann B" *parts=1,3 *vmta=mta1 *jobid=j1
RCPT TO:<ann@example.net>
XDFN name=Bob *vmta=mta2 *from=other@example.com *envid=e2
RCPT TO:<bob@example.org>
XPRT 1
Subject: [name]

.
XPRT 2
only for some
.
XPRT 3 LAST
[*to]
.
QUIT
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def letter(*lines: str, body: bytes = b"A: b\n\nc\n") -> bytes:
    start = ("x-sender: a@example.com", *lines)
    return "".join(f"{line}\n" for line in start).encode() + body


def batch(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


# -- the examples


@pytest.mark.parametrize("name", ["letter", "batch", "merge"])
def test_an_example_is_mail(tmp_path: Path, name: str):
    lines = (EXAMPLES / "pickup.conf").read_text()
    inside = lines.partition("<source {pickup}>")[2].partition("</source>")[0]
    world = World(tmp_path, source_lines=inside)
    found = world.envelope((EXAMPLES / name).read_bytes())
    assert [one.address for one in found.recipients] == [
        "ann@example.net",
        "bob@example.org",
    ]


# -- the header form


def test_a_letter_is_taken_as_its_first_lines_say(world: World):
    found = world.taken(LETTER)
    envelope = found.envelope
    assert envelope.mail_from == "news@example.com"
    assert [one.address for one in envelope.recipients] == [
        "ann@example.net",
        "bob@example.org",
    ]
    assert envelope.source_type == "pickup"
    assert (envelope.source_ip, envelope.subject) == ("", "hello")
    assert found.content.startswith(b"Received: by mx.example (sinyal) with pickup id ")
    assert found.content.endswith(
        b"\r\nSubject: hello\r\n\r\nSelamat pagi\r\n..two dots\r\n"
    )


def test_line_ends_of_a_file_may_be_crlf(world: World):
    unix, dos = world.taken(LETTER), world.taken(LETTER.replace(b"\n", b"\r\n"))
    assert unix.content.partition(b"Subject")[2] == dos.content.partition(b"Subject")[2]


def test_what_else_the_first_lines_may_say(world: World):
    content = letter(
        "x-receiver: b@example.net",
        "X-EnvID: e-7",
        "X-Job: my job",
        "x-sender-override: c@example.com",
        body=b"X-Job: stays\nFrom: d\xc3\xa9@example.com\n\nno end",
    )
    found = world.taken(content)
    envelope = found.envelope
    assert (envelope.mail_from, envelope.env_id) == ("c@example.com", "e-7")
    assert envelope.recipients[0].job_id == "my_job"
    assert envelope.is_8bit
    assert b"\r\nX-Job: stays\r\n" in found.content
    assert b"x-envid" not in found.content.lower()
    assert found.content.endswith(b"\r\n\r\nno end\r\n")


def test_an_empty_sender_is_one(world: World):
    content = b"x-sender:\nx-receiver: a@example.net\n\nx\n"
    assert world.envelope(content).mail_from == ""


def test_a_virtual_mta_may_follow(tmp_path: Path):
    world = World(tmp_path, source_lines="process-x-virtual-mta yes")
    content = letter("x-receiver: b@example.net", "x-virtual-mta: mta2")
    assert world.envelope(content).vmta == "mta2"
    content = letter("x-receiver: b@example.net", "x-virtual-mta: mta9")
    assert "mta9" in world.refusal(content)


def test_settings_come_from_the_source_of_the_pickup_directory(tmp_path: Path):
    lines = "default-virtual-mta mta1\njobid-prefix p-\nmax-message-size 1000"
    world = World(tmp_path, source_lines=lines)
    content = letter("x-receiver: b@example.net", "x-job: j")
    envelope = world.envelope(content)
    assert (envelope.vmta, envelope.recipients[0].job_id) == ("mta1", "p-j")
    assert "larger than max-message-size" in world.refusal(content + b"x" * 1000)


def test_of_two_dots_one_is_removed_when_asked_for(tmp_path: Path):
    world = World(tmp_path, global_lines="pickup-remove-dot yes")
    body = b"A: b\n\n..\n.x\nx..\n...y\n"
    found = world.taken(letter("x-receiver: b@example.net", body=body))
    assert found.content.endswith(b"\r\n\r\n.\r\n.x\r\nx..\r\n..y\r\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\xff\x7fELF" * 99, "the first line is no x-sender line and no"),
        (b"\xef\xbb\xbfx-sender: a@b.c\n", "the first line is no x-sender line"),
        (b"Subject: x\n\ny\n", "the first line is no x-sender line"),
        (letter(), "there is no x-receiver line"),
        (letter("x-receiver:"), "x-receiver is empty"),
        (letter("x-receiver: Ann <a@b.c>"), 'x-receiver "Ann <a@b.c>" is no address'),
        (letter("x-receiver: a@b.c", body=b""), "there is no message behind the x-"),
        (letter("x-sender: a@b.c"), "there is more than one x-sender line"),
        (letter("x-receiver: a@b.c", "x-envid: \t" + "e" * 101), "x-envid is longer"),
        (letter("x-receiver: a@b.c", body=b"a\rb\n"), "there is a CR without LF"),
        (b"x-sender: \xff@b.c\n", "x-sender is not UTF-8"),
    ],
)
def test_what_is_no_letter_is_set_aside(world: World, content: bytes, reason: str):
    assert world.refusal(content).startswith(reason)


def test_a_suppressed_recipient_refuses_the_letter(tmp_path: Path):
    world = World(tmp_path, source_lines="suppression-lists gone")
    reason = world.refusal(letter("x-receiver: gone@example.net"))
    assert 'in suppression list "gone": <gone@example.net>' in reason


@given(st.binary(max_size=60), st.sampled_from([b"", LETTER[:60], BATCH[:40]]))
def test_any_file_is_read_or_refused(octets: bytes, start: bytes):
    try:
        found = read(start + octets)
    except BadFile as refused:
        assert str(refused)
        return
    content = found.content if isinstance(found, Letter) else found.octets
    assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")


# -- batches of SMTP


def test_a_batch_is_taken_as_over_smtp(world: World):
    found = world.taken(BATCH)
    envelope = found.envelope
    assert (envelope.mail_from, envelope.ret) == ("news@example.com", "HDRS")
    assert envelope.env_id == "e1"
    assert envelope.recipients[0].notify == "NEVER"
    assert found.content.endswith(b"\r\n\r\n.one dot\r\n")


@pytest.mark.parametrize("first", [b"HELO me\n", b"EHLO me.example\n", b"xack on\n"])
def test_a_batch_may_begin_with_other_commands(world: World, first: bytes):
    assert world.envelope(first + BATCH).mail_from == "news@example.com"


def test_a_mail_merge_needs_no_setting(world: World):
    envelope = world.envelope(MERGE)
    ann, bob = envelope.recipients
    assert (ann.vmta, ann.parts, ann.job_id) == ("mta1", (1, 3), "j1")
    assert ann.variables == {"name": "Ann B"}
    assert (bob.vmta, bob.mail_from, bob.env_id) == ("mta2", "other@example.com", "e2")
    assert envelope.is_verp
    assert envelope.part_octets == (19, 15, 7)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (batch("EHLO"), "the first line is no"),
        (batch("MAIL FROM:x"), "501 5.1.7 bad sender address syntax"),
        (
            batch("MAIL FROM:<>", "RCPT TO:<a@b@c>", "DATA"),
            "550 5.1.3 bad recipient address",
        ),
        (batch("MAIL FROM:<>", "DATA"), "503 5.5.1"),
        (batch("MAIL FROM:<>", "BDAT 1 LAST", ""), "502 5.5.1"),
        (batch("EHLO x", "STARTTLS"), "502 5.5.1"),
        (batch("EHLO x", "AUTH PLAIN"), "502 5.5.1"),
        (batch("EHLO x", "FROB"), "500 5.5.1 unknown command"),
        (batch("EHLO x"), "the file ends before the message does"),
        (BATCH[:-2], "the file ends before the message does"),
        (BATCH + BATCH, "there is more in the file than one message"),
        (BATCH + b"JUNK\n", "there is more in the file"),
        (MERGE.replace(b"1,3", b"1,4"), "550 5.5.4 there is no part 4 for <ann@"),
        (MERGE.replace(b"1,3", b"0"), "550 5.5.4 *parts is no list of parts"),
        (MERGE.replace(b"mta2", b"mta7"), "554 5.5.0 there is no VirtualMTA"),
        (MERGE.replace(b"XPRT 2", b"XPRT 3"), "503 5.5.1"),
        (MERGE.replace(b" LAST", b""), "the file ends before"),
        (MERGE.replace(b"*envid", b"*to"), "550 5.5.4 variable *to cannot be set"),
    ],
)
def test_a_command_that_fails_refuses_the_file(
    world: World, content: bytes, reason: str
):
    assert world.refusal(content).startswith(reason)


def test_too_many_recipients_refuse_the_file(tmp_path: Path):
    world = World(tmp_path, source_lines="max-rcpt-per-message 1")
    content = BATCH.replace(b"DATA", b"RCPT TO:<bob@example.net>\nDATA")
    assert world.refusal(content).startswith("452 4.5.3 too many recipients")
    (world.bad / "one").unlink()
    assert world.refusal(LETTER) == "2 recipients, 1 are allowed"


def test_without_acknowledgement_a_bad_recipient_bounces_instead(tmp_path: Path):
    world = World(tmp_path, source_lines="suppression-lists gone")
    commands = BATCH.replace(
        b"DATA", b"RCPT TO:<no address>\nRCPT TO:<gone@example.net>\nDATA"
    )
    good, bad, gone = world.envelope(b"XACK OFF\n" + commands).recipients
    assert not good.refusal
    assert bad.refusal == "550 5.1.3 bad recipient address syntax"
    text = '550 5.7.1 recipient is in suppression list "gone": <gone@example.net>'
    assert gone.refusal == text
    commands = commands.replace(b"RCPT TO:<no address>\n", b"")
    assert world.refusal(b"XACK ON\n" + commands) == text


# -- files


def test_the_bad_files_need_a_directory_of_their_own(world: World, tmp_path: Path):
    (tmp_path / "same").symlink_to(world.directory)
    check_directories(())
    check_directories((str(world.directory), str(world.bad)))
    with pytest.raises(OSError, match="is the pickup directory itself"):
        check_directories((str(world.directory), str(tmp_path / "same")))


def test_a_name_may_be_anything(world: World):
    world.put(b"\xff\xfe;`ls` \xe2\x98\x83", LETTER)
    world.put(b"bad\n\x1b[2J\xff", b"no mail")
    assert world.look() == 1
    assert not world.names()
    moved = "moved to " + str(world.bad) + "/bad\\n\\x1b[2J\\udcff"
    assert moved in world.lines[-1]


def test_what_is_no_plain_file_or_temporary_stays(world: World, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_bytes(LETTER)
    (world.directory / "link").symlink_to(secret)
    (world.directory / "directory").mkdir()
    os.mkfifo(world.directory / "pipe")
    world.put(".hidden", LETTER)
    world.put("late.tmp", LETTER)
    assert world.look() == 0
    assert len(world.names()) == 5
    assert world.lines == []


def test_a_file_waits_for_its_writers_lock(world: World):
    world.put("one", LETTER)
    for lock in (fcntl.flock, fcntl.lockf):
        reader, child = _lock_in_a_child(world.directory / "one", lock)
        assert world.look() == 0
        os.close(reader)
        os.waitpid(child, 0)
    assert world.look() == 1


def _lock_in_a_child(path: Path, lock: Callable[[Any, int], None]) -> tuple[int, int]:
    """A child that holds the lock until the other end of the pipe is closed."""
    held_out, held_in = os.pipe()
    go_out, go_in = os.pipe()
    child = os.fork()
    if not child:
        os.close(go_in)
        with path.open("rb+") as file:
            lock(file, fcntl.LOCK_EX)
            os.write(held_in, b"x")
            os.read(go_out, 1)
        os._exit(0)
    os.close(go_out)
    os.close(held_in)
    os.read(held_out, 1)
    os.close(held_out)
    return go_in, child


def test_a_file_that_grows_is_left_until_it_is_whole(world: World):
    world.now -= 120.0  # behind the files: only a second look tells
    world.put("one", LETTER[:70])
    assert world.look() == 0
    world.put("one", LETTER)
    assert world.look() == 0
    assert world.look() == 1
    assert len(world.submitted[0].envelope.recipients) == 2


def test_a_file_that_vanishes_or_changes_is_passed_over(world: World):
    gone = Ready("gone", State(1, 1, 1))
    directory = str(world.directory)
    assert pickup_directory.take(directory, gone, 100) is None
    world.put("one", LETTER)
    assert pickup_directory.take(directory, Ready("one", State(1, 1, 1)), 999) is None


def test_another_message_of_the_same_name_is_not_taken_away(world: World):
    world.put("one", LETTER)
    ((name, state),) = pickup_directory.scan(str(world.directory), {}, world.now).ready
    world.put("fresh", LETTER)
    (world.directory / "fresh").rename(world.directory / "one")
    assert pickup_directory.remove(str(world.directory), [Ready(name, state)]) == {}
    assert world.names() == ["one"]


def test_a_file_stays_while_it_cannot_be_stored(world: World):
    world.reply = reply(452, "4.3.1 no room")
    world.put("one", LETTER)
    world.put("two", BATCH)
    for _ in range(3):
        assert world.look() == 0
    assert world.names() == ["one", "two"]
    assert world.lines == ["pickup: files wait: 452 4.3.1 no room"]
    world.reply = RECEIVED
    assert world.look() == 2


def test_a_file_over_every_limit_is_not_read(tmp_path: Path):
    world = World(tmp_path, source_lines="max-message-size 1000")
    with (world.directory / "one").open("wb") as file:
        file.write(LETTER)
        file.truncate(2 << 30)
    assert world.look() == 0
    assert "larger than max-message-size" in world.lines[-1]
    assert (world.bad / "one").stat().st_size == 2 << 30


def test_bad_files_of_one_name_are_all_kept(world: World):
    for number in range(3):
        world.put("one", b"bad %d" % number)
        world.look()
    assert {path.name: path.read_bytes() for path in world.bad.iterdir()} == {
        "one": b"bad 0",
        "one.1": b"bad 1",
        "one.2": b"bad 2",
    }


def test_an_accepted_file_that_would_not_go_is_not_taken_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    world.put("one", LETTER)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert world.look() == 1
    for _ in range(3):
        assert world.look() == 0
    assert world.names() == ["one"]
    assert len(world.submitted) == 1
    assert world.lines == [
        f"pickup: {world.directory}/one: Operation not permitted: accepted, not removed"
    ]
    monkeypatch.undo()
    assert world.look() == 0
    assert world.names() == []


def test_files_are_taken_oldest_first_in_portions(world: World):
    for number in range(3):
        world.put(f"{number}", LETTER)
        os.utime(world.directory / f"{number}", (100 - number, 100 - number))
    found = pickup_directory.scan(str(world.directory), {}, world.now)
    assert [name for name, _ in found.ready] == ["2", "1", "0"]
    many = [Ready(f"{number}", State(number, 1, 1)) for number in range(250)]
    assert [len(some) for some in batches(many)] == [BATCH_FILES, BATCH_FILES, 50]
    large = [Ready(f"{number}", State(number, 1 << 30, 1)) for number in range(3)]
    assert [len(some) for some in batches(large)] == [1, 1, 1]
    assert list(batches([])) == []


def test_a_file_that_has_come_in_the_place_of_a_bad_one_stays(tmp_path: Path):
    directory, bad = tmp_path / "pickup", tmp_path / "bad"
    directory.mkdir()
    bad.mkdir()
    old, new = directory / "a", directory / ".new"
    old.write_bytes(b"nothing")
    (ready,) = pickup_directory.scan(str(directory), {}, time.time() + 60).ready
    new.write_bytes(letter("x-receiver: a@b.c"))
    new.rename(old)
    assert pickup_directory.set_aside(str(directory), ready, str(bad)) == ""
    assert old.exists()
    assert list(bad.iterdir()) == []
