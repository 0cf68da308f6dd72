"""A file of SMTP commands, played to a session in memory; guide 7.2.3, rule PICK-3.

One message a file. Any command that fails refuses the file, before anything of it is
accepted; behind XACK OFF a recipient that is not taken bounces instead.
"""

import asyncio
from collections.abc import Awaitable

import regex as re
from msgspec.structs import replace

from sinyal.config.settings import SourceSettings
from sinyal.reception import replies
from sinyal.reception.acceptance import accept
from sinyal.reception.admittance import admitted, complete
from sinyal.reception.door import Door
from sinyal.reception.pickup_file import BadFile, Commands
from sinyal.reception.pickup_letter import MAX_RECIPIENTS, as_admitted, feeder_of
from sinyal.reception.transaction import Transaction
from sinyal.smtp import status
from sinyal.smtp.events import (
    Acknowledge,
    DataCommand,
    Define,
    Event,
    Hello,
    MailData,
    MailFrom,
    Noop,
    PartCommand,
    Quit,
    RcptTo,
    Reset,
)
from sinyal.smtp.reply import Reply, reply
from sinyal.smtp.server import ServerSession, Signal

FEATURES = frozenset(("XMRG", "VERP", "DSN", "SMTPUTF8", "INVALID-RCPT"))
GREETING = reply(220, "batch")
OK = reply(250, "2.0.0 ok")
FAILED = re.compile(rb"^[45]\d\d [^\r]*+\r$", re.MULTILINE)
GREETED = re.compile(rb"(?i:HELO|EHLO)[ \t]")
TURN = 200  # commands answered before others get their turn


async def play(door: Door, source: SourceSettings, commands: Commands) -> Reply:
    """The reply to the message of the file.

    Errors: `BadFile` with the reply to the first command that fails.
    """
    octets = commands.octets
    session, dialog = ServerSession(source.max_message_size), BatchDialog(door, source)
    session.features = FEATURES
    session.greet(GREETING)
    if not GREETED.match(octets):
        session.receive_data(b"EHLO localhost\r\n")
    session.receive_data(octets)
    session.data_to_send()
    count = 0
    while not isinstance(event := session.next_event(), Signal):
        _check(session)
        is_end = isinstance(event, MailData) and event.is_last
        if is_end and not _is_done(octets, session.buffered_octets):
            raise BadFile("there is more in the file than one message")
        answer = dialog.answer(event)
        answer = answer if isinstance(answer, Reply) else await answer
        if is_end:
            return answer
        session.send(answer)
        _check(session)
        count += 1
        if count % TURN == 0:
            await asyncio.sleep(0)
    _check(session)
    raise BadFile("the file ends before the message does")


def _check(session: ServerSession) -> None:
    """Look for a refusal among the replies that have been given. Errors: `BadFile`."""
    if found := FAILED.search(session.data_to_send()):
        raise BadFile(found[0].decode().rstrip())


def _is_done(octets: bytes, left: int) -> bool:
    """Whether the last `left` octets hold nothing but QUIT."""
    rest = octets[len(octets) - left :].strip().upper() if left else b""
    return rest in {b"", b"QUIT"}


class BatchDialog:
    """What the commands of a file have said so far.

    Mail merge needs no setting here (MM-6).
    """

    def __init__(self, door: Door, source: SourceSettings) -> None:
        self._door = door
        self._source = source
        self._strict = as_admitted(source, accepts_invalid=False)
        self._silent = as_admitted(source, accepts_invalid=True)
        self._is_silent = False
        self._transaction = Transaction(MailFrom(""))

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        match event:
            case MailFrom():
                address = complete(self._door, self._source, event.address)
                self._transaction = Transaction(replace(event, address=address))
            case RcptTo():
                return self._recipient(event)
            case MailData():
                return self._data(event)
            case DataCommand() | PartCommand():
                return replies.START_DATA
            case Acknowledge():
                self._is_silent = not event.is_on
            case Hello() | Define() | Reset() | Noop() | Quit():
                pass
            case _:
                return status.NOT_IMPLEMENTED
        return OK

    def _recipient(self, event: RcptTo) -> Reply:
        limit = self._source.max_rcpt_per_message or MAX_RECIPIENTS
        if len(self._transaction.recipients) >= limit:
            return replies.TOO_MANY_RECIPIENTS
        open_to = self._silent if self._is_silent else self._strict
        found = admitted(self._door, open_to, event)
        if isinstance(found, Reply):
            return found
        self._transaction.recipients += found
        return replies.RECIPIENT_OK

    def _data(self, event: MailData) -> Reply | Awaitable[Reply]:
        transaction = self._transaction
        if event.part:
            transaction.parts[event.part] = event.octets
        if not event.is_last:
            return replies.PART_RECEIVED
        feeder = feeder_of(self._source)
        return accept(self._door, feeder, transaction, event.octets)
