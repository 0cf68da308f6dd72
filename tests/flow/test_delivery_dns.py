"""The resolver against a name server with a dict for its zone; time is virtual."""

import asyncio

import pytest
from delivery_peer import Zone, dns_stub

from sinyal.runtime.dns import Addresses, Found, Mx, Resolver, Routing

SERVFAIL, NXDOMAIN = 2, 3


async def mx(zone: Zone, domain: str = "example.test") -> Routing:
    async with dns_stub(zone) as stub:
        return await Resolver([("127.0.0.1", stub.port)], try_s=0.1).mx(domain)


async def addresses(zone: Zone, host: str) -> Addresses:
    async with dns_stub(zone) as stub:
        return await Resolver([("127.0.0.1", stub.port)], try_s=0.1).addresses(host)


def test_hosts_come_by_preference() -> None:
    zone: Zone = {("example.test", "MX"): ["30 c.test.", "10 a.test.", "20 B.test."]}
    routing = asyncio.run(mx(zone))
    assert routing.found is Found.RECORDS
    assert routing.hosts == (Mx(10, "a.test"), Mx(20, "B.test"), Mx(30, "c.test"))
    assert not routing.is_implicit


def test_a_domain_with_an_address_alone_is_its_own_host() -> None:
    routing = asyncio.run(mx({("example.test", "AAAA"): ["2001:db8::1"]}))
    assert routing.hosts == (Mx(0, "example.test"),)
    assert routing.is_implicit


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ({("example.test", "MX"): ["0 ."]}, Found.NULL_MX),
        ({}, Found.NO_DOMAIN),
        ({("example.test", "TXT"): []}, Found.NOTHING),
        ({("example.test", "MX"): SERVFAIL}, Found.FAILURE),
        ({("example.test", "MX"): None}, Found.FAILURE),
        ({("example.test", "TXT"): [], ("example.test", "A"): None}, Found.FAILURE),
    ],
)
def test_the_absence_of_hosts_is_told_apart(zone: Zone, found: Found) -> None:
    routing = asyncio.run(mx(zone))
    assert routing.found is found
    assert routing.reason
    assert not routing.hosts


def test_a_time_out_says_so() -> None:
    reason = asyncio.run(mx({("example.test", "MX"): None})).reason
    assert reason == "example.test: lookup timed out"


@pytest.mark.parametrize("domain", ["a" * 64 + ".test", "x..y", "x" * 300, ".", "\x00"])
def test_a_name_that_cannot_exist_is_no_domain(domain: str) -> None:
    assert asyncio.run(mx({}, domain)).found is Found.NO_DOMAIN


def test_a_literal_is_its_own_host_and_address() -> None:
    assert asyncio.run(mx({}, "[192.0.2.1]")).hosts == (Mx(0, "[192.0.2.1]"),)
    found = asyncio.run(addresses({}, "[IPv6:2001:db8::1]"))
    assert found.ips == ("2001:db8::1",)


def test_ipv4_addresses_come_first_and_one_answer_is_enough() -> None:
    zone: Zone = {("a.test", "A"): ["192.0.2.1"], ("a.test", "AAAA"): ["2001:db8::1"]}
    assert asyncio.run(addresses(zone, "a.test")).ips == ("192.0.2.1", "2001:db8::1")
    zone = {("a.test", "A"): ["192.0.2.1"], ("a.test", "AAAA"): None}
    assert asyncio.run(addresses(zone, "a.test")).ips == ("192.0.2.1",)


def test_an_answer_lives_for_its_ttl_and_no_longer() -> None:
    async def go() -> None:
        clock = [1000.0]
        zone: Zone = {("example.test", "MX"): ["10 a.test."]}
        async with dns_stub(zone, ttl_s=300) as stub:
            resolver = Resolver([("127.0.0.1", stub.port)], lambda: clock[0])
            for at, asked in ((1000.0, 1), (1299.9, 1), (1300.1, 2), (1500.0, 2)):
                clock[0] = at
                await resolver.mx("Example.TEST.")
                assert len(stub.asked) == asked

    asyncio.run(go())


@pytest.mark.parametrize(("ttl_s", "lives_s"), [(0, 5.0), (100_000, 3600.0)])
def test_the_ttl_has_bounds(ttl_s: int, lives_s: float) -> None:
    async def go() -> None:
        clock = [0.0]
        zone: Zone = {("example.test", "MX"): ["10 a.test."]}
        async with dns_stub(zone, ttl_s) as stub:
            resolver = Resolver([("127.0.0.1", stub.port)], lambda: clock[0])
            for at, asked in ((0.0, 1), (lives_s - 0.1, 1), (lives_s + 0.1, 2)):
                clock[0] = at
                await resolver.mx("example.test")
                assert len(stub.asked) == asked

    asyncio.run(go())


def test_equal_questions_at_one_time_are_asked_once() -> None:
    async def go() -> None:
        zone: Zone = {("example.test", "MX"): ["10 a.test."]}
        async with dns_stub(zone) as stub:
            resolver = Resolver([("127.0.0.1", stub.port)])
            found = await asyncio.gather(
                *(resolver.mx("example.test") for _ in range(9))
            )
            assert len(stub.asked) == 1
        assert len(set(map(str, found))) == 1

    asyncio.run(go())


def test_the_next_server_is_asked_when_one_fails() -> None:
    async def go() -> None:
        good: Zone = {("example.test", "MX"): ["10 a.test."]}
        bad: Zone = {("example.test", "MX"): SERVFAIL}
        async with dns_stub(bad) as broken, dns_stub(good) as sound:
            servers = [("127.0.0.1", broken.port), ("127.0.0.1", sound.port)]
            routing = await Resolver(servers).mx("example.test")
        assert routing.hosts == (Mx(10, "a.test"),)

    asyncio.run(go())


def test_garbage_from_a_server_is_a_failure() -> None:
    async def go() -> None:
        async with dns_stub({}) as stub:
            stub.datagram_received = lambda octets, address: stub.transport.sendto(
                b"\x00" + octets[1:2] + b"\xff" * 40, address
            )
            resolver = Resolver([("127.0.0.1", stub.port)], try_s=0.05)
            assert (await resolver.mx("example.test")).found is Found.FAILURE

    asyncio.run(go())
