"""What a peer asks of an SMTP server, one record a command; RFC 5321 4.1.1.

`verb` ties a record to its row of `transitions.TRANSITIONS`.
"""

from typing import ClassVar

import msgspec


class Hello(msgspec.Struct, frozen=True, gc=False):
    """EHLO (`is_extended`) or HELO; RFC 5321 4.1.1.1."""

    verb: ClassVar[bytes] = b"EHLO"
    name: str
    is_extended: bool = True


class MailFrom(msgspec.Struct, frozen=True):
    """MAIL: `address` is "" for the empty reverse-path; RFC 5321 4.1.1.2.

    Units: `size` octets as declared (RFC 1870), 0 when not. `body` is "7BIT",
    "8BITMIME" or "" (RFC 6152); `parameters` holds all of them, names upper case.
    """

    verb: ClassVar[bytes] = b"MAIL"
    address: str
    size: int = 0
    body: str = ""
    parameters: dict[str, str] = {}


class RcptTo(msgspec.Struct, frozen=True):
    """RCPT: `text` is the whole command as the peer wrote it; RFC 5321 4.1.1.3."""

    verb: ClassVar[bytes] = b"RCPT"
    address: str
    text: str = ""
    parameters: dict[str, str] = {}


class DataCommand(msgspec.Struct, frozen=True, gc=False):
    """DATA, to be answered 354 or a refusal; RFC 5321 4.1.1.4."""

    verb: ClassVar[bytes] = b"DATA"


class MailData(msgspec.Struct, frozen=True, gc=False):
    """The whole mail data, transparency undone; RFC 5321 4.5.2."""

    octets: bytes


class StartTls(msgspec.Struct, frozen=True, gc=False):
    """STARTTLS, to be answered 220 or a refusal; RFC 3207 4."""

    verb: ClassVar[bytes] = b"STARTTLS"


class Auth(msgspec.Struct, frozen=True, gc=False):
    """AUTH: `initial` is the decoded initial response or None; RFC 4954 4.

    Answer 334 with a base64 challenge to get an `AuthResponse`, else 235 or 5xx.
    """

    verb: ClassVar[bytes] = b"AUTH"
    mechanism: str
    initial: bytes | None = None


class AuthResponse(msgspec.Struct, frozen=True, gc=False):
    """The decoded answer to a 334 challenge; RFC 4954 4."""

    octets: bytes


class Reset(msgspec.Struct, frozen=True, gc=False):
    """RSET; RFC 5321 4.1.1.5."""

    verb: ClassVar[bytes] = b"RSET"


class Verify(msgspec.Struct, frozen=True, gc=False):
    """VRFY; RFC 5321 4.1.1.6."""

    verb: ClassVar[bytes] = b"VRFY"
    argument: str


class Help(msgspec.Struct, frozen=True, gc=False):
    """HELP; RFC 5321 4.1.1.8."""

    verb: ClassVar[bytes] = b"HELP"
    argument: str = ""


class Noop(msgspec.Struct, frozen=True, gc=False):
    """NOOP; RFC 5321 4.1.1.9."""

    verb: ClassVar[bytes] = b"NOOP"


class Quit(msgspec.Struct, frozen=True, gc=False):
    """QUIT; RFC 5321 4.1.1.10."""

    verb: ClassVar[bytes] = b"QUIT"


Command = (
    Hello
    | MailFrom
    | RcptTo
    | DataCommand
    | StartTls
    | Auth
    | Reset
    | Verify
    | Help
    | Noop
    | Quit
)
Event = Command | MailData | AuthResponse
