"""The server's half of an SMTP session as a sans-I/O state machine; RFC 5321.

Octets go in with `receive_data`, events come out of `next_event`; replies go in with
`send`, octets come out of `data_to_send`. Nothing here knows a socket, a clock or the
configuration.
"""

from collections.abc import Callable
from enum import Enum, auto

from sinyal.smtp import sasl, status
from sinyal.smtp.chunks import MAX_CHUNKS, Chunk, Chunks
from sinyal.smtp.command_lines import read_line
from sinyal.smtp.events import (
    Acknowledge,
    Auth,
    AuthResponse,
    Command,
    DataCommand,
    Define,
    Event,
    Hello,
    MailData,
    MailFrom,
    PartCommand,
    RcptTo,
    Reset,
    StartTls,
    XClient,
)
from sinyal.smtp.grammar import FEATURES, PARSERS, REFUSED_OCTETS
from sinyal.smtp.inbox import Inbox
from sinyal.smtp.mail_data import MailDataReader, chunked_content
from sinyal.smtp.merge import Merge
from sinyal.smtp.outbox import Outbox
from sinyal.smtp.refusals import (
    CONTENT_VERBS,
    GROUP_VERBS,
    OPENING_VERBS,
    SILENT_VERBS,
    Refusals,
)
from sinyal.smtp.reply import Reply
from sinyal.smtp.transitions import TRANSITIONS, State
from sinyal.smtp.veil import SECRET, Veil

MAX_CONTENT_LINE = 512 * 1024  # octets of mail data; RFC 5322 2.1.1 allows 998
MAX_REPLIES = 1000  # that wait to be written before the peer's next command
CEILING_OCTETS = 256 * 1024 * 1024  # of a message, where the operator sets no limit

