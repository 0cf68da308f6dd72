"""What outgoing connections write into the log, and what they keep out of it."""

import asyncio
from pathlib import Path

from delivery_peer import Chain, Peer, Settings, listening, self_signed

from sinyal.config.vocabulary import SmtpHost


async def lines_of(peer: Peer, content: bytes = b"", **settings: object) -> list[str]:
    async with listening(peer) as port:
        hosts = ((SmtpHost("[127.0.0.1]", port),),)
        chain = Chain(
            Settings(smtp_hosts=hosts, **settings),  # type: ignore[arg-type]
            compose=(lambda entry: content) if content else None,
        )
        chain.add("ani@example.test")
        await chain.deliver(1)
        text = "\n".join(chain.lines).replace(str(port), "PORT")
    return text.split("\n") if text else []


def log(peer: Peer, content: bytes = b"", **settings: object) -> list[str]:
    return asyncio.run(lines_of(peer, content, **settings))


START = "smtp-out example.test/{default} 127.0.0.1:PORT"


def test_nothing_is_written_unless_asked_for() -> None:
    assert log(Peer()) == []


def test_connections_are_written_from_beginning_to_end() -> None:
    assert log(Peer(), log_connections=True) == [
        f"{START} connected from 127.0.0.1",
        f"{START} closed",
    ]


def test_routing_is_written() -> None:
    (line,) = log(Peer(), log_resolution=True)
    assert line == (
        "smtp-out example.test/{default} routing: [127.0.0.1] 127.0.0.1:PORT"
    )


def test_commands_and_replies_are_written_without_the_content() -> None:
    found = log(Peer({"final": "250 bye\x1b[2J"}), log_commands=True)
    said = [line.removeprefix(START + " ") for line in found]
    assert said[0] == "S: 220 peer"
    assert "C: RCPT TO:<ani@example.test>" in said
    assert "S: 354 go" in said
    assert "S: 250 bye\\x1b[2J" in said
    assert not any("salam" in line for line in said)


def test_a_password_is_not_written() -> None:
    peer = Peer({"AUTH": "235 ok"}, extensions=("AUTH PLAIN",))
    found = log(
        peer,
        log_commands=True,
        log_data=True,
        auth_username="ani",
        auth_password="rahasia",
        use_unencrypted_plain_auth=True,
    )
    assert any(line.endswith("C: AUTH PLAIN ***") for line in found)
    sent = next(one for one in peer.commands if one.startswith("AUTH"))
    assert sent.split()[2] not in "".join(found)
    octets = "".join(
        line[line.index(" wr ") + 4 :][:47] for line in found if " wr " in line
    )
    assert sent.split()[2].encode().hex() not in octets.replace(" ", "")


def test_every_octet_is_written_but_a_private_key() -> None:
    found = log(Peer(), b"X-DKIM-Key: kunci\r\nA: b\r\n\r\nhalo\r\n", log_data=True)
    shown = [line for line in found if " wr " in line]
    text = "".join(line.rpartition("  ")[2] for line in shown)
    assert "halo" in text and "kunci" not in text
    assert any(" rd 32 32 30 20 70 65 65 72" in line for line in found)


def test_a_transfer_that_breaks_off_is_written() -> None:
    (line,) = log(Peer({"final": ""}), log_transfer_failures=True)
    assert line == f"{START} transfer broken: EDISCON"


def test_tls_is_written(tmp_path: Path) -> None:
    (line,) = log(Peer(tls=self_signed(tmp_path)), log_tls=True)
    assert line.startswith(f"{START} TLS TLSv1.3 ")


def test_a_handshake_that_fails_is_written(tmp_path: Path) -> None:
    peer = Peer({"STARTTLS": "220 go"}, extensions=("STARTTLS",))
    found = log(peer, log_tls=True)
    assert found[0].startswith(f"{START} TLS failed: ")


def test_a_disabled_source_address_is_written_where_that_is_asked_for() -> None:
    async def scenario(*, is_logged: bool) -> list[str]:
        peer = Peer({"MAIL": "421 4.7.0 blocked", "DATA": "503 no"}, extensions=())
        async with listening(peer) as port:
            hosts = ((SmtpHost("[127.0.0.1]", port),),)
            chain = Chain(
                Settings(smtp_hosts=hosts, log_disabled_ips=is_logged),
                rules=["/blocked/ disable-source-ip"],
            )
            chain.add("ani@example.test")
            await chain.deliver(1)
            return chain.lines

    assert asyncio.run(scenario(is_logged=False)) == []
    (line,) = asyncio.run(scenario(is_logged=True))
    assert line == (
        "queue example.test/{default}: source address 127.0.0.1 is disabled"
    )
