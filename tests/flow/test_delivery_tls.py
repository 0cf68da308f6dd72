"""TLS towards destinations: versions, roots, certificates, sessions, broken peers."""

import asyncio
import ssl
from pathlib import Path

import pytest
from delivery_peer import Chain, Peer, Settings, listening, self_signed

from sinyal.config.vocabulary import SmtpHost, TlsFiles
from sinyal.delivery.tls import BROKEN_S, ClientTls
from sinyal.events.outcome import Outcome, Verdict


async def deliver(
    peer: Peer, count: int = 1, host: str = "[127.0.0.1]", **settings: object
) -> list[Outcome]:
    async with listening(peer) as port:
        hosts = ((SmtpHost(host, port),),)
        chain = Chain(
            Settings(smtp_hosts=hosts, max_smtp_out=1, **settings)  # type: ignore[arg-type]
        )
        chain.add(*(f"p{at}@example.test" for at in range(count)))
        return await chain.deliver(count)


def one(peer: Peer, **settings: object) -> Outcome:
    return asyncio.run(deliver(peer, **settings))[0]


def test_a_version_that_is_not_allowed_is_not_used(tmp_path: Path) -> None:
    peer = Peer(tls=self_signed(tmp_path))
    assert one(peer).tls_protocol == "TLSv1.3"
    peer = Peer(tls=self_signed(tmp_path))
    assert one(peer, smtp_tls_allow_tlsv1_3=False).tls_protocol == "TLSv1.2"


def test_ciphers_up_to_tls_1_2_are_chosen(tmp_path: Path) -> None:
    outcome = one(
        Peer(tls=self_signed(tmp_path)),
        smtp_tls_allow_tlsv1_3=False,
        smtp_tls_ciphers="ECDHE-ECDSA-CHACHA20-POLY1305",
    )
    assert outcome.tls_cipher == "ECDHE-ECDSA-CHACHA20-POLY1305"


@pytest.mark.parametrize("is_required", [False, True])
def test_a_certificate_that_no_root_vouches_for_is_as_no_tls(
    tmp_path: Path, is_required: bool
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    self_signed(other)
    peer = Peer(tls=self_signed(tmp_path))
    outcome = one(
        peer,
        smtp_tls_ca_file=str(other / "peer.pem"),
        require_starttls=is_required,
    )
    assert not outcome.tls_protocol
    expected = Verdict.DEFERRED if is_required else Verdict.DELIVERED
    assert outcome.verdict is expected


def test_a_certificate_for_another_name_is_as_no_tls(tmp_path: Path) -> None:
    peer = Peer(tls=self_signed(tmp_path))
    outcome = one(peer, smtp_tls_ca_file=str(tmp_path / "peer.pem"))
    assert outcome.verdict is Verdict.DELIVERED
    assert not outcome.tls_protocol


def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    pem = str(tmp_path / "peer.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert not one(Peer(tls=context)).tls_protocol
    shown = one(Peer(tls=context), smtp_client_certificate=TlsFiles(pem))
    assert shown.tls_protocol == "TLSv1.2"


def test_a_file_that_is_not_there_lets_mail_wait(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.pem")
    outcome = one(Peer(tls=self_signed(tmp_path)), smtp_tls_ca_file=gone)
    assert outcome.verdict is Verdict.DEFERRED
    assert "gone.pem" in str(outcome.reply)


@pytest.mark.parametrize("is_reused", [True, False])
@pytest.mark.parametrize("is_newest", [True, False])
def test_sessions_are_taken_up_again_where_that_is_asked_for(
    tmp_path: Path, is_reused: bool, is_newest: bool
) -> None:
    context = self_signed(tmp_path)
    asyncio.run(
        deliver(
            Peer(tls=context),
            3,
            max_msg_per_connection=1,
            reuse_ssl_session=is_reused,
            smtp_tls_allow_tlsv1_3=is_newest,
        )
    )
    hits = context.session_stats()["hits"]
    assert hits == (2 if is_reused else 0)


def test_a_peer_whose_tls_is_broken_is_spared_it_from_then_on() -> None:
    peer = Peer({"STARTTLS": "220 go"}, extensions=("STARTTLS",))
    outcomes = asyncio.run(deliver(peer, 3, max_msg_per_connection=1))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
    assert peer.commands.count("STARTTLS") == 1
    assert peer.connections == 4


def test_after_a_while_its_tls_is_tried_again() -> None:
    now = [0.0]
    known = ClientTls(lambda: now[0])
    known.failed("192.0.2.1")
    assert known.is_broken("192.0.2.1") and not known.is_broken("192.0.2.2")
    now[0] = BROKEN_S
    assert not known.is_broken("192.0.2.1")


def test_where_tls_is_required_a_broken_peer_gets_no_mail_in_the_clear() -> None:
    peer = Peer({"STARTTLS": "220 go"}, extensions=("STARTTLS",))
    outcomes = asyncio.run(deliver(peer, 1, require_starttls=True))
    assert outcomes[0].verdict is Verdict.DEFERRED
    assert peer.mails == []
