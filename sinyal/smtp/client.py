"""The client's half of an SMTP session, sans-I/O; RFC 5321, 2920, 1870, 6152, 3461.

Octets from the peer go in with `receive_data` and come out of `next_reply`; the other
methods make the octets to send. Nothing here knows a socket or a clock.
"""

import re

import msgspec

from sinyal.smtp import xtext
from sinyal.smtp.parameters import MAX_ENVELOPE_ID
from sinyal.smtp.reply import Reply
from sinyal.smtp.transparency import stuff

MAX_REPLY_OCTETS = 64 * 1024  # of one reply, all its lines
REPLY_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])([^\r\n]*))?\r*")
UNSAFE = re.compile(rb"[\x00-\x20<>\x7f]")
EXTENSION = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =]+(.*))?")
NULL_LINE = b".\r\n"  # mail data without a line


class Replies(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer said to one transaction.

    Shape: `recipients` in the order given; `final` None when no content was sent.
    """

    mail: Reply
    recipients: tuple[Reply, ...]
    data: Reply
    final: Reply | None = None

    @property
    def deciding(self) -> Reply:
        """The first refusal; without one the last reply. For one recipient."""
        said = (self.mail, *self.recipients, self.data)
        refusal = next((one for one in said if not one.is_positive), None)
        return refusal or self.final or self.data


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction asks of the peer beyond delivery.

    `ret`, `env_id` (decoded), `notify` and `orcpt` are those of RFC 3461 4; the last
    two hold for every recipient. `is_utf8`: the message came with SMTPUTF8 (RFC 6531).
    """

    ret: str = ""
    env_id: str = ""
    notify: str = ""
    orcpt: str = ""
    is_utf8: bool = False


NO_WISHES = Wishes()


class NeedsUtf8(ValueError):
    """The message needs SMTPUTF8, which the peer does not offer; RFC 6531 3.2."""


class BrokenReply(ConnectionError):
    """The peer does not speak SMTP; the connection is of no more use."""


class ClientSession:
    """One session as the client sees it.

    `extensions` maps each EHLO keyword, upper case, to its parameters.
    """

    def __init__(self) -> None:
        self.extensions: dict[str, str] = {}
        self._inbox = bytearray()
        self._lines: list[str] = []
        self._octets = 0  # of the reply that is being read
        self._is_open = False  # a transaction that was not brought to its end

    def receive_data(self, data: bytes) -> None:
        self._inbox += data

    def next_reply(self) -> Reply | None:
        """The next whole reply, or None.

        Errors: `BrokenReply` for a line that is no reply, or one without end.
        """
        while True:
            end = self._inbox.find(b"\n")
            if end < 0:
                self._bound(len(self._inbox))
                return None
            line = bytes(self._inbox[:end])
            del self._inbox[: end + 1]
            found = REPLY_LINE.fullmatch(line)
            if found is None:
                raise BrokenReply(f"not an SMTP reply: {line[:80]!r}")
            code, mark, text = found.groups()
            self._lines.append((text or b"").decode("utf-8", "replace"))
            self._octets += end + 1
            if mark != b"-":
                reply = Reply(int(code), tuple(self._lines))
                self._lines.clear()
                self._octets = 0
                return reply
            self._bound(0)

    @property
    def is_midway(self) -> bool:
        """Whether lines of a reply are there and its last one is not."""
        return bool(self._lines)

    def greeted(self, reply: Reply) -> None:
        """Learn what an EHLO was answered; RFC 5321 4.1.1.1."""
        self.extensions = {}
        for line in reply.lines[1:]:
            if found := EXTENSION.fullmatch(line.strip()):
                self.extensions[found[1].upper()] = found[2] or ""

    def secured(self) -> None:
        """Forget what was learnt in the clear, unread octets included; RFC 3207 4.2."""
        self.extensions = {}
        self._inbox.clear()
        self._lines.clear()

    def hello(self, name: str, *, is_extended: bool = True) -> bytes:
        """EHLO, or HELO for a peer that does not know it."""
        return b"%b %b\r\n" % (b"EHLO" if is_extended else b"HELO", _safe(name))

    def envelope(
        self,
        mail_from: str,
        recipients: tuple[str, ...],
        content: bytes,
        wishes: Wishes = NO_WISHES,
    ) -> list[bytes]:
        """The commands of a transaction up to DATA, a RSET first where one is due.

        With PIPELINING they may go out as one; RFC 2920 3.1. Errors: `ValueError` for
        an address that would end its command early, `NeedsUtf8`.
        """
        sender, paths = _safe(mail_from), [_safe(address) for address in recipients]
        parameters = self._size(content)
        if needs_utf8(sender, paths, content, is_announced=wishes.is_utf8):
            if "SMTPUTF8" not in self.extensions:
                raise NeedsUtf8("the peer does not offer SMTPUTF8")
            parameters += b" SMTPUTF8"
        tail = b""
        if wishes is not NO_WISHES and "DSN" in self.extensions:
            parameters += _sender_wishes(wishes)
            tail = _recipient_wishes(wishes)
        commands = [b"RSET\r\n"] if self._is_open else []
        commands.append(b"MAIL FROM:<%b>%b\r\n" % (sender, parameters))
        commands += [b"RCPT TO:<%b>%b\r\n" % (path, tail) for path in paths]
        commands.append(b"DATA\r\n")
        self._is_open = True
        return commands

    def content(
        self, content: bytes, *, is_wanted: bool = True, is_canonical: bool = False
    ) -> bytes:
        """The mail data with its end mark; not `is_wanted`: the mark alone."""
        self._is_open = False
        return stuff(content, is_canonical=is_canonical) if is_wanted else NULL_LINE

    def _size(self, content: bytes) -> bytes:
        """The parameters of MAIL that the peer understands; RFC 1870, RFC 6152.

        To a peer without 8BITMIME, 8-bit content goes out as it is.
        """
        size = b" SIZE=%d" % len(content) if "SIZE" in self.extensions else b""
        if "8BITMIME" in self.extensions and not content.isascii():
            return size + b" BODY=8BITMIME"
        return size

    def _bound(self, waiting: int) -> None:
        if self._octets + waiting > MAX_REPLY_OCTETS:
            raise BrokenReply("a reply without end")


def _safe(word: str) -> bytes:
    octets = word.encode()
    quoted = octets.startswith(b'"')  # a quoted local part may hold blanks, RFC 5321
    checked = octets.replace(b" ", b"") if quoted else octets
    if UNSAFE.search(checked):
        raise ValueError(f"not an address: {word!r}")
    return octets


def needs_utf8(
    sender: bytes, recipients: list[bytes], content: bytes, *, is_announced: bool
) -> bool:
    """Whether a message can go to no peer without SMTPUTF8.

    One that was announced as such and holds ASCII alone in its envelope and its header
    can; RFC 6531 3.1.
    """
    if not sender.isascii() or not all(path.isascii() for path in recipients):
        return True
    return is_announced and not content.partition(b"\r\n\r\n")[0].isascii()


def _sender_wishes(wishes: Wishes) -> bytes:
    """RET and ENVID, as far as they can be said; RFC 3461 4.3, 4.4."""
    ret = b" RET=" + wishes.ret.encode() if wishes.ret else b""
    env_id = xtext.encode(wishes.env_id.encode())
    is_plain = wishes.env_id.isascii() and wishes.env_id.isprintable()
    fits = is_plain and 0 < len(env_id) <= MAX_ENVELOPE_ID
    return ret + (b" ENVID=" + env_id if fits else b"")


def _recipient_wishes(wishes: Wishes) -> bytes:
    """NOTIFY and ORCPT; RFC 3461 4.1, 4.2."""
    notify = b" NOTIFY=" + wishes.notify.encode() if wishes.notify else b""
    is_sayable = wishes.orcpt and wishes.orcpt.isascii()
    return notify + (b" ORCPT=" + _safe(wishes.orcpt) if is_sayable else b"")
