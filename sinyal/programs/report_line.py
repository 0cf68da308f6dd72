"""Reports that come back: read, recorded, forwarded only if the operator says so."""

from sinyal.config import Configuration
from sinyal.config.settings import Processor
from sinyal.delivery.compose import Tracking
from sinyal.engagement.links import copy_of
from sinyal.engagement.token import Copy
from sinyal.events.record import categorised
from sinyal.programs.arrivals import Arrivals
from sinyal.programs.mail_line import MailLine
from sinyal.reception.door import ReportMail
from sinyal.reception.replies import MESSAGE_RECEIVED
from sinyal.reports import read_report
from sinyal.runtime.log import LOG
from sinyal.smtp.reply import Reply


class ReportLine:
    """What reception hands mail of the processors' addresses to; rules INB."""

    def __init__(
        self,
        configuration: Configuration,
        line: MailLine,
        arrivals: Arrivals,
        tracking: Tracking | None,
    ) -> None:
        self._processors = {
            "bounce": configuration.bounce_processor,
            "feedback-loop": configuration.feedback_loop_processor,
        }
        self._categories = configuration.categories
        self._line = line
        self._arrivals = arrivals
        self._keys = {tracking.key.key_id: tracking.key} if tracking else {}

    async def take(self, mail: ReportMail) -> Reply:
        """The reply to a report: 250 once its records are on disk.

        Errors: `OSError` when they cannot be written.
        """
        records = read_report(mail, self._copy_of)
        if records:
            await self._line.record(categorised(records, self._categories))
        processor = self._processors[mail.kind]
        if processor is not None and _is_delivered(processor, bool(records)):
            return await self._arrivals.submit(mail.submission)
        if not records:
            LOG.info("%s processor: no report, discarded: %s", mail.kind, mail.rcpt)
        return MESSAGE_RECEIVED

    def _copy_of(self, content: bytes) -> Copy | None:
        return copy_of(self._keys, content)


def _is_delivered(processor: Processor, is_matched: bool) -> bool:
    if is_matched:
        return processor.deliver_matched_email
    return processor.deliver_unmatched_email
