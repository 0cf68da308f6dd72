"""What a log may show of what a peer sends: stars where a login is proven."""

import re

from sinyal.smtp.grammar import PARSERS

SECRET = b"***\r\n"
BARE = {b"DATA", b"RSET", b"QUIT", b"NOOP", b"HELP", b"STARTTLS"}  # words alone
BARE_LOGIN = re.compile(rb"(?i:AUTH) +[A-Za-z0-9-]{1,20} *\r\n")  # without a response
ANSWER = re.compile(rb"[A-Za-z0-9+/=]+\s*")  # to a 334, or to one that never came


class Veil:
    """Looks at one command line after the other, as it is read."""

    def __init__(self) -> None:
        self._has_tried = False  # the last command was AUTH

    def shown(self, line: bytes) -> bytes:
        """`line` with its CRLF, the secrets of a login left out."""
        verb = line[:4].upper()
        if verb == b"AUTH":
            self._has_tried = True
            return line if BARE_LOGIN.fullmatch(line) else line[:5] + SECRET
        # What was sent behind an AUTH that is refused comes as if it were commands.
        is_answer = self._has_tried and ANSWER.fullmatch(line)
        if is_answer and line.strip().upper() not in BARE:
            return SECRET
        self._has_tried &= verb not in PARSERS
        return line
