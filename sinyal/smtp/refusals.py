"""How often a peer was refused, and what XACK OFF keeps back of it (MM-5)."""

from sinyal.smtp.reply import Reply

MAX_ERRORS = 20  # breaches of grammar or order since the last accepted message

SILENT_VERBS = frozenset((b"RCPT", b"XDFN"))  # whose replies XACK OFF keeps back
CONTENT_VERBS = frozenset((b"DATA", b"BDAT", b"XPRT"))
GROUP_VERBS = SILENT_VERBS | CONTENT_VERBS
OPENING_VERBS = frozenset((b"MAIL", b"RCPT", b"BDAT", b"XMRG", b"XDFN"))


class Refusals:
    """The errors of a session, and the first one of a submission that was kept back.

    `verb` is that of the last MAIL, RCPT and so on where it was refused, else b"".
    """

    def __init__(self) -> None:
        self.verb = b""
        self.is_silent = False  # XACK OFF
        self.withheld: Reply | None = None
        self._errors = 0

    @property
    def is_too_much(self) -> bool:
        return self._errors >= MAX_ERRORS

    def count(self, verb: bytes) -> None:
        """Note a breach by the session's own judgement.

        Behind a refused MAIL or RCPT the rest of a pipelined group is none.
        """
        if self.verb and verb in GROUP_VERBS:
            return
        self.verb = verb if verb in OPENING_VERBS else b""
        self._errors += 1

    def count_one(self) -> None:
        """Note a breach, wherever it stands."""
        self._errors += 1

    def forgive(self) -> None:
        """A message was accepted: the errors before it count no more."""
        self._errors = 0

    def withhold(self, reply: Reply, *, is_submitting: bool) -> None:
        """Keep a reply back; outside a submission errors are ignored (MM-5)."""
        if self.withheld is None and is_submitting and not reply.is_positive:
            self.withheld = reply
