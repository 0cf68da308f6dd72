"""The DNS of the pretended world: every domain below one suffix has mail servers here.

Source: RFC 1035 4.1, RFC 5321 5.1.
"""

import asyncio
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TTL_S = 60
HOST_LABEL = b"mx"  # mx.DOMAIN is the mail server of DOMAIN


class Zone:
    """Answers to queries: DOMAIN has the MX `mx.DOMAIN`, which has our address.

    A name outside the suffix does not exist. `txt` are further names with a text.
    """

    def __init__(
        self, suffix: str, address: str, txt: dict[str, str] | None = None
    ) -> None:
        self._suffix = dns.name.from_text(suffix)
        self._address = address
        self._txt = {
            dns.name.from_text(name): text for name, text in (txt or {}).items()
        }

    def answer(self, octets: bytes) -> bytes | None:
        """The response to a query, or None for what is not a query at all."""
        try:
            query = dns.message.from_wire(octets)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR:
            return None  # a response: answering it could go on for ever
        response = dns.message.make_response(query)
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response.set_rcode(dns.rcode.NOTIMP)
            return response.to_wire()
        response.flags |= dns.flags.AA
        self._fill(response, query.question[0])
        return response.to_wire()

    def _fill(self, response: dns.message.Message, question: dns.rrset.RRset) -> None:
        name, kind = question.name, question.rdtype
        is_ours = name.is_subdomain(self._suffix)
        if not is_ours and name not in self._txt:
            response.set_rcode(dns.rcode.NXDOMAIN)
            return
        text = self._record(name, kind, is_ours)
        if question.rdclass == dns.rdataclass.IN and text:
            rrset = dns.rrset.from_text(name, TTL_S, dns.rdataclass.IN, kind, text)
            response.answer.append(rrset)

    def _record(self, name: dns.name.Name, kind: int, is_ours: bool) -> str:
        """The text of the record of this type, or "" when there is none."""
        if kind == dns.rdatatype.TXT and name in self._txt:
            return _quoted(self._txt[name])
        is_host = name.labels[0].lower() == HOST_LABEL
        if kind == dns.rdatatype.MX and is_ours and not is_host:
            return f"10 {HOST_LABEL.decode()}.{name.to_text()}"
        address_kind = dns.rdatatype.AAAA if ":" in self._address else dns.rdatatype.A
        return self._address if kind == address_kind and is_ours else ""


def _quoted(text: str) -> str:
    """A text as character strings of at most 255 octets; RFC 1035 3.3.14."""
    octets = text.replace("\\", "\\\\").replace('"', '\\"')
    return " ".join(f'"{octets[at : at + 200]}"' for at in range(0, len(octets), 200))


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        response = self._zone.answer(data)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)


async def serve_zone(zone: Zone, host: str, port: int) -> asyncio.DatagramTransport:
    """The open UDP socket of the zone; `get_extra_info("sockname")` has its port.

    Errors: `OSError` when the address cannot be had.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Answering(zone), local_addr=(host, port)
    )
    return transport
