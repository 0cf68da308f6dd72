"""Queues that go on under other settings, in virtual time."""

import msgspec

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

NAME = QueueName("example.test", "{default}")
RECIPIENTS = (Recipient("x@example.test", "0" * 20),)


class Settings(DomainSettings, frozen=True, kw_only=True):
    max_smtp_out: int = 1
    retry_after: tuple[float, ...] = (10.0,)
    retry_recipients_after: float = 0.0
    retry_upon_new_mail: bool = False
    bounce_after: float = 1000.0
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0


class Site:
    """Queues whose settings may be changed."""

    def __init__(self, **settings: object) -> None:
        self.settings = Settings(**settings)  # type: ignore[arg-type]
        self.queues = Queues(lambda name: self.settings)

    def change(self, now: float, **settings: object) -> None:
        self.settings = msgspec.structs.replace(self.settings, **settings)
        for name in self.queues.names():
            self.queues.obey(name, now)

    def add(self, at: int) -> None:
        envelope = Envelope(
            mail_from="a@b.test",
            recipients=RECIPIENTS,
            received_at=0.0,
            size_octets=1,
        )
        self.queues.add(QueueEntry(at, 0, NAME, envelope), 0.0)

    def defer(self, now: float) -> None:
        """Try one entry, which is answered 4xx."""
        self.queues.opened(NAME, now)
        entry = self.queues.take(NAME, now)
        assert entry is not None
        self.queues.retry(entry, now)
        self.queues.closed(NAME, now)


def test_a_wider_limit_of_connections_holds_at_once() -> None:
    site = Site(max_smtp_out=1)
    for at in range(3):
        site.add(at)
    site.queues.opened(NAME, 0.0)
    assert site.queues.ready(0.0) == []
    site.change(0.0, max_smtp_out=3)
    assert site.queues.ready(0.0) == [NAME] * 2


def test_a_narrower_limit_lets_open_connections_be() -> None:
    site = Site(max_smtp_out=3)
    for at in range(3):
        site.add(at)
        site.queues.opened(NAME, 0.0)
    site.change(0.0, max_smtp_out=1)
    assert site.queues.open == 3
    assert site.queues.take(NAME, 0.0) is not None


def test_the_limit_of_all_connections_may_change() -> None:
    site = Site(max_smtp_out=3)
    for at in range(3):
        site.add(at)
    site.queues.limit(2)
    assert site.queues.ready(0.0) == [NAME] * 2


def test_what_waits_expires_by_a_shorter_bounce_after() -> None:
    site = Site(retry_after=(500.0,), bounce_after=1000.0)
    site.add(0)
    site.defer(1.0)
    site.change(2.0, bounce_after=100.0)
    assert site.queues.expired(99.0) == []
    assert len(site.queues.expired(100.0)) == 1


def test_what_was_to_expire_is_tried_again_by_a_longer_bounce_after() -> None:
    site = Site(retry_after=(500.0,), bounce_after=100.0)
    site.add(0)
    site.defer(1.0)
    site.change(2.0, bounce_after=1000.0)
    assert site.queues.expired(100.0) == []
    assert site.queues.next_wake(100.0) == 501.0
    assert site.queues.ready(501.0) == [NAME]


def test_entries_of_several_steps_keep_their_times() -> None:
    site = Site(retry_after=(50.0,), bounce_after=5000.0)
    for at in range(2):
        site.add(at)
    site.defer(1.0)
    site.change(2.0, retry_after=(10.0,), bounce_after=4000.0)
    site.defer(3.0)
    assert site.queues.ready(12.9) == []
    assert len(site.queues.ready(13.0)) == 1
    assert site.queues.status()[0].ready == 1
    site.queues.ready(51.0)
    assert site.queues.status()[0].ready == 2
