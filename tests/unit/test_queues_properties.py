"""Whatever happens in whatever order: nothing lost, nothing early, no limit passed."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

RECIPIENTS = (Recipient("x@example.test", "0" * 20),)
NAMES = [QueueName(domain, vmta) for domain in ("a.test", "b.test") for vmta in "vw"]
MAX_PER_QUEUE, MAX_PER_VMTA, MAX_TOTAL = 3, 4, 6
BOUNCE_AFTER_S = 200.0
RETRY_AFTER = (5.0, 30.0, 150.0)
RECIPIENTS_AFTER_S = 7.0


class Settings(DomainSettings, frozen=True, kw_only=True):
    max_smtp_out: int = MAX_PER_QUEUE
    retry_after: tuple[float, ...] = RETRY_AFTER
    retry_recipients_after: float = RECIPIENTS_AFTER_S
    retry_upon_new_mail: bool = False
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0
    bounce_after: float = BOUNCE_AFTER_S


SETTINGS = Settings()


class Delivery(RuleBasedStateMachine):
    """A model beside the queues: who waits until when, who is out, who is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Queues(lambda name: SETTINGS, MAX_TOTAL, lambda vmta: MAX_PER_VMTA)
        self.now = 1000.0
        self.count = 0
        self.waiting: dict[int, float] = {}  # spool id: not before
        self.flying: list[QueueEntry] = []
        self.gone: Counter[int] = Counter()
        self.open: list[QueueName] = []
        self.idle: list[QueueName] = []
        self.retry_at: dict[QueueName, float] = {}

    @rule(at=st.integers(0, 3), age_s=st.sampled_from([0.0, 1.0, 150.0, 199.0]))
    def add(self, at: int, age_s: float) -> None:
        envelope = Envelope(
            mail_from="a@b.test",
            recipients=RECIPIENTS,
            received_at=self.now - age_s,
            size_octets=1,
        )
        self.waiting[self.count] = self.now
        self.line.add(QueueEntry(self.count, 0, NAMES[at], envelope), self.now)
        self.count += 1

    @rule(wait_s=st.sampled_from([0.0, 0.5, 3.0, 31.0, 160.0]))
    def time_passes(self, wait_s: float) -> None:
        self.now += wait_s

    @rule()
    def sleep_until_woken(self) -> None:
        wake_at = self.line.next_wake(self.now)
        if wake_at is not None:
            self.now = max(self.now, wake_at)

    @rule()
    def connect(self) -> None:
        for name in self.line.ready(self.now):
            assert self.retry_at.get(name, 0.0) <= self.now
            if name in self.idle:
                self.idle.remove(name)
                self.line.woken(name, self.now)
            else:
                self.line.opened(name, self.now)
            self.open.append(name)

    @precondition(lambda self: self.open)
    @rule(pick=st.integers(0, 99))
    def take(self, pick: int) -> None:
        name = self.open[pick % len(self.open)]
        found = self.line.take(name, self.now)
        if found is None:
            return
        assert found.queue == name
        assert self.waiting.pop(found.spool_id) <= self.now
        assert found.envelope.received_at + BOUNCE_AFTER_S > self.now
        self.flying.append(found)

    @precondition(lambda self: self.open)
    @rule(pick=st.integers(0, 99), rests=st.booleans())
    def leave(self, pick: int, rests: bool) -> None:
        name = self.open.pop(pick % len(self.open))
        if rests:
            self.idle.append(name)
            self.line.rested(name, self.now)
        else:
            self.line.closed(name, self.now)

    @precondition(lambda self: self.flying)
    @rule(pick=st.integers(0, 99), end=st.sampled_from(["done", "retry", "back"]))
    def attempt_ends(self, pick: int, end: str) -> None:
        found = self.flying.pop(pick % len(self.flying))
        attempts = found.attempts
        if end == "done":
            self.gone[found.spool_id] += 1
            self.line.succeeded(found.queue, self.now)
            self.retry_at.pop(found.queue, None)
            return
        if end == "retry":
            step_s = RETRY_AFTER[min(attempts, 2)]
            self.waiting[found.spool_id] = self.now + max(step_s, RECIPIENTS_AFTER_S)
            self.line.retry(found, self.now)
        else:
            self.waiting[found.spool_id] = self.now
            self.line.put_back(found, self.now)
        assert found.attempts == attempts + 1

    @rule(at=st.integers(0, 3))
    def queue_fails(self, at: int) -> None:
        name = NAMES[at]
        self.line.failed(name, self.now)
        if self.retry_at.get(name, 0.0) <= self.now:
            self.retry_at[name] = self.now + RETRY_AFTER[0]

    @rule()
    def expire(self) -> None:
        for found in self.line.expired(self.now):
            assert found.envelope.received_at + BOUNCE_AFTER_S <= self.now
            del self.waiting[found.spool_id]
            self.gone[found.spool_id] += 1

    @invariant()
    def no_limit_is_passed(self) -> None:
        connections = self.open + self.idle
        assert len(connections) <= MAX_TOTAL
        assert all(count <= MAX_PER_QUEUE for count in Counter(connections).values())
        by_vmta = Counter(name.vmta for name in connections)
        assert all(count <= MAX_PER_VMTA for count in by_vmta.values())
        assert self.line.open == len(connections)

    @invariant()
    def everything_is_somewhere_once(self) -> None:
        assert len(self.line) == len(self.waiting)
        assert all(count == 1 for count in self.gone.values())
        assert len(self.waiting) + len(self.flying) + len(self.gone) == self.count

    def teardown(self) -> None:
        """In the end everything is delivered or expired, by its own wake-ups alone."""
        for name in self.idle:
            self.line.woken(name, self.now)
        for name in self.open + self.idle:
            self.line.closed(name, self.now)
        self.open, self.idle = [], []
        for found in self.flying:
            self.line.put_back(found, self.now)
            self.waiting[found.spool_id] = self.now
        self.flying = []
        while self.waiting:
            self.sleep_until_woken()
            self.expire()
            self.connect()
            for name in self.open:
                while found := self.line.take(name, self.now):
                    assert self.waiting.pop(found.spool_id) <= self.now
                self.line.closed(name, self.now)
            self.open = []


Delivery.TestCase.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None
)
test_no_sequence_of_events_loses_or_hurries_an_entry = Delivery.TestCase
