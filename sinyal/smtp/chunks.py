"""Chunks of BDAT, gathered to one message; RFC 3030."""

import msgspec

from sinyal.smtp.reply import Reply, reply

MAX_CHUNKS = 10_000  # since the last MAIL that was accepted


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """BDAT: so many octets follow it."""

    octets: int
    is_last: bool = False


class Chunks:
    """The chunk that is being read, and those before it.

    `content` grows in place: a chunk costs its own length alone. A chunk that is
    refused is read all the same, to be thrown away (`refusal`).
    """

    def __init__(self) -> None:
        self.content = bytearray()
        self.left = 0  # octets of the chunk that are still to come
        self.refusal: Reply | None = None
        self.is_last = False
        self._octets = 0

    def begin(self, chunk: Chunk, refusal: Reply | None) -> None:
        self.left = self._octets = chunk.octets
        self.is_last = chunk.is_last
        self.refusal = refusal
        if refusal is not None:
            self.content = bytearray()

    def add(self, octets: bytes) -> None:
        self.left -= len(octets)
        if self.refusal is None:
            self.content += octets

    def taken(self) -> Reply:
        """The reply to a chunk that is not the last one."""
        return reply(250, f"2.0.0 {self._octets} octets received")

    def message(self) -> bytes:
        """All chunks as one, its last line ended as that of DATA is."""
        if self.content and not self.content.endswith(b"\r\n"):
            self.content += b"\r\n"
        return bytes(self.content)
