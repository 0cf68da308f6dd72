"""Octets that came and are not read yet, cut off line by line or by number."""

from collections.abc import Callable

CRLF = b"\r\n"
HEAD_OCTETS = 5


class Inbox:
    """A buffer that is read from its front.

    `octets` is the buffer; `searched` says how many of them are known to hold no end
    of what is being looked for. `dropped` counts octets that were thrown away since
    the last cut, `head` holds the first few of them. `see`, where there is one, is
    shown all that leaves.
    """

    def __init__(self) -> None:
        self.octets = bytearray()
        self.searched = 0
        self.dropped = 0
        self.head = b""
        self.see: Callable[[bytes], None] | None = None

    def __len__(self) -> int:
        return len(self.octets)

    def clear(self) -> None:
        self.octets.clear()
        self.searched = self.dropped = 0

    def cut_line(self) -> bytes | None:
        """The next line without its CRLF, None while that is not there."""
        octets = self.octets
        found = octets.find(CRLF, self.searched - 1 if self.searched else 0)
        if found < 0:
            self.searched = len(octets)
            return None
        if self.see:
            self.see(bytes(octets[: found + 2]))
        line = bytes(octets[:found])
        del octets[: found + 2]
        self.searched = self.dropped = 0
        return line

    def cut(self, end: int, tail: int = 0) -> bytes:
        """The first `end` octets, without the last `tail` of them."""
        with memoryview(self.octets) as view:
            taken = bytes(view[: end - tail])
            if self.see:
                self.see(bytes(view[:end]))
        del self.octets[:end]
        self.searched = self.dropped = 0
        return taken

    def drop(self, kept: int) -> None:
        """Throw all away save the last `kept` octets."""
        octets = self.octets[: len(self.octets) - kept]
        if not self.dropped:
            self.head = bytes(octets[:HEAD_OCTETS])
        if self.see:
            self.see(bytes(octets))
        del self.octets[: len(octets)]
        self.searched = 0
        self.dropped += len(octets)
