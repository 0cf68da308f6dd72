"""The server's half of an SMTP session as a sans-I/O state machine; RFC 5321.

Octets go in with `receive_data`, events come out of `next_event`; replies go in with
`send`, octets come out of `data_to_send`. Nothing here knows a socket, a clock or the
configuration.
"""

import re
from collections.abc import Callable
from enum import Enum, auto

from sinyal.smtp import sasl, status
from sinyal.smtp.events import (
    Auth,
    AuthResponse,
    Command,
    Event,
    MailData,
    MailFrom,
    StartTls,
)
from sinyal.smtp.grammar import PARSERS, REFUSED_OCTETS
from sinyal.smtp.reply import Reply
from sinyal.smtp.transitions import TRANSITIONS, State
from sinyal.smtp.transparency import (
    DOTTED_LINE,
    END_MARK,
    has_bare_line_end,
    unstuff,
)

MAX_LINE = 2048  # octets with CRLF; RFC 5321 4.5.3.1.4 asks for 512 or more
MAX_AUTH_LINE = 12288  # octets with CRLF; RFC 4954 4
MAX_ERRORS = 20  # breaches of grammar or order since the last accepted message
LOGIN_EVENTS = (Auth, AuthResponse)
CEILING_OCTETS = 256 * 1024 * 1024  # of a message, where the operator sets no limit


SECRET = b"***\r\n"
BARE_LOGIN = re.compile(rb"(?i:AUTH) +[A-Za-z0-9-]{1,20} *\r\n")  # without a response

Wire = Callable[[str, bytes], None]


class Signal(Enum):
    """Why `next_event` has no event to give."""

    NEED_DATA = auto()
    PAUSED = auto()  # an event waits for its reply, or TLS for `secured`
    CLOSED = auto()


