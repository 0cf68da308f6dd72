"""An SMTP reply as a value; RFC 5321 4.2, RFC 2034."""

import re

import msgspec

ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A reply of one or more lines; `lines` hold no code and no line end.

    Shape: `code` 200-599; the enhanced status code stays in the text of the lines.
    """

    code: int
    lines: tuple[str, ...] = ("",)

    @property
    def text(self) -> str:
        """All lines joined by blanks."""
        return " ".join(self.lines)

    @property
    def enhanced(self) -> str:
        """The enhanced status code of the first line, or ""; RFC 2034 4."""
        found = ENHANCED.match(self.lines[0])
        return found[1] if found else ""

    @property
    def is_positive(self) -> bool:
        return self.code < 400

    @property
    def is_transient(self) -> bool:
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        return self.code >= 500

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    def encode(self) -> bytes:
        """The reply on the wire, CRLF included; RFC 5321 4.2.1."""
        last = len(self.lines) - 1
        return b"".join(
            f"{self.code}{' ' if at == last else '-'}{line}\r\n".encode()
            for at, line in enumerate(self.lines)
        )


def reply(code: int, *lines: str) -> Reply:
    """A reply made in one line of code: `reply(250, "2.1.0 ok")`."""
    return Reply(code, lines or ("",))
