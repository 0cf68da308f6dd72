"""Which command is legal when, and where it leads; RFC 5321 4.1.4, 3207 4.2, 4954 4."""

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


def _row(here: State, **onward: State) -> dict[bytes, State]:
    anytime = {
        b"EHLO": State.GREETED,
        b"HELO": State.GREETED,
        b"NOOP": here,
        b"VRFY": here,
        b"HELP": here,
        b"RSET": State.CONNECTED if here is State.CONNECTED else State.GREETED,
        b"QUIT": State.CLOSED,
    }
    return anytime | {verb.encode(): state for verb, state in onward.items()}


# state: {verb: the state a positive reply leads to}. AUTH leads to State.AUTH only
# while its reply is 334; DATA, AUTH and UPGRADING take no commands.
TRANSITIONS: dict[State, dict[bytes, State]] = {
    State.CONNECTED: _row(State.CONNECTED),
    State.GREETED: _row(
        State.GREETED,
        MAIL=State.MAIL,
        AUTH=State.AUTH,
        STARTTLS=State.UPGRADING,
    ),
    State.MAIL: _row(State.MAIL, RCPT=State.RCPT),
    State.RCPT: _row(State.RCPT, RCPT=State.RCPT, DATA=State.DATA),
    State.DATA: {},
    State.AUTH: {},
    State.UPGRADING: {},
    State.CLOSED: {},
}