class ServerSession:
    """One peer's session; feed, ask, answer, drain.

    Illegal input never surfaces as an event: it is answered here, and the state stays.
    Memory is bounded by `max_octets` plus what the caller feeds while PAUSED
    (`buffered_octets`). Units: `max_octets` octets of a message, 0 for no limit.
    `features` names what is served beyond RFC 5321: CHUNKING, SMTPUTF8, DSN, VERP,
    XMRG, XCLIENT.
    `wire`, where there is one, is shown every octet as it is read ("rd") or written
    ("wr"); what AUTH lines prove a name with is shown as stars.
    """

    def __init__(self, max_octets: int = 0) -> None:
        self.state = State.CONNECTED
        self.max_octets = max_octets
        self.features: frozenset[str] = frozenset()
        self.is_secure = False
        self.is_authenticated = False
        self.wire: Wire | None = None
        self._inbox = bytearray()
        self._searched = 0  # octets of the inbox known to hold no end mark
        self._outbox: list[bytes] = []
        self._pending: Event | None = None
        self._errors = 0
        self._is_refused = False  # the last MAIL or RCPT was
        self._has_dots = False  # a line of the message begins with one
        self._is_skipping = False  # the rest of a line, or message, that is too long

    @property
    def buffered_octets(self) -> int:
        """Octets received and not yet turned into events."""
        return len(self._inbox)

    def receive_data(self, data: bytes) -> None:
        self._inbox += data

    def data_to_send(self) -> bytes:
        octets = b"".join(self._outbox)
        self._outbox.clear()
        if self.wire and octets:
            self.wire("wr", octets)
        return octets

    def next_event(self) -> Event | Signal:
        """The next legal command or message, or why there is none."""
        if self._pending is not None or self.state is State.UPGRADING:
            return Signal.PAUSED
        while self.state is not State.CLOSED:
            in_data = self.state is State.DATA
            taken = self._take_message() if in_data else self._take_line()
            if taken is None:
                return Signal.NEED_DATA
            event = self._read_message(taken) if in_data else self._read_line(taken)
            if not isinstance(event, Reply):
                self._pending = event
                return event
            self._refuse(event, taken)
        return Signal.CLOSED

    def send(self, reply: Reply) -> None:
        """Answer the pending event; a positive answer moves the state."""
        event, self._pending = self._pending, None
        self._write(reply)
        if reply.code == 421:
            self.state = State.CLOSED
        elif isinstance(event, MailData):
            self.state = State.GREETED
            self._errors = 0 if reply.is_positive else self._errors
        elif isinstance(event, LOGIN_EVENTS):
            self.state = State.AUTH if reply.code == 334 else State.GREETED
            self.is_authenticated |= reply.code == 235
        elif event is not None:
            self._move(event, reply)

    def greet(self, reply: Reply) -> None:
        """Open the session; a refusal closes it. RFC 5321 3.1, 4.3.2."""
        self._write(reply)
        if not reply.is_positive:
            self.state = State.CLOSED

    def close(self, reply: Reply) -> None:
        """Say `reply`, unasked, and end the session; RFC 5321 3.8."""
        self._write(reply)
        self._pending = None
        self.state = State.CLOSED

    def secured(self) -> None:
        """Begin anew inside TLS: all that was learnt before is forgotten.

        Source: RFC 3207 4.2.
        """
        self.state = State.CONNECTED
        self.is_secure = True
        self.is_authenticated = False

    def _move(self, event: Command, reply: Reply) -> None:
        self._is_refused = not reply.is_positive
        if self._is_refused:
            return
        self.state = TRANSITIONS[self.state][event.verb]
        if self.state is State.UPGRADING:
            # What came in the clear behind STARTTLS is not to be obeyed inside TLS.
            self._inbox.clear()
            self._searched = 0

    def _take_line(self) -> bytes | None:
        """Cut the next line off the inbox, its CRLF left out."""
        limit = MAX_AUTH_LINE if self.state is State.AUTH else MAX_LINE
        while True:
            found = self._inbox.find(b"\r\n", max(0, self._searched - 1))
            if found < 0:
                self._searched = len(self._inbox)
                if self._searched > limit:
                    self._skip(2)
                return None
            line = self._cut(found + 2)
            was_skipping, self._is_skipping = self._is_skipping, False
            if was_skipping or len(line) > limit:
                self._refuse(status.LINE_TOO_LONG, line)
                if self.state is State.CLOSED:
                    return None
                continue
            return line[:-2]

    def _take_message(self) -> bytes | None:
        """Cut the mail data with its end mark off the inbox."""
        if not self._is_skipping and self._inbox.startswith(b".\r\n"):
            return self._cut(3)
        found = self._find_end(max(0, self._searched - len(END_MARK) + 1))
        if found >= 0:
            return self._cut(found + len(END_MARK))
        self._searched = len(self._inbox)
        if self._searched > self._limit_on_the_wire() + len(END_MARK):
            self._skip(len(END_MARK))
        return None

    def _find_end(self, start: int) -> int:
        """Where the end mark begins, -1 while it is not there.

        Most mail has no line that begins with a dot: then one search finds the end and
        tells that there is no transparency to undo (130 to 75 us on 100 kB).
        """
        if not self._has_dots:
            dot = self._inbox.find(DOTTED_LINE, start)
            if dot < 0 or len(self._inbox) < dot + len(END_MARK):
                return -1
            if self._inbox.startswith(END_MARK, dot):
                return dot
            self._has_dots = True
        return self._inbox.find(END_MARK, start)

    def _limit_octets(self) -> int:
        return self.max_octets or CEILING_OCTETS

    def _limit_on_the_wire(self) -> int:
        """Transparency adds a third at most: lines of one dot."""
        return self._limit_octets() * 4 // 3

    def _skip(self, kept: int) -> None:
        """Drop what is over the limit, save what may be the start of an end mark."""
        if self.wire:
            self.wire("rd", self._shown(bytes(self._inbox[: -(kept - 1)])))
        del self._inbox[: -(kept - 1)]
        self._searched = 0
        self._is_skipping = True

    def _cut(self, end: int) -> bytes:
        with memoryview(self._inbox) as view:
            octets = bytes(view[:end])
        del self._inbox[:end]
        self._searched = 0
        if self.wire:
            self.wire("rd", self._shown(octets))
        return octets

    def _shown(self, octets: bytes) -> bytes:
        """`octets` read now, the secrets of a login left out."""
        if self.state is State.DATA:
            return octets
        if self.state is State.AUTH or self._is_skipping:
            return SECRET
        is_login = octets[:4].upper() == b"AUTH" and not BARE_LOGIN.fullmatch(octets)
        return octets[:5] + SECRET if is_login else octets

    def _read_message(self, taken: bytes) -> MailData | Reply:
        was_skipping, self._is_skipping = self._is_skipping, False
        has_dots, self._has_dots = self._has_dots, False
        dotted = taken[:-3]
        if was_skipping or len(dotted) > self._limit_on_the_wire():
            return status.TOO_LARGE
        if has_bare_line_end(dotted):
            return status.BARE_LINE_END
        plain = unstuff(dotted) if has_dots else dotted.removeprefix(b".")
        return (
            status.TOO_LARGE if len(plain) > self._limit_octets() else MailData(plain)
        )

    def _read_line(self, line: bytes) -> Event | Reply:
        if self.state is State.AUTH:
            return self._read_auth(line)
        if REFUSED_OCTETS.search(line):
            return status.BAD_OCTETS
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        parse = PARSERS.get(verb)
        if parse is None:
            return status.UNKNOWN_COMMAND
        if verb not in TRANSITIONS[self.state]:
            return self._out_of_order(verb)
        return self._check(parse(line, argument))

    def _check(self, event: Command | Reply) -> Command | Reply:
        """Refuse what the session's own past rules out."""
        if isinstance(event, MailFrom) and event.size > self._limit_octets():
            return status.TOO_LARGE
        if isinstance(event, Auth) and self.is_authenticated:
            return status.ALREADY_AUTHENTICATED
        if isinstance(event, StartTls) and self.is_secure:
            return status.ALREADY_SECURE
        return event

    def _read_auth(self, line: bytes) -> AuthResponse | Reply:
        if line == b"*":
            return status.AUTH_CANCELLED
        octets = sasl.decode(line)
        return status.BAD_BASE64 if octets is None else AuthResponse(octets)

    def _out_of_order(self, verb: bytes) -> Reply:
        if verb == b"DATA" and self.state is State.MAIL:
            return status.NO_RECIPIENTS
        return status.BAD_SEQUENCE

    def _refuse(self, reply: Reply, taken: bytes) -> None:
        """Answer illegal input; too much of it ends the session."""
        self._write(reply)
        if self.state is State.DATA or self.state is State.AUTH:
            self.state = State.GREETED
        verb = taken[:4].upper()
        # Behind a refused MAIL or RCPT the rest of a pipelined group is no error.
        if self._is_refused and verb in {b"RCPT", b"DATA"}:
            return
        self._is_refused = verb in {b"MAIL", b"RCPT"}
        self._errors += 1
        if self._errors >= MAX_ERRORS:
            self.close(status.TOO_MANY_ERRORS)

    def _write(self, reply: Reply) -> None:
        # Most replies have one line: 0.4 us here, 1 us in the general form.
        if len(reply.lines) == 1:
            self._outbox.append(f"{reply.code} {reply.lines[0]}\r\n".encode())
        else:
            self._outbox.append(reply.encode())
