"""One SMTP connection of the sink: commands in, the mailroom's answers out."""

import asyncio
from collections.abc import Awaitable, Callable

from sinyal.runtime.clock import Clock
from sinyal.runtime.smtp_server import Dialog, Peer
from sinyal.sink import mail
from sinyal.sink.mailroom import Answer, Mailroom
from sinyal.smtp.events import (
    DataCommand,
    Event,
    Hello,
    MailData,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Reset,
    StartTls,
    Verify,
)
from sinyal.smtp.reply import Reply, reply

MOST_OCTETS = 64 * 1024 * 1024
OK = reply(250, "2.0.0 Ok")
START_MAIL = reply(354, "End data with <CR><LF>.<CR><LF>")
NOT_HERE = reply(502, "5.5.1 Command not implemented")

# Called once the answer was handed to the transport.
Given = Callable[[Answer], None]


class SinkDialog(Dialog):
    """Takes mail for anybody; `given` is told each answer after it was given."""

    max_octets = MOST_OCTETS

    def __init__(
        self,
        host_name: str,
        mailroom: Mailroom,
        given: Given,
        room: Callable[[], Awaitable[None] | None],
        clock: Clock,
    ) -> None:
        self._host_name = host_name
        self._mailroom = mailroom
        self._given = given
        self._room = room
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._remote_ip = ""
        self._mail_from = ""
        self._rcpts: list[str] = []
        self._is_closed = False

    def opened(self, peer: Peer) -> Reply:
        self._remote_ip = peer.remote_ip
        return reply(220, f"{self._host_name} ESMTP sink")

    def extensions(self, is_tls: bool) -> list[str]:
        offered = [
            "PIPELINING",
            "8BITMIME",
            f"SIZE {MOST_OCTETS}",
            "ENHANCEDSTATUSCODES",
        ]
        return offered if is_tls else [*offered, "STARTTLS"]

    def secured(self, peer: Peer) -> None:
        self._forget()

    def closed(self) -> None:
        self._is_closed = True

    def answer(self, event: Event) -> Reply | Awaitable[Reply]:
        match event:
            case MailData():
                return self._data(event.octets)
            case RcptTo():
                return self._rcpt(event.address)
            case MailFrom():
                self._forget()
                self._mail_from = event.address
                return OK
            case DataCommand():
                return START_MAIL
            case Hello():
                self._forget()
                return reply(250, self._host_name)
        return self._rest(event)

    def _rest(self, event: Event) -> Reply:
        match event:
            case StartTls():
                return reply(220, "2.0.0 Ready to start TLS")
            case Quit():
                return reply(221, "2.0.0 Bye")
            case Verify():
                return reply(252, "2.1.5 Send some mail, and see")
            case Reset():
                self._forget()
                return OK
            case Noop():
                return OK
        return NOT_HERE

    def _forget(self) -> None:
        self._mail_from = ""
        self._rcpts = []

    def _rcpt(self, rcpt: str) -> Reply:
        answer = self._mailroom.at_rcpt(rcpt, self._rcpts)
        if answer.reply.is_positive:
            self._rcpts.append(rcpt)
        else:
            self._loop.call_soon(self._tell, answer)
        return answer.reply

    def _data(self, content: bytes) -> Reply | Awaitable[Reply]:
        arrived = mail.received(
            self._mail_from, content, self._remote_ip, self._clock()
        )
        answer = self._mailroom.at_data(arrived, self._rcpts)
        self._forget()
        room = self._room() if answer.sequels else None
        if answer.wait_s or room is not None:
            return self._hold(answer, room)
        # What is called soon runs after this turn, and so after the reply's write.
        self._loop.call_soon(self._tell, answer)
        return answer.reply

    async def _hold(self, answer: Answer, room: Awaitable[None] | None) -> Reply:
        if room is not None:
            await room
        if answer.wait_s:
            await asyncio.sleep(answer.wait_s)
        # The server's own turn comes first: it writes the reply.
        self._loop.call_soon(self._loop.call_soon, self._tell, answer)
        return answer.reply

    def _tell(self, answer: Answer) -> None:
        if not self._is_closed:
            self._given(answer)
