"""The commands that hand in a message: MAIL, RCPT, DATA, and those of a mail merge."""

import asyncio
from collections.abc import Awaitable

from msgspec.structs import replace

from sinyal.mail import merge
from sinyal.reception import replies
from sinyal.reception.acceptance import accept
from sinyal.reception.admittance import admitted, complete
from sinyal.reception.client import Client
from sinyal.reception.transaction import Transaction
from sinyal.smtp.events import (
    DataCommand,
    Define,
    MailData,
    MailFrom,
    PartCommand,
    RcptTo,
)
from sinyal.smtp.reply import Reply, reply

MAX_RECIPIENTS = 100_000  # of a message, where the operator sets no limit

Answer = Reply | Awaitable[Reply]


class Mailing:
    """The transaction that this client has begun; `accepted` counts its messages."""

    def __init__(self, client: Client) -> None:
        self.accepted = 0
        self.is_gone = False  # the client is: no reply reaches it
        self._client = client
        self._transaction = Transaction(MailFrom(""))
        self._is_overfull = False

    def forget(self) -> None:
        """End the transaction."""
        self._begin(MailFrom(""))

    def _begin(self, mail: MailFrom) -> None:
        self._transaction = Transaction(mail)
        self._is_overfull = False

    def mail(self, event: MailFrom) -> Answer:
        """The answer to MAIL and XMRG."""
        client = self._client
        door, source = client.door, client.source
        if source.require_auth and not client.user:
            return replies.LOGIN_REQUIRED
        if door.is_short_of_memory:
            return replies.SHORT_OF_MEMORY
        address = complete(door, source, event.address)
        if address != event.address:
            event = replace(event, address=address)
        self._begin(event)
        has_checks = source.check_spf_inbound or source.check_iprev_inbound
        if has_checks and door.checks is not None:
            return self._checked(event)
        return replies.SENDER_OK

    async def _checked(self, event: MailFrom) -> Reply:
        """The answer once the DNS has spoken for or against the sender (SRC-10)."""
        client, transaction = self._client, self._transaction
        checks = client.door.checks
        assert checks is not None
        ip, name = client.peer.remote_ip, client.hello.name if client.hello else ""
        checked = await checks.at_mail(client.source, ip, name, event.address)
        if checked.reply is not None:
            client.journal.note(f"MAIL FROM:<{event.address}>: {checked.reply}")
            return checked.reply
        transaction.results = checked.results
        return replies.SENDER_OK

    def rcpt(self, event: RcptTo) -> Reply:
        """The answer to RCPT."""
        client, transaction = self._client, self._transaction
        limit = client.source.max_rcpt_per_message or MAX_RECIPIENTS
        if len(transaction.recipients) >= limit:
            return self._one_too_many()
        found = admitted(client.door, client.source, event)
        if isinstance(found, Reply):
            return found
        transaction.recipients += found
        return replies.RECIPIENT_OK

    def _one_too_many(self) -> Reply:
        """Refuse the recipient, or let the whole message fail at its data (SRC-9)."""
        source = self._client.source
        if source.too_many_rcpts_fails_message and source.max_rcpt_per_message:
            self._is_overfull = True
            return replies.RECIPIENT_OK
        return replies.TOO_MANY_RECIPIENTS

    def define(self, event: Define) -> Reply:
        """The answer to XDFN: what cannot be is refused before the RCPT."""
        try:
            merge.recipient_of(event.variables)
        except merge.BadMerge as error:
            return reply(550, str(error))
        return replies.VARIABLES_OK

    def data(self, event: DataCommand) -> Reply:
        """The answer to DATA, and to the first BDAT."""
        return replies.MESSAGE_OVERFULL if self._is_overfull else replies.START_DATA

    def part(self, event: PartCommand) -> Reply:
        """The answer to XPRT."""
        return replies.MESSAGE_OVERFULL if self._is_overfull else replies.START_PART

    def content(self, event: MailData) -> Answer:
        """The answer to a message, or to one part of it."""
        client, transaction = self._client, self._transaction
        if not event.part:
            octets = event.octets
        else:
            transaction.parts[event.part] = event.octets
            if not event.is_last:
                return replies.PART_RECEIVED
            octets = b""
        self.forget()
        answer = accept(client.door, client.feeder(), transaction, octets)
        if isinstance(answer, Reply):
            return answer
        if not isinstance(answer, asyncio.Future):
            return self._awaited(answer)
        # A task around the future of plain mail would cost 10 us a message.
        answer.add_done_callback(self._promised)
        return answer

    async def _awaited(self, answer: Awaitable[Reply]) -> Reply:
        said = await answer
        self._answered(said)
        return said

    def _promised(self, answer: "asyncio.Future[Reply]") -> None:
        if not answer.cancelled() and answer.exception() is None:
            self._answered(answer.result())

    def _answered(self, said: Reply) -> None:
        self.accepted += said.is_positive
        if self.is_gone:
            self._client.journal.note(f"reply not delivered, the client left: {said}")
