"""Why mail waits: the limit that holds, in the words that operators know (LIM-3)."""

import pytest

from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import Envelope, QueueEntry, QueueName, Recipient
from sinyal.queues import Queues

A, B = QueueName("a.test", "v"), QueueName("b.test", "v")
RECIPIENTS = (Recipient("x@a.test", "0" * 20),)
ONCE = Rate(1, 60.0)
SMTP = "192.0.2.1"


def site(count: int = 3, line: dict | None = None, **settings: object) -> Queues:
    own = DomainSettings(**settings)  # type: ignore[arg-type]
    found = Queues(lambda name: own, **(line or {}))
    for at in range(count):
        envelope = Envelope(
            mail_from="a@b.test", recipients=RECIPIENTS, received_at=0, size_octets=1
        )
        found.add(QueueEntry(at, 0, A, envelope), 0.0)
    return found


def why(line: Queues, now: float = 0.0) -> tuple[str, float] | None:
    found = line.reason(A, now)
    return (found.directive, found.until) if found else None


def use(line: Queues, octets: int = 0) -> None:
    """Open a connection and send a message over it."""
    line.opened(A, 0.0)
    entry = line.take(A, 0.0, SMTP)
    assert entry
    if line.reserve(entry, octets, SMTP, 0.0):
        line.transferred(A, octets, SMTP, 0.0, is_delivered=True)


def test_a_queue_that_may_send_has_no_reason() -> None:
    assert why(site()) is None
    assert why(site(0)) is None


def test_a_queue_in_retry_mode() -> None:
    line = site(retry_after=(60.0,))
    line.failed(A, 0.0)
    assert why(line) == ("retry-after", 60.0)


def test_recipients_that_wait_for_their_next_attempt() -> None:
    line = site(1)
    line.opened(A, 0.0)
    entry = line.take(A, 0.0)
    assert entry
    line.retry(entry, 0.0)
    assert why(line) == ("retry-after", 600.0)


@pytest.mark.parametrize("is_slow", [False, True])
def test_a_rate_of_messages(is_slow: bool) -> None:
    line = site(max_msg_rate=ONCE, backoff_max_msg_rate=ONCE)
    if is_slow:
        line.slow_down(A, 0.0)
    use(line)
    name = "backoff-max-msg-rate" if is_slow else "max-msg-rate"
    assert why(line) == (name, 60.0)
    found = line.reason(A, 0.0)
    assert found
    assert found.text == (
        f"message rate limit reached (based on {name} in configuration)"
    )


def test_in_backoff_mode_a_rate_without_a_twin_is_named_as_it_is() -> None:
    line = site(max_msg_rate=ONCE)
    line.slow_down(A, 0.0)
    use(line)
    assert why(line) == ("max-msg-rate", 60.0)


def test_a_rate_of_octets() -> None:
    line = site(max_data_volume_rate=Rate(10, 60.0))
    use(line, 10)
    use(line, 1)
    assert why(line) == ("max-data-volume-rate", 60.0)


def test_rates_of_a_virtual_mta() -> None:
    line = site(line={"vmta_max_msg_rate": lambda vmta: ONCE})
    use(line)
    assert why(line) == ("max-smtp-msg-rate", 60.0)
    line = site(line={"vmta_max_volume_rate": lambda vmta: Rate(10, 60.0)})
    use(line, 10)
    use(line, 1)
    assert why(line) == ("max-smtp-data-volume-rate", 60.0)


def test_a_rate_of_connections() -> None:
    line = site(max_connect_rate=ONCE)
    use(line)
    line.closed(A, 0.0)
    assert why(line) == ("max-connect-rate", 60.0)
    line = site(smtp_out_rampup_interval=5.0)
    use(line)
    line.closed(A, 0.0)
    assert why(line) == ("smtp-out-rampup-interval", 5.0)


def test_connections_that_are_all_busy() -> None:
    line = site(max_smtp_out=1)
    use(line)
    found = line.reason(A, 0.0)
    assert found and found.directive == "max-smtp-out"
    for limits in ({"total_max_smtp_out": 1}, {"vmta_max_smtp_out": lambda vmta: 1}):
        line = site(line=limits)
        line.opened(B, 0.0)
        found = line.reason(A, 0.0)
        assert found and found.directive in {"total-max-smtp-out", "max-smtp-out"}


def test_a_limit_of_sources_or_hosts() -> None:
    line = site()
    line.hold(A, 7.0, 0.0)
    assert why(line) == ("", 7.0)
