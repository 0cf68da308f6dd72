"""What goes out keeps its form, and what a peer says too early or badly is borne."""

import asyncio
import ssl
from pathlib import Path

import pytest
from delivery_peer import Chain, Peer, Settings, listening, self_signed

from sinyal.config.vocabulary import SmtpHost
from sinyal.events.outcome import Outcome, Verdict
from sinyal.reception import pickup_file
from sinyal.runtime.smtp_client import open_connection

# Line ends that some server takes for the end of the data; none of them is.
ENDS = (
    *(b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r"),
    *(b"\r\n.\r\r\n", b"\r\r\n.\r\n", b"\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n"),
    *(b"\r\n.\r\n", b"\n\n.\n\n", b"\r\r.\r\r", b"\n\r.\n\r"),
)
SMUGGLED = b"MAIL FROM:<evil@sender.test>\r\nRCPT TO:<x@example.test>\r\nDATA\r\n"


async def deliver(peer: Peer, content: bytes | None = None, **settings) -> Outcome:
    async with listening(peer) as port:
        hosts = ((SmtpHost("[127.0.0.1]", port),),)
        compose = None if content is None else lambda entry: content
        chain = Chain(Settings(smtp_hosts=hosts, **settings), compose=compose)
        chain.add("ani@example.test")
        (outcome,) = await chain.deliver(1)
    return outcome


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("extensions", [("PIPELINING",), (), ("CHUNKING", "8BITMIME")])
def test_no_content_of_ours_ends_before_its_end(
    end: bytes, extensions: tuple[str, ...]
) -> None:
    """The peer knows CRLF.CRLF alone; all other line ends have become CRLF."""
    peer = Peer(extensions=extensions)
    content = b"Subject: x\r\n\r\nbody" + end + SMUGGLED + b"end\r\n"

    async def go() -> None:
        async with listening(peer) as port:
            connection = await open_connection("127.0.0.1", port)
            await connection.hello("mta.test")
            replies = await connection.send("a@b.test", ["c@d.test"], content)
            assert replies.final is not None
            assert replies.final.code == 250
            await connection.quit()

    asyncio.run(go())
    _is_strict(peer)


@pytest.mark.parametrize("end", ENDS)
def test_what_lies_in_the_pickup_directory_smuggles_nothing(end: bytes) -> None:
    header = b"x-sender: a@b.test\nx-receiver: c@d.test\nSubject: x\n\nbody"
    try:
        letter = pickup_file.read(header + end + SMUGGLED)
    except pickup_file.BadFile:
        assert b"\r" in end.replace(b"\r\n", b"")
        return
    assert isinstance(letter, pickup_file.Letter)
    peer = Peer()
    outcome = asyncio.run(deliver(peer, letter.content))
    assert outcome.verdict is Verdict.DELIVERED
    _is_strict(peer)


def _is_strict(peer: Peer) -> None:
    """One message went out, in lines that end in CRLF and are stuffed."""
    ((_, _, sent, _),) = peer.mails
    assert sent.count(b"\r") == sent.count(b"\n") == sent.count(b"\r\n")
    dotted = [line for line in sent.split(b"\r\n") if line.startswith(b".")]
    assert all(line.startswith(b"..") for line in dotted)
    assert sum(command.startswith("MAIL") for command in peer.commands) == 1


def test_what_a_peer_says_before_tls_is_not_heard_inside_it(tmp_path: Path) -> None:
    peer = Peer(tls=self_signed(tmp_path))
    peer.tls_go = b"220 go\r\n250-evil.test\r\n250-SIZE 1\r\n250 AUTH PLAIN\r\n"
    outcome = asyncio.run(deliver(peer))
    assert outcome.verdict is Verdict.DELIVERED
    assert peer.mails[0][3]
    assert "AUTH" not in str(outcome.extensions)
    names = [command.split()[0] for command in peer.commands]
    assert names[:4] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]


def old(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context, speaking TLS 1.0 alone."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["old protocol", "expired", "wrong name"])
@pytest.mark.parametrize("is_required", [False, True])
def test_a_peer_with_bad_tls_gets_mail_as_the_policy_says(
    kind: str, is_required: bool, tmp_path: Path
) -> None:
    tls = self_signed(tmp_path, -1 if kind == "expired" else 1)
    peer = Peer(tls=old(tls) if kind == "old protocol" else tls)
    outcome = asyncio.run(deliver(peer, require_starttls=is_required))
    in_the_clear = [mail for mail in peer.mails if not mail[3]]
    if kind == "old protocol" and is_required:
        assert outcome.verdict is Verdict.DEFERRED
        assert not peer.mails
    elif kind == "old protocol":
        assert len(in_the_clear) == 1
    else:
        # Any certificate will do: encrypted to somebody is better than to everybody.
        assert outcome.verdict is Verdict.DELIVERED
        assert len(peer.mails) == 1
        assert not in_the_clear
