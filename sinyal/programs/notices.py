"""Mails of our own to the operator: what happened to a queue; rule BK-3.

The null sender keeps them from being answered; RFC 5321 4.5.5, RFC 3834 5.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sinyal.mail import trace
from sinyal.mail.envelope import Envelope, Recipient, Submission
from sinyal.runtime import identity
from sinyal.runtime.clock import Clock
from sinyal.smtp.dump import printable

ORIGIN = "internal"  # source_type of their envelopes


class Notices:
    """Hands notices to `submit` as if they had come in."""

    def __init__(
        self,
        submit: Callable[[Submission], Any],
        host_name: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._submit = submit
        self._host_name = host_name
        self._clock = clock

    def send(self, to: Sequence[str], subject: str, text: str) -> None:
        """Queue a notice for each address; nothing where there is none."""
        if not to:
            return
        now, host = self._clock(), self._host_name()
        content = "".join(
            f"{printable(line)}\r\n"
            for line in (
                f"From: sinyal <postmaster@{host}>",
                f"To: {', '.join(to)}",
                f"Subject: {subject}",
                f"Date: {trace.date(now)}",
                f"Message-ID: <{identity.message_id()}@{host}>",
                "Auto-Submitted: auto-generated",
                "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=us-ascii",
                "",
                *text.split("\n"),
            )
        ).encode("ascii", "backslashreplace")
        envelope = Envelope(
            mail_from="",
            recipients=tuple(Recipient(one, identity.message_id()) for one in to),
            received_at=now,
            size_octets=len(content),
            source_type=ORIGIN,
            subject=subject,
        )
        self._submit(Submission(envelope, content))
