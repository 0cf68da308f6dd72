"""What a peer's replies to a transaction mean for its one recipient."""

from sinyal.config.settings import DomainSettings
from sinyal.delivery.local import Cause
from sinyal.events.outcome import Verdict
from sinyal.smtp.client import Replies
from sinyal.smtp.reply import Reply


def judge(replies: Replies) -> tuple[Verdict, Reply, bool]:
    """(verdict, the reply that decided, whether it is of our own making).

    The first refusal decides: after it, what a pipelining peer says to the other
    commands follows from it; RFC 2920 3.1, RFC 5321 4.2.1.
    """
    for answer in (replies.mail, *replies.recipients):
        if not answer.is_positive:
            return _refusal(answer), answer, False
    if replies.final is None:
        if replies.data.code >= 400:
            return _refusal(replies.data), replies.data, False
        reason = Cause.BAD_REPLY.reply(reason=str(replies.data))
        return Verdict.DEFERRED, reason, True
    if replies.final.is_positive:
        return Verdict.DELIVERED, replies.final, False
    return _refusal(replies.final), replies.final, False


def status_beside(replies: Replies, reply: Reply, settings: DomainSettings) -> str:
    """The enhanced status that is told instead of the reply's own, or ""; RT-9."""
    is_553 = reply.code == 553 and not reply.enhanced
    is_meant = settings.smtp_553_means_invalid_mailbox
    if is_553 and is_meant and any(reply is one for one in replies.recipients):
        return "5.1.1"
    return ""


def closes(replies: Replies) -> bool:
    """Whether the peer announced that it closes the connection; RFC 5321 3.8."""
    answers = (replies.mail, *replies.recipients, replies.data, replies.final)
    return any(answer is not None and answer.code == 421 for answer in answers)


def _refusal(answer: Reply) -> Verdict:
    return Verdict.BOUNCED if answer.is_permanent else Verdict.DEFERRED
