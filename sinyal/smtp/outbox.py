"""Replies that wait to be written."""

from sinyal.smtp.reply import Reply


class Outbox:
    """Replies in, octets out."""

    def __init__(self) -> None:
        self._octets: list[bytes] = []

    def __len__(self) -> int:
        """How many replies wait."""
        return len(self._octets)

    def write(self, reply: Reply) -> None:
        # Most replies have one line: 0.4 us here, 1 us in the general form.
        if len(reply.lines) == 1:
            self._octets.append(f"{reply.code} {reply.lines[0]}\r\n".encode())
        else:
            self._octets.append(reply.encode())

    def take(self) -> bytes:
        """All of them; none waits then."""
        octets = b"".join(self._octets)
        self._octets.clear()
        return octets
