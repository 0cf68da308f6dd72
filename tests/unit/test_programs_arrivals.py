import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from sinyal.accounting.csv_file import CsvFile, CsvSettings
from sinyal.accounting.layout import Layout
from sinyal.accounting.ledger import Ledger
from sinyal.events.record import receipt
from sinyal.mail.envelope import Envelope, QueueEntry, Recipient, Submission
from sinyal.programs.arrivals import Arrivals, entries_of
from sinyal.smtp.reply import Reply
from sinyal.spool import Spool

NOW = 1_772_615_720.0


def message(*rcpts: str) -> Submission:
    recipients = tuple(Recipient(rcpt, f"{at:020x}") for at, rcpt in enumerate(rcpts))
    envelope = Envelope(
        mail_from="a@b.test", recipients=recipients, received_at=NOW, size_octets=5
    )
    return Submission(envelope, b"salam")


class Site:
    """A real spool and ledger; `before_sync` may be made to fail."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.queued: list[QueueEntry] = []
        self.answers: list[list[int]] = []
        self.syncs = 0
        self.fault: OSError | None = None
        settings = CsvSettings(path=directory / "acct.csv")
        self.ledger = Ledger(
            [CsvFile(settings, Layout(("r",)))],
            None,
            new_event_id=lambda: "1",
            node_name="mx",
        )
        self.spool = Spool.open(directory / "spool", before_sync=self.sync)
        self.arrivals = Arrivals(
            self.spool,
            self.ledger,
            lambda one: [receipt(one, 0, NOW, "")],
            self.queue,
            lambda: NOW,
        )

    def sync(self) -> None:
        self.syncs += 1
        if self.fault:
            raise self.fault
        self.ledger.sync()

    def queue(self, group: Sequence[tuple[Submission, list[QueueEntry]]]) -> None:
        self.queued += [entry for _, entries in group for entry in entries]

    def receipts(self) -> int:
        lines = [path.read_bytes() for path in self.directory.glob("acct-*.csv")]
        return sum(text.count(b"\r\nr,") for text in lines)


def at_site(directory: Path, *works: Callable[[Site], list[Submission]]) -> Site:
    """The site after each work's messages were handed in together."""
    site = Site(directory)

    async def run() -> None:
        for work in works:
            waiting = [site.arrivals.submit(one) for one in work(site)]
            replies: list[Reply] = await asyncio.gather(*waiting)
            site.answers.append([one.code for one in replies])
        await site.spool.close()
        site.ledger.close()

    asyncio.run(run())
    return site


def test_messages_of_one_turn_share_a_sync_and_are_queued_after_it(tmp_path) -> None:
    site = at_site(tmp_path, lambda site: [message(f"{n}@x.test") for n in range(20)])

    assert site.answers == [[250] * 20]
    assert [entry.recipient.address for entry in site.queued] == [
        f"{n}@x.test" for n in range(20)
    ]
    assert site.syncs <= 3
    assert site.receipts() == 20


def test_every_recipient_of_a_message_gets_an_entry_of_its_own(tmp_path) -> None:
    site = at_site(tmp_path, lambda site: [message("a@x.test", "b@Y.test.")])

    assert [str(entry.queue) for entry in site.queued] == [
        "x.test/{default}",
        "y.test/{default}",
    ]


def test_settled_recipients_get_no_entry() -> None:
    envelope = message("a@x.test", "b@x.test").envelope

    assert [one.index for one in entries_of(7, envelope, frozenset({0}))] == [1]


@pytest.mark.filterwarnings("error")
def test_a_failed_sync_refuses_the_group_and_leaves_nothing_behind(tmp_path) -> None:
    def break_disk(site: Site) -> list[Submission]:
        site.fault = OSError(28, "No space left on device")
        return [message("a@x.test"), message("b@x.test")]

    def mend_disk(site: Site) -> list[Submission]:
        site.fault = None
        return [message("c@x.test")]

    site = at_site(tmp_path, break_disk, mend_disk)

    assert site.answers == [[451, 451], [250]]
    assert [entry.recipient.address for entry in site.queued] == ["c@x.test"]
    again = Spool.open(tmp_path / "spool", before_sync=lambda: None)
    found = [one.envelope.recipients[0].address for one in again.recover()]
    assert found == ["c@x.test"]


def test_a_message_that_cannot_be_stored_does_not_close_the_door(tmp_path) -> None:
    def broken(site: Site) -> list[Submission]:
        whole = message("x@x.test")
        envelope = msgspec.structs.replace(whole.envelope, subject="\ud800")
        return [Submission(envelope, whole.content)]

    site = at_site(tmp_path, broken, lambda site: [message("y@x.test")])

    assert site.answers == [[451], [250]]
    assert [entry.recipient.address for entry in site.queued] == ["y@x.test"]
    assert site.receipts() == 1
