"""The reports that a recipient's side sends back: late bounces and complaints.

Source: RFC 3464, RFC 5965; a fact is written after the MTA has answered 250.
"""

from hashlib import blake2b

from sinyal.mail import address, arf, dsn, trace
from sinyal.mail.arf import Arf
from sinyal.mail.dsn import Dsn, DsnRecipient
from sinyal.mail.report import Frame
from sinyal.runtime.clock import Clock
from sinyal.sink.ledger import Fact, Ledger
from sinyal.sink.mail import Mail
from sinyal.sink.reporter import Reporter

OOB_STATUS = "5.1.1"
OOB_DIAGNOSTIC = "smtp;550 5.1.1 User unknown, found out late"
OOB_TEXT = "Your message had been taken, but could not be delivered after all."
FEEDBACK_AGENT = "sinyal-sink/1"
FEEDBACK_TEXT = "This is a complaint about a message that one of our users received."


class Postmaster:
    """Builds the reports and hands them to the MTA."""

    def __init__(
        self, reporter: Reporter, ledger: Ledger, clock: Clock, fbl_address: str
    ) -> None:
        self._reporter = reporter
        self._ledger = ledger
        self._clock = clock
        self._fbl_address = fbl_address

    async def bounce(self, mail: Mail, rcpt: str) -> None:
        """Tell the return path that the mail could not be delivered after all."""
        if not mail.mail_from:
            self._note(mail, rcpt, "failed", act="oob", why="no return path")
            return
        report = self._bounce_report(mail, rcpt)
        await self._send(mail, rcpt, "oob_sent", mail.mail_from, report)

    async def complain(self, mail: Mail, rcpt: str) -> None:
        """Tell the feedback address that the recipient calls the mail spam."""
        report = self._complaint_report(mail, rcpt)
        await self._send(mail, rcpt, "fbl_sent", self._fbl_address, report)

    def _frame(self, kind: str, mail: Mail, rcpt: str, rows: dict[str, str]) -> Frame:
        host = address.domain(rcpt)
        mark = f"{kind}\0{mail.message_id}\0{rcpt}".encode(errors="replace")
        return Frame(
            sender=f"postmaster@{host}",
            at=self._clock(),
            unique=blake2b(mark, digest_size=10).hexdigest(),
            host=host,
            **rows,
        )

    def _bounce_report(self, mail: Mail, rcpt: str) -> bytes:
        failed = DsnRecipient(
            final_recipient=rcpt, status=OOB_STATUS, diagnostic=OOB_DIAGNOSTIC
        )
        report = Dsn(
            recipients=(failed,),
            reporting_mta=f"mx.{address.domain(rcpt)}",
            arrival_date=trace.date(mail.arrived_at),
            returned=mail.content,
        )
        subject = "Undelivered mail returned"
        rows = {"rcpt": mail.mail_from, "subject": subject, "text": OOB_TEXT}
        return dsn.build(report, self._frame("oob", mail, rcpt, rows))

    def _complaint_report(self, mail: Mail, rcpt: str) -> bytes:
        report = Arf(
            feedback_type="abuse",
            recipients=(rcpt,),
            mail_from=mail.mail_from,
            user_agent=FEEDBACK_AGENT,
            reporting_mta=f"mx.{address.domain(rcpt)}",
            source_ip=mail.source_ip,
            reported_domain=address.domain(mail.mail_from),
            arrival_date=trace.date(mail.arrived_at),
            returned=mail.content,
        )
        subject = "Complaint about a message"
        rows = {"rcpt": self._fbl_address, "subject": subject, "text": FEEDBACK_TEXT}
        return arf.build(report, self._frame("fbl", mail, rcpt, rows))

    async def _send(
        self, mail: Mail, rcpt: str, fact: str, report_to: str, report: bytes
    ) -> None:
        answer, attempts = await self._reporter.send("", report_to, report)
        detail = {"to": report_to, "attempts": str(attempts)}
        if answer.is_positive:
            self._note(mail, rcpt, fact, **detail)
        else:
            self._note(mail, rcpt, "failed", act=fact, why=str(answer), **detail)

    def _note(self, mail: Mail, rcpt: str, name: str, **detail: str) -> None:
        at = self._clock()
        self._ledger.write(Fact(name, at, rcpt, mail.message_id, mail.job, detail))
