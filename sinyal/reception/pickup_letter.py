"""A file of the header form, handed in; guide 7.2.2, rules PICK-2, SUP-2."""

from collections.abc import Awaitable

from msgspec.structs import replace

from sinyal.config.settings import SourceSettings
from sinyal.mail.envelope import Recipient
from sinyal.reception.acceptance import accept
from sinyal.reception.admittance import admitted, complete
from sinyal.reception.door import Door
from sinyal.reception.pickup_file import BadFile, Letter
from sinyal.reception.recipients import prefixed
from sinyal.reception.transaction import Feeder, Transaction
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.events import MailFrom, RcptTo
from sinyal.smtp.reply import Reply

MAX_RECIPIENTS = 100_000  # of a message, where the operator sets no limit


def hand_in(
    door: Door, source: SourceSettings, letter: Letter
) -> Reply | Awaitable[Reply]:
    """The reply to the message. Errors: `BadFile` for one that is not taken."""
    if source.max_message_size and len(letter.content) > source.max_message_size:
        raise BadFile("the message is larger than max-message-size")
    feeder = feeder_of(source)
    mail = MailFrom(
        complete(door, source, letter.mail_from),
        body="" if letter.content.isascii() else "8BITMIME",
        env_id=letter.env_id,
        is_utf8=not "".join((letter.mail_from, *letter.recipients)).isascii(),
    )
    transaction = Transaction(mail, _recipients(door, feeder, letter))
    return accept(door, feeder, transaction, letter.content)


def _recipients(door: Door, feeder: Feeder, letter: Letter) -> list[Recipient]:
    limit = feeder.source.max_rcpt_per_message or MAX_RECIPIENTS
    if len(letter.recipients) > limit:
        raise BadFile(f"{len(letter.recipients)} recipients, {limit} are allowed")
    open_to = as_admitted(feeder.source, accepts_invalid=False)
    job_id = prefixed(letter.job_id, feeder)
    found: list[Recipient] = []
    for address in letter.recipients:
        taken = admitted(door, open_to, RcptTo(address))
        if isinstance(taken, Reply):
            raise BadFile(str(taken))
        found += [replace(one, job_id=job_id) for one in taken]
    return found


def as_admitted(source: SourceSettings, *, accepts_invalid: bool) -> SourceSettings:
    """The settings by which recipients of pickup files are judged.

    Relaying needs no setting: who may write into the directory may send. Bad
    recipients bounce in batches behind XACK OFF alone (SRC-11).
    """
    return replace(
        source, always_allow_relaying=True, accept_invalid_recipients=accepts_invalid
    )


def feeder_of(source: SourceSettings) -> Feeder:
    """Who hands in what lies in the pickup directory."""
    nobody = Peer("", 0, "", 0)
    return Feeder(source=source, peer=nobody, hello=None, user="", origin="pickup")