LOGIN_EVENTS = (Auth, AuthResponse)
SILENT_EVENTS = (RcptTo, Define)  # whose replies XACK OFF keeps back (MM-5)
# Looking a member up in its enumeration costs 50 ns, at every line several times.
CONNECTED, GREETED, MAIL, RCPT = State.CONNECTED, State.GREETED, State.MAIL, State.RCPT
DATA, CHUNK, CHUNKS, PARTS = State.DATA, State.CHUNK, State.CHUNKS, State.PARTS
AUTH, UPGRADING, CLOSED = State.AUTH, State.UPGRADING, State.CLOSED
SUBMITTING = {MAIL, RCPT, State.MERGE, State.MERGE_RCPT}
# What speaks HTTP, or TLS without being asked to, is sent away at once.
HTTP_VERBS = {b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT"}
KNOWN_VERBS = {b"XDSN", b"BURL"}  # of other servers, never served
TLS_HANDSHAKE = b"\x16"

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
    (`buffered_octets`). Units: `max_octets` octets of a message, 0 for no limit;
    `max_line_octets` those of a line of it.
    `features` names what is served beyond RFC 5321: CHUNKING, SMTPUTF8, DSN, VERP,
    XMRG, XCLIENT; INVALID-RCPT lets recipients through that are no addresses.
    `wire`, where there is one, is shown every octet as it is read ("rd") or written
    ("wr"); what AUTH lines prove a name with is shown as stars.
    """

    def __init__(self, max_octets: int = 0) -> None:
        self.state = CONNECTED
        self.max_octets = max_octets
        self.max_line_octets = MAX_CONTENT_LINE
        self.features: frozenset[str] = frozenset()
        self.is_secure = False
        self.is_authenticated = False
        self._inbox = Inbox()
        self._mail_data = MailDataReader(self._inbox)
        self._outbox = Outbox()
        self._refusals = Refusals()
        self._veil = Veil()
        self._wire: Wire | None = None
        self._pending: Event | None = None
        self._verb = b""  # of the last command line
        self._chunk_count = 0
        self._behind_chunk = GREETED  # where a refused chunk leads
        self._forget()

    def _forget(self) -> None:
        """End the transaction: what was learnt of it is of no more use."""
        self._is_utf8 = False
        self._refusals.withheld = None
        self._merge: Merge | None = None
        self._chunks: Chunks | None = None
        self._chunk: Chunk | None = None  # that BDAT announced, not yet allowed

    @property
    def wire(self) -> Wire | None:
        return self._wire

    @wire.setter
    def wire(self, wire: Wire | None) -> None:
        if wire is not self._wire:
            self._wire = wire
            self._inbox.see = self._see if wire else None

    @property
    def buffered_octets(self) -> int:
        """Octets received and not yet turned into events."""
        return len(self._inbox)

    @property
    def held_octets(self) -> int:
        """All octets of the peer's in memory: also chunks, variables and parts."""
        chunks, merge = self._chunks, self._merge
        gathered = len(chunks.content) if chunks else 0
        return len(self._inbox) + gathered + (merge.octets if merge else 0)

    @property
    def is_receiving(self) -> bool:
        """Whether what comes is content, not commands."""
        return self.state is DATA or self.state is CHUNK

    @property
    def has_much_to_say(self) -> bool:
        """Whether replies had better be written before the next event is asked for."""
        return len(self._outbox) > MAX_REPLIES

    def receive_data(self, data: bytes) -> None:
        self._inbox.octets += data

    def data_to_send(self) -> bytes:
        octets = self._outbox.take()
        if self._wire and octets:
            self._wire("wr", octets)
        return octets

    def next_event(self) -> Event | Signal:
        """The next legal command or message, or why there is none."""
        if self._pending is not None or self.state is UPGRADING:
            return Signal.PAUSED
        while self.state is not CLOSED:
            found: Event | Reply | None
            # 10 us a message; a chunk alone may be whole without an octet.
            if not self._inbox.octets and self.state is not CHUNK:
                break
            if self.state is DATA:
                found = self._read_data()
            elif self.state is CHUNK:
                found = self._read_chunk()
            else:
                found = self._read_line()
            if found is None:
                break
            if not isinstance(found, Reply):
                self._pending = found
                return found
            if found.is_positive:
                self._outbox.write(found)
            else:
                self._refuse(found)
        return Signal.CLOSED if self.state is CLOSED else Signal.NEED_DATA

    def send(self, reply: Reply) -> None:
        """Answer the pending event; a positive answer moves the state."""
        event, self._pending = self._pending, None
        if self._chunk is not None and reply.code != 421:
            self._allow_chunk(reply)
            return
        is_silent = self._refusals.is_silent and isinstance(event, SILENT_EVENTS)
        if is_silent and reply.code != 421:
            self._withhold(reply)
        else:
            self._outbox.write(reply)
        if reply.code == 421:
            self.state = CLOSED
        elif isinstance(event, MailData):
            self._end_data(event, reply)
        elif isinstance(event, LOGIN_EVENTS):
            self.state = AUTH if reply.code == 334 else GREETED
            self.is_authenticated |= reply.code == 235
        elif event is not None:
            self._move(event, reply)

    def greet(self, reply: Reply) -> None:
        """Open the session; a refusal closes it. RFC 5321 3.1, 4.3.2."""
        self._outbox.write(reply)
        if not reply.is_positive:
            self.state = CLOSED

    def close(self, reply: Reply) -> None:
        """Say `reply`, unasked, and end the session; RFC 5321 3.8."""
        self._outbox.write(reply)
        self._pending = None
        self.state = CLOSED

    def secured(self) -> None:
        """Begin anew inside TLS: all that was learnt before is forgotten.

        Source: RFC 3207 4.2.
        """
        self.is_secure = True
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.state = CONNECTED
        self.is_authenticated = False
        self._refusals.is_silent = False
        self._forget()

    # -- answers

    def _end_data(self, event: MailData, reply: Reply) -> None:
        if reply.is_positive:
            self._refusals.forgive()
            self._chunk_count = 0
            if self._merge is not None and not event.is_last:
                self._merge.taken(event)
                self.state = PARTS
                return
        self.state = GREETED
        self._forget()

    def _move(self, event: Command, reply: Reply) -> None:
        self._refusals.verb = self._verb if reply.code >= 400 else b""
        if self._refusals.verb:
            if isinstance(event, RcptTo) and not event.is_valid:
                self._refusals.count_one()
            elif isinstance(event, Define) and self._merge is not None:
                self._merge.spoil()
            return
        self.state = TRANSITIONS[self.state][self._verb]
        if after := _AFTER.get(type(event)):
            after(self, event)

    def _after_mail(self, event: MailFrom) -> None:
        self._is_utf8 = event.is_utf8
        self._merge = Merge() if event.is_merge else None
        self._chunk_count = 0

    def _after_start_tls(self, event: StartTls) -> None:
        # What came in the clear behind STARTTLS is not to be obeyed inside TLS.
        self._inbox.clear()

    def _after_acknowledge(self, event: Acknowledge) -> None:
        self._refusals.is_silent = not event.is_on

    # -- command lines

    def _read_line(self) -> Event | Reply | None:
        inbox = self._inbox
        if self.state is CONNECTED and inbox.octets.startswith(TLS_HANDSHAKE):
            self.close(status.NOT_SMTP)
            return None
        is_login = self.state is AUTH
        line = read_line(inbox, self.features, is_login=is_login)
        if not isinstance(line, bytes):
            self._verb = inbox.head[:4].upper()
            return line
        if is_login:
            self._verb = b""
            return self._read_auth(line)
        return self._parse(line)

    def _parse(self, line: bytes) -> Event | Reply | None:
        verb, _, argument = line.partition(b" ")
        self._verb = verb = verb.upper()
        if REFUSED_OCTETS.search(line):
            return status.BAD_OCTETS
        parse = PARSERS.get(verb)
        if parse is None:
            return self._unknown(verb)
        refusal = None
        if self._refusals.withheld is not None and verb in CONTENT_VERBS:
            refusal = self._refusals.withheld
        elif verb not in TRANSITIONS[self.state]:
            refusal = self._out_of_order(verb)
        if refusal is not None and verb != b"BDAT":
            return refusal
        parsed = parse(line, argument, self.features)
        if isinstance(parsed, Chunk):
            return self._announce(parsed, refusal)
        check = _CHECKS.get(type(parsed))
        return check(self, parsed) if check else parsed

    def _unknown(self, verb: bytes) -> Reply | None:
        if verb in HTTP_VERBS:
            self.close(status.NOT_SMTP)
            return None
        if verb in KNOWN_VERBS:
            return status.NOT_IMPLEMENTED
        return status.UNKNOWN_COMMAND if verb.isascii() else status.BAD_VERB

    def _out_of_order(self, verb: bytes) -> Reply:
        feature = FEATURES.get(verb)
        if feature is not None and feature not in self.features:
            return status.NOT_IMPLEMENTED
        is_early = self.state in {MAIL, State.MERGE} and verb in CONTENT_VERBS
        return (
            status.NO_RECIPIENTS
            if is_early and self._refusals.verb == b"RCPT"
            else status.BAD_SEQUENCE
        )

    def _check_mail(self, event: MailFrom) -> MailFrom | Reply:
        return status.TOO_LARGE if event.size > self._limit_octets() else event

    def _check_rcpt(self, event: RcptTo) -> RcptTo | Reply:
        if not self._is_utf8 and not event.text.isascii():
            return status.NOT_ASCII
        return event if self._merge is None else self._merge.check_recipient(event)

    def _check_define(self, event: Define) -> Define | Reply:
        assert self._merge is not None
        return self._merge.check_define(event)

    def _check_part(self, event: PartCommand) -> PartCommand | Reply:
        assert self._merge is not None
        return self._merge.check_part(event)

    def _check_auth(self, event: Auth) -> Auth | Reply:
        return status.ALREADY_AUTHENTICATED if self.is_authenticated else event

    def _check_start_tls(self, event: StartTls) -> StartTls | Reply:
        return status.ALREADY_SECURE if self.is_secure else event

    def _read_auth(self, line: bytes) -> AuthResponse | Reply:
        if line == b"*":
            return status.AUTH_CANCELLED
        octets = sasl.decode(line)
        return status.BAD_BASE64 if octets is None else AuthResponse(octets)

    # -- content

    def _limit_octets(self) -> int:
        return self.max_octets or CEILING_OCTETS

    def _read_data(self) -> MailData | Reply | None:
        merge, reader = self._merge, self._mail_data
        reader.max_line = self.max_line_octets
        limit = self._limit_octets()
        content = reader.read(limit if merge is None else limit - merge.part_octets)
        if not isinstance(content, bytes):
            return content
        return MailData(content) if merge is None else merge.data(content)

    def _announce(self, chunk: Chunk, refusal: Reply | None) -> Event | Reply | None:
        """Read a chunk; before the first one the owner is asked as before DATA."""
        self._chunk_count += 1
        if self._chunk_count > MAX_CHUNKS:
            self.close(status.TOO_MANY_CHUNKS)
            return None
        if "CHUNKING" not in self.features:
            refusal = status.NOT_IMPLEMENTED
        if refusal is None and self.state is RCPT:
            self._chunk = chunk
            return DataCommand()
        self._begin_chunk(chunk, refusal)
        return self._read_chunk()

    def _allow_chunk(self, reply: Reply) -> None:
        """Read the first chunk, its refusal told when all its octets have come."""
        chunk, self._chunk = self._chunk, None
        self._refusals.verb = b"" if reply.is_positive else self._verb
        if chunk is not None:
            self._begin_chunk(chunk, None if reply.is_positive else reply)

    def _begin_chunk(self, chunk: Chunk, refusal: Reply | None) -> None:
        chunks = self._chunks = self._chunks or Chunks()
        size = len(chunks.content) + chunk.octets
        if refusal is None and size > self._limit_octets():
            refusal = status.TOO_LARGE
        # A chunk out of place changes nothing, one that fails ends the transaction.
        is_failed = b"BDAT" in TRANSITIONS[self.state] or self._cancels(b"BDAT")
        self._behind_chunk = GREETED if is_failed else self.state
        chunks.begin(chunk, refusal)
        self.state = CHUNK

    def _read_chunk(self) -> MailData | Reply | None:
        chunks, inbox = self._chunks, self._inbox
        assert chunks is not None
        if chunks.left:
            chunks.add(inbox.cut(min(chunks.left, len(inbox))))
            if chunks.left:
                return None
        if chunks.refusal is not None:
            return chunks.refusal
        if not chunks.is_last:
            self.state = CHUNKS
            return chunks.taken()
        self._chunks = None
        content = chunked_content(
            chunks.message(), self._limit_octets(), self.max_line_octets
        )
        return content if isinstance(content, Reply) else MailData(content)

    # -- refusals

    def _refuse(self, reply: Reply) -> None:
        """Answer illegal input; too much of it ends the session."""
        verb = self._verb
        if self._refusals.is_silent and verb in SILENT_VERBS:
            self._withhold(reply)
        else:
            self._outbox.write(reply)
        self._step_back(verb)
        self._refusals.count(verb)
        if self._refusals.is_too_much:
            self.close(status.TOO_MANY_ERRORS)

    def _step_back(self, verb: bytes) -> None:
        """The state behind a refusal; a transaction that failed is forgotten."""
        if self.state is AUTH:
            self.state = GREETED
            return
        behind: State = self.state
        if self.state is CHUNK:
            behind = self._behind_chunk
        elif self.state is DATA or self._cancels(verb):
            behind = GREETED
        elif self._merge is not None and verb == b"XDFN":
            self._merge.spoil()
        elif self._merge is not None and verb == b"RCPT":
            self._merge.end_recipient()
        if behind is GREETED:
            self._forget()
        self.state = behind

    def _cancels(self, verb: bytes) -> bool:
        """Whether a refused command ends the submission (MM-5)."""
        if verb in CONTENT_VERBS and self._refusals.withheld is not None:
            return True
        if self.state is PARTS:
            return verb in GROUP_VERBS or verb in OPENING_VERBS
        return self._merge is not None and verb == b"XPRT"

    def _withhold(self, reply: Reply) -> None:
        is_submitting = self.state in SUBMITTING
        self._refusals.withhold(reply, is_submitting=is_submitting)

    # -- the wire

    def _see(self, octets: bytes) -> None:
        if self._wire is None:
            return
        if self.is_receiving:
            self._wire("rd", octets)
        elif self.state is AUTH or self._inbox.dropped:
            self._wire("rd", SECRET)
        else:
            self._wire("rd", self._veil.shown(octets))


# What a command has to pass that is legal here by its verb.
_CHECKS: dict[type, Callable[..., Event | Reply]] = {
    MailFrom: ServerSession._check_mail,
    RcptTo: ServerSession._check_rcpt,
    Define: ServerSession._check_define,
    PartCommand: ServerSession._check_part,
    Auth: ServerSession._check_auth,
    StartTls: ServerSession._check_start_tls,
}

# What a positive reply brings about besides the state.
_AFTER: dict[type, Callable[..., None]] = {
    Hello: lambda session, event: session._forget(),
    Reset: lambda session, event: session._forget(),
    XClient: lambda session, event: session._begin_anew(),
    MailFrom: ServerSession._after_mail,
    StartTls: ServerSession._after_start_tls,
    Acknowledge: ServerSession._after_acknowledge,
}
