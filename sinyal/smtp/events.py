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
    "8BITMIME" or "" (RFC 6152); `ret` is "FULL", "HDRS" or "" and `env_id` is decoded
    (RFC 3461 4.3, 4.4); `parameters` holds all of them, names upper case. `is_merge`
    says that XMRG was the verb (MM-1).
    """

    verb: ClassVar[bytes] = b"MAIL"
    address: str
    size: int = 0
    body: str = ""
    parameters: dict[str, str] = {}
    ret: str = ""
    env_id: str = ""
    is_utf8: bool = False
    is_verp: bool = False
    is_merge: bool = False


class RcptTo(msgspec.Struct, frozen=True):
    """RCPT: `text` is the whole command as the peer wrote it; RFC 5321 4.1.1.3.

    `notify` is upper case as given, `orcpt` as given (`rfc822;xtext`), "" without;
    RFC 3461 4.1, 4.2. `is_valid` false: what stands in the brackets is no address,
    which a source may accept nevertheless (SRC-11). `variables` are all that XDFN
    defined for this recipient, names in lower case (MM-1).
    """

    verb: ClassVar[bytes] = b"RCPT"
    address: str
    text: str = ""
    parameters: dict[str, str] = {}
    notify: str = ""
    orcpt: str = ""
    is_valid: bool = True
    variables: dict[str, str] = {}


class Define(msgspec.Struct, frozen=True):
    """XDFN: variables of the next RCPT, names in lower case (MM-1, MM-2).

    That RCPT carries them again, all together and without those of a recipient that
    was refused.
    """

    verb: ClassVar[bytes] = b"XDFN"
    variables: dict[str, str]


class PartCommand(msgspec.Struct, frozen=True, gc=False):
    """XPRT, to be answered 354 or a refusal (MM-1)."""

    verb: ClassVar[bytes] = b"XPRT"
    number: int
    is_last: bool = False


class Acknowledge(msgspec.Struct, frozen=True, gc=False):
    """XACK ON or OFF; the session keeps the replies to itself (MM-5)."""

    verb: ClassVar[bytes] = b"XACK"
    is_on: bool


class XClient(msgspec.Struct, frozen=True):
    """XCLIENT: who the client of a trusted relay is; names upper case.

    Shape: values decoded; "" for [UNAVAILABLE] and [TEMPUNAVAIL].
    """

    verb: ClassVar[bytes] = b"XCLIENT"
    attributes: dict[str, str]


class DataCommand(msgspec.Struct, frozen=True, gc=False):
    """DATA, to be answered 354 or a refusal; RFC 5321 4.1.1.4.

    The first BDAT of a message asks the same; its 354 is not sent (RFC 3030 2).
    """

    verb: ClassVar[bytes] = b"DATA"


class MailData(msgspec.Struct, frozen=True, gc=False):
    """The whole mail data, transparency undone; RFC 5321 4.5.2.

    Chunks of BDAT come as one (RFC 3030 2). `part` is the number of a mail merge's
    part, 0 for a whole message; `is_last` ends the submission (MM-1).
    """

    octets: bytes
    part: int = 0
    is_last: bool = True


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
    | Define
    | PartCommand
    | Acknowledge
    | XClient
)
Event = Command | MailData | AuthResponse
