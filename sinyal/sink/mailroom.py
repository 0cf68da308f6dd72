"""The sink's answers: what is said to a recipient and to a mail, and what it leads to.

Nothing here waits: an answer is a value, with the facts that become true when it has
been given and what follows then.
"""

import msgspec

from sinyal.runtime.clock import Clock
from sinyal.sink import replies
from sinyal.sink.attempts import Attempts
from sinyal.sink.decide import Planned, decide, decide_at_rcpt
from sinyal.sink.ledger import Fact
from sinyal.sink.mail import Mail
from sinyal.sink.profiles import profile_of
from sinyal.smtp.reply import Reply


class Sequel(msgspec.Struct, frozen=True):
    """What follows the acceptance of a mail for a recipient."""

    mail: Mail
    rcpt: str
    plan: tuple[Planned, ...]


class Answer(msgspec.Struct, frozen=True):
    """A reply, after `wait_s` seconds, and what is true once it has been given."""

    reply: Reply
    facts: tuple[Fact, ...] = ()
    sequels: tuple[Sequel, ...] = ()
    wait_s: float = 0.0


class Mailroom:
    """Decisions by seed, with the one thing that is remembered: mail put off before.

    Units: `speed` by how much all times are shortened, `most_wait_s` the longest that
    an answer is held back.
    """

    def __init__(self, seed: int, speed: float, most_wait_s: float, clock: Clock):
        self.attempts = Attempts()
        self._seed = seed
        self._speed = speed
        self._most_wait_s = most_wait_s
        self._clock = clock

    def at_rcpt(self, rcpt: str, earlier: list[str]) -> Answer:
        """The answer to RCPT TO; `earlier` are the recipients accepted before it.

        A mail has one final answer, so a recipient whose answer depends on the mail
        must be its only one: RFC 5321 4.5.3.1.10 lets us take fewer at a time.
        """
        reply = decide_at_rcpt(self._seed, rcpt)
        if reply.is_positive and _must_be_alone([*earlier, rcpt]):
            reply = replies.ALONE
        if reply.is_positive:
            return Answer(reply)
        return Answer(reply, (_fact(reply, self._clock(), rcpt),))

    def at_data(self, mail: Mail, rcpts: list[str]) -> Answer:
        """The answer to the end of the data."""
        if len(rcpts) > 1:
            return self._of_several(mail, rcpts)
        (rcpt,) = rcpts
        decision = decide(self._seed, mail.message_id, rcpt)
        key = (mail.message_id, rcpt.lower())
        refusal = decision.refusal
        if self.attempts.puts_off(key, decision, mail.arrived_at, self._speed):
            refusal = decision.deferral
        if refusal is not None:
            return Answer(refusal, (_fact(refusal, mail.arrived_at, rcpt, mail),))
        sequels = (Sequel(mail, rcpt, decision.plan),) if decision.plan else ()
        wait_s = min(decision.accept_s / self._speed, self._most_wait_s)
        return self._accepted(mail, rcpts, sequels, wait_s)

    def _of_several(self, mail: Mail, rcpts: list[str]) -> Answer:
        """Recipients that all accept, whatever the mail."""
        sequels = (
            Sequel(mail, rcpt, decide(self._seed, mail.message_id, rcpt).plan)
            for rcpt in rcpts
        )
        return self._accepted(mail, rcpts, tuple(one for one in sequels if one.plan))

    def _accepted(
        self,
        mail: Mail,
        rcpts: list[str],
        sequels: tuple[Sequel, ...],
        wait_s: float = 0.0,
    ) -> Answer:
        facts = (_fact(replies.ACCEPTED, mail.arrived_at, rcpt, mail) for rcpt in rcpts)
        return Answer(replies.ACCEPTED, tuple(facts), sequels, wait_s)


def _must_be_alone(rcpts: list[str]) -> bool:
    return len(rcpts) > 1 and any(profile_of(rcpt).needs_content for rcpt in rcpts)


def _fact(reply: Reply, at: float, rcpt: str, mail: Mail | None = None) -> Fact:
    name = "bounced" if reply.is_permanent else "deferred"
    name = "accepted" if reply.is_positive else name
    detail = {} if reply.is_positive else {"reply": str(reply)}
    if mail is None:
        return Fact(name, at, rcpt, "", "", detail)
    return Fact(name, at, rcpt, mail.message_id, mail.job, detail)
