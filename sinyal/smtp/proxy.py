"""The header by which a proxy tells who its client is, PROXY protocol 1 and 2.

Source: the HAProxy PROXY protocol specification, 2.1 (text) and 2.2 (binary).
"""

import ipaddress

FIRST_OCTETS = 12  # the signature of version 2; no line of version 1 is shorter
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED_OCTETS = 16  # of version 2, before what its length counts
MAX_LINE_OCTETS = 107  # of version 1, with CRLF
MAX_PAYLOAD_OCTETS = 4096  # of version 2: addresses and what else is told
MAX_PORT = 65535

# (version 2) address family and protocol: octets of one address
TCP_ADDRESSES = {0x11: 4, 0x21: 16}
UNSPECIFIED = 0x00
LOCAL, PROXY = 0x20, 0x21  # version and command

Client = tuple[str, int]


class BadHeader(ValueError):
    """What came is no PROXY header, or one of a length that is not read."""


class ProxyHeader:
    """Takes a header in the portions it asks for, so that nothing behind it is read.

    `wanted` octets are to be fed next, 0 once the header is whole. `client` is address
    and port of the client then, None where the proxy speaks for itself.
    """

    def __init__(self) -> None:
        self.wanted = FIRST_OCTETS
        self.client: Client | None = None
        self._octets = b""

    def feed(self, octets: bytes) -> None:
        """Take `wanted` octets or fewer. Errors: `BadHeader`."""
        self._octets += octets
        self.wanted -= len(octets)
        if self.wanted:
            return
        if self._octets.startswith(b"PROXY "):
            self._read_line()
        elif self._octets.startswith(SIGNATURE):
            self._read_binary()
        else:
            raise BadHeader("the connection begins without a PROXY header")

    def _read_line(self) -> None:
        if not self._octets.endswith(b"\r\n"):
            if len(self._octets) >= MAX_LINE_OCTETS:
                raise BadHeader("the PROXY line is too long")
            self.wanted = 1
            return
        self.client = _client_of_line(self._octets[:-2])

    def _read_binary(self) -> None:
        octets = self._octets
        if len(octets) < FIXED_OCTETS:
            self.wanted = FIXED_OCTETS - len(octets)
            return
        length = int.from_bytes(octets[14:16], "big")
        if length > MAX_PAYLOAD_OCTETS:
            raise BadHeader("the PROXY header is too long")
        self.wanted = FIXED_OCTETS + length - len(octets)
        if not self.wanted:
            self.client = _client_of_binary(octets)


def _client_of_line(line: bytes) -> Client | None:
    words = line.split(b" ")
    if words[1] == b"UNKNOWN":
        return None
    makers = {b"TCP4": ipaddress.IPv4Address, b"TCP6": ipaddress.IPv6Address}
    if words[1] not in makers or len(words) != 6:
        raise BadHeader("the PROXY line is no `PROXY TCP4 FROM TO PORT PORT`")
    make = makers[words[1]]
    try:
        source, _ = (str(make(word.decode("ascii"))) for word in words[2:4])
    except ValueError as error:
        raise BadHeader("the PROXY line names no address of its family") from error
    port, _ = (_port(word) for word in words[4:6])
    if "%" in source:
        raise BadHeader("the PROXY line names an address with a scope")
    return source, port


def _port(word: bytes) -> int:
    if not word.isdigit() or len(word) > 5 or int(word) > MAX_PORT:
        raise BadHeader("the PROXY line names no port")
    return int(word)


def _client_of_binary(octets: bytes) -> Client | None:
    command, family = octets[12], octets[13]
    if command == LOCAL or (command == PROXY and family == UNSPECIFIED):
        return None
    width = TCP_ADDRESSES.get(family)
    if command != PROXY or width is None:
        raise BadHeader("the PROXY header is not of TCP")
    told = octets[FIXED_OCTETS:]
    if len(told) < 2 * width + 4:
        raise BadHeader("the PROXY header is shorter than its addresses")
    port = int.from_bytes(told[2 * width : 2 * width + 2], "big")
    return str(ipaddress.ip_address(told[:width])), port
