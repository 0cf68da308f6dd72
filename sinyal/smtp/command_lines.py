"""Command lines out of an inbox, within limits; RFC 5321 4.5.3.1.4."""

from sinyal.smtp import merge, status
from sinyal.smtp.inbox import Inbox
from sinyal.smtp.reply import Reply

MAX_LINE = 2048  # octets with CRLF; RFC 5321 4.5.3.1.4 asks for 512 or more
MAX_AUTH_LINE = 12288  # octets with CRLF; RFC 4954 4
MAX_DEFINE_LINE = 80 * 1024  # octets with CRLF: a recipient's variables in one line


def read_line(
    inbox: Inbox, features: frozenset[str], *, is_login: bool
) -> bytes | Reply | None:
    """The next line without CRLF, the reply that refuses it, or None while it comes.

    Of a line that is too long only `inbox.head` is kept. `is_login`: it answers a 334.
    """
    was_dropped = inbox.dropped
    line = inbox.cut_line()
    if line is None:
        waiting = inbox.searched
        if waiting > MAX_LINE and (
            was_dropped
            or waiting > _limit(bytes(inbox.octets[:5]), features, is_login=is_login)
        ):
            inbox.drop(1)  # the last octet may be half a CRLF
        return None
    if was_dropped:
        return status.LINE_TOO_LONG
    size = len(line) + 2
    if size > MAX_LINE and size > _limit(line[:5], features, is_login=is_login):
        inbox.head = line[:5]
        return status.LINE_TOO_LONG
    return line


def _limit(start: bytes, features: frozenset[str], *, is_login: bool) -> int:
    """Octets with CRLF that a line which begins like this may have."""
    verb = start.upper()
    if is_login or verb == b"AUTH ":
        return MAX_AUTH_LINE
    is_define = verb == b"XDFN " and merge.FEATURE in features
    return MAX_DEFINE_LINE if is_define else MAX_LINE
