"""Limits of connections and octets against a peer that counts."""

import asyncio
from collections import Counter

from delivery_peer import CONTENT, Chain, Peer, Settings, listening

from sinyal.config.vocabulary import Rate, SmtpHost, SourceHost
from sinyal.events.outcome import Verdict
from sinyal.queues.source_limits import Destinations

SOURCES = [SourceHost("127.0.0.41", "a.test"), SourceHost("127.0.0.42", "b.test")]


async def deliver(
    peer: Peer, count: int, limits: Destinations | None = None, **settings: object
) -> Chain:
    async with listening(peer) as port:
        hosts = ((SmtpHost("[127.0.0.1]", port),),)
        chain = Chain(
            Settings(smtp_hosts=hosts, **settings),  # type: ignore[arg-type]
            sources=SOURCES,
            destinations=limits or Destinations(),
        )
        chain.add(*(f"p{at}@example.test" for at in range(count)))
        await chain.deliver(count)
    assert {one.verdict for one in chain.outcomes} == {Verdict.DELIVERED}
    return chain


def test_each_local_address_keeps_to_its_connections() -> None:
    peer = Peer()
    asyncio.run(
        deliver(
            peer, 60, source_ip_max_smtp_out=(("127.0.0.41/32", 1), ("0.0.0.0/0", 2))
        )
    )
    assert peer.most_open <= 3
    assert {ip for ip, _ in peer.seen} == {"127.0.0.41", "127.0.0.42"}


def test_a_host_gets_no_more_connections_than_its_limit() -> None:
    peer = Peer()
    asyncio.run(deliver(peer, 60, Destinations((), (("127.0.0.0/8", 2),))))
    assert peer.most_open <= 2


def test_an_mx_gets_no_more_connections_from_an_address_than_its_limit() -> None:
    peer = Peer()
    asyncio.run(deliver(peer, 60, Destinations((("[127.0.0.1]", 1),), ())))
    assert peer.most_open <= 2


def test_when_one_address_has_sent_enough_the_other_goes_on() -> None:
    peer = Peer()
    asyncio.run(
        deliver(peer, 8, source_ip_max_msg_rate=(("127.0.0.41/32", Rate(3, 600.0)),))
    )
    by_ip = Counter(ip for ip, _ in peer.seen)
    assert by_ip["127.0.0.42"]
    assert len(peer.mails) == 8


def test_octets_wait_for_their_window() -> None:
    peer = Peer()
    chain = asyncio.run(
        deliver(peer, 3, max_data_volume_rate=Rate(len(CONTENT), 0.3), max_smtp_out=1)
    )
    times = sorted(one.at for one in chain.outcomes)
    assert times[-1] - times[0] >= 0.55
    assert not any(one.entry.attempts for one in chain.outcomes)
