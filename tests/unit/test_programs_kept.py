"""Backoff modes and counts of warm-up over a restart; who is warmed up at all."""

from pathlib import Path

import pytest
from config_files import configuration

from sinyal.config.settings import DomainSettings
from sinyal.mail.envelope import Envelope, QueueName, Recipient, Submission
from sinyal.programs.cold_start import ColdStart, cold_keeper
from sinyal.programs.current import Current
from sinyal.programs.slowed_queues import FILE_NAME, backoff_keeper
from sinyal.queues import Queues

NAME = QueueName("a.test", "v")
NOW = 1_780_000_000.0


def slowed(directory: Path, now: float) -> tuple[Queues, Path]:
    line = Queues(lambda name: DomainSettings())
    backoff_keeper(line, directory, lambda: now).load()
    return line, directory / FILE_NAME


@pytest.mark.parametrize("after", [None, 600.0])
def test_a_backoff_mode_lasts_over_a_restart_until_its_end(
    tmp_path: Path, after: float | None
) -> None:
    line, _ = slowed(tmp_path, NOW)
    line.slow_down(NAME, NOW, after)
    backoff_keeper(line, tmp_path, lambda: NOW).save()
    again, _ = slowed(tmp_path, NOW + 60)
    assert again.backoffs() == line.backoffs()
    late, _ = slowed(tmp_path, NOW + 700)
    assert bool(late.backoffs()) == (after is None)


def test_a_mode_that_has_ended_is_forgotten(tmp_path: Path) -> None:
    line, _ = slowed(tmp_path, NOW)
    keeper = backoff_keeper(line, tmp_path, lambda: NOW)
    line.slow_down(NAME, NOW)
    keeper.save()
    line.recover(NAME, NOW)
    keeper.save()
    assert not slowed(tmp_path, NOW)[0].backoffs()


@pytest.mark.parametrize("octets", [b"", b"{}", b'[["a.test"]]', b"\xff"])
def test_a_file_that_is_unfit_is_left_out(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(octets)
    assert not slowed(tmp_path, NOW)[0].backoffs()


COLD = """
<virtual-mta warm>
  cold-virtual-mta fresh
  <domain *>
    max-cold-virtual-mta-msg 2/d
  </domain>
  <domain led.test>
    queue-to a.test
  </domain>
</virtual-mta>
<virtual-mta fresh>
</virtual-mta>
"""


def started(text: str = COLD) -> ColdStart:
    return ColdStart(Current(configuration(text)), lambda domain: "", lambda: NOW)


def vmtas(
    start: ColdStart, *to: str, vmta: str = "warm", by: str = "smtp"
) -> list[str]:
    envelope = Envelope(
        mail_from="a@b.test",
        recipients=tuple(Recipient(f"x@{domain}", "0" * 20) for domain in to),
        received_at=NOW,
        size_octets=1,
        vmta=vmta,
        source_type=by,
    )
    found = start.divert(Submission(envelope, b"")).envelope
    return [found.place_of(one)[0] for one in found.recipients]


def test_a_cold_virtual_mta_takes_the_first_messages_of_a_domain() -> None:
    start = started()
    assert vmtas(start, "a.test", "b.test") == ["fresh", "fresh"]
    assert vmtas(start, "a.test", "a.test") == ["fresh", "warm"]


def test_mail_of_other_virtual_mtas_and_other_ways_stays() -> None:
    start = started()
    assert vmtas(start, "a.test", vmta="fresh") == ["fresh"]
    assert vmtas(start, "a.test", vmta="other") == ["other"]
    assert vmtas(start, "a.test", by="pickup") == ["warm"]


def test_the_queue_that_queue_to_names_is_counted() -> None:
    start = started()
    assert vmtas(start, "led.test", "a.test", "led.test") == ["fresh", "fresh", "warm"]


def test_members_of_a_pool_inherit_its_cold_ones() -> None:
    text = COLD.replace("  cold-virtual-mta fresh\n", "")
    text += "<virtual-mta-pool p>\nvirtual-mta warm\ncold-virtual-mta fresh\n"
    assert vmtas(started(text + "</virtual-mta-pool>"), "a.test") == ["fresh"]


def test_without_cold_virtual_mtas_a_message_is_not_touched() -> None:
    start = started("")
    submission = Submission(
        Envelope(mail_from="", recipients=(), received_at=0, size_octets=0), b""
    )
    assert start.divert(submission) is submission


def test_what_was_taken_counts_after_a_restart(tmp_path: Path) -> None:
    start = started()
    vmtas(start, "a.test", "a.test")
    cold_keeper(start, tmp_path).save()
    again = started()
    cold_keeper(again, tmp_path).load()
    assert vmtas(again, "a.test") == ["warm"]
