"""Which command is legal when, and where it leads.

Source: RFC 5321 4.1.4, 3207 4.2, 4954 4, 3030 2; guide 9.5 (MM-1).
"""

from enum import IntEnum, auto


class State(IntEnum):
    """Where the server's session stands; a number, as its hash costs a tenth."""

    CONNECTED = auto()
    GREETED = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    AUTH = auto()
    UPGRADING = auto()
    CLOSED = auto()
    CHUNK = auto()  # octets of BDAT come, or what is to be thrown away of them
    CHUNKS = auto()  # one chunk is taken, another one is due
    MERGE = auto()
    MERGE_RCPT = auto()
    PARTS = auto()  # one part is taken, another one is due


def _row(here: State, **onward: State) -> dict[bytes, State]:
    anytime = {
        b"EHLO": State.GREETED,
        b"HELO": State.GREETED,
        b"NOOP": here,
        b"VRFY": here,
        b"HELP": here,
        b"RSET": State.CONNECTED if here is State.CONNECTED else State.GREETED,
        b"QUIT": State.CLOSED,
        b"XACK": here,
    }
    return anytime | {verb.encode(): state for verb, state in onward.items()}


# state: {verb: the state a positive reply leads to}. AUTH leads to State.AUTH only
# while its reply is 334; DATA, AUTH, UPGRADING and CHUNK take no commands.
TRANSITIONS: dict[State, dict[bytes, State]] = {
    State.CONNECTED: _row(State.CONNECTED, XCLIENT=State.CONNECTED),
    State.GREETED: _row(
        State.GREETED,
        MAIL=State.MAIL,
        XMRG=State.MERGE,
        AUTH=State.AUTH,
        STARTTLS=State.UPGRADING,
        XCLIENT=State.CONNECTED,
    ),
    State.MAIL: _row(State.MAIL, RCPT=State.RCPT),
    State.RCPT: _row(State.RCPT, RCPT=State.RCPT, DATA=State.DATA, BDAT=State.CHUNK),
    State.CHUNKS: _row(State.CHUNKS, BDAT=State.CHUNK),
    State.MERGE: _row(State.MERGE, XDFN=State.MERGE, RCPT=State.MERGE_RCPT),
    State.MERGE_RCPT: _row(
        State.MERGE_RCPT,
        XDFN=State.MERGE_RCPT,
        RCPT=State.MERGE_RCPT,
        XPRT=State.DATA,
    ),
    State.PARTS: _row(State.PARTS, XPRT=State.DATA),
    State.DATA: {},
    State.AUTH: {},
    State.UPGRADING: {},
    State.CLOSED: {},
    State.CHUNK: {},
}
