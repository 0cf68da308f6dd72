"""PROXY headers: what is read of them, and that nothing behind them is."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.smtp.proxy import (
    MAX_LINE_OCTETS,
    MAX_PAYLOAD_OCTETS,
    SIGNATURE,
    BadHeader,
    Client,
    ProxyHeader,
)

ports = st.integers(0, 65535)
cuts = st.lists(st.integers(1, 40), min_size=1)


def read(octets: bytes, sizes: list[int] | None = None) -> tuple[Client | None, int]:
    """The client, and how many octets were taken; fed in portions of these sizes."""
    header, at, turn = ProxyHeader(), 0, 0
    while header.wanted:
        size = min(header.wanted, sizes[turn % len(sizes)] if sizes else 1 << 20)
        portion = octets[at : at + size]
        if not portion:
            raise EOFError
        header.feed(portion)
        at, turn = at + len(portion), turn + 1
    return header.client, at


def binary(command: int, family: int, payload: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(payload)) + payload


@given(st.ip_addresses(), ports, ports, cuts, st.binary(max_size=30))
def test_a_line_tells_the_client_and_what_follows_is_left(
    ip: ipaddress.IPv4Address, port: int, other: int, sizes: list[int], rest: bytes
) -> None:
    kind = f"TCP{ip.version}"
    line = f"PROXY {kind} {ip} {ip} {port} {other}\r\n".encode()
    assert read(line + rest, sizes) == ((str(ip), port), len(line))


@given(st.ip_addresses(), ports, cuts, st.binary(max_size=30), st.binary(max_size=30))
def test_a_binary_header_tells_the_client_and_what_follows_is_left(
    ip: ipaddress.IPv4Address, port: int, sizes: list[int], more: bytes, rest: bytes
) -> None:
    family = 0x11 if ip.version == 4 else 0x21
    payload = ip.packed * 2 + struct.pack("!HH", port, 25) + more
    header = binary(0x21, family, payload)
    assert read(header + rest, sizes) == ((str(ip), port), len(header))


@given(st.binary(max_size=200))
def test_any_octets_give_a_client_or_an_error_within_bounds(octets: bytes) -> None:
    for start in (b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"):
        try:
            _, taken = read(start + octets)
        except (BadHeader, EOFError):
            continue
        assert taken <= max(MAX_LINE_OCTETS, 16 + MAX_PAYLOAD_OCTETS)


@pytest.mark.parametrize(
    "octets",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ffff::1 ::1 1 2\r\n",
        binary(0x20, 0x00, b""),
        binary(0x20, 0x11, b"\0" * 12),
        binary(0x21, 0x00, b"anything"),
    ],
)
def test_a_proxy_that_speaks_for_itself_tells_no_client(octets: bytes) -> None:
    assert read(octets) == (None, len(octets))


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO client.example\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        b"PROXY TCP4\r\n 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
        b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY UNKNOWN " + b"x" * MAX_LINE_OCTETS,
        binary(0x11, 0x11, b"\0" * 12),
        binary(0x22, 0x11, b"\0" * 12),
        binary(0x21, 0x12, b"\0" * 12),
        binary(0x21, 0x31, b"\0" * 216),
        binary(0x21, 0x11, b"\0" * 11),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_refused(octets: bytes) -> None:
    with pytest.raises(BadHeader):
        read(octets)
