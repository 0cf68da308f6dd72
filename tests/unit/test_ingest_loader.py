import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sinyal.events.codec import encode_line
from sinyal.events.event import Event
from sinyal.ingest.batch import Batch, BatchFiles
from sinyal.ingest.check import Limits
from sinyal.ingest.loader import Load, Loader
from sinyal.ingest.plan import MOST_LINES
from sinyal.store.control import BatchFilters, BatchStatus, ControlStore
from sinyal.store.events import EventStore

NOW = 1_795_348_800


class Site:
    """A service's stores without its sockets; `life` is one life of its loader."""

    def __init__(self, root: Path) -> None:
        self.files = BatchFiles(root / "batches")
        self.events = EventStore(f"chdb://{root / 'events'}")
        self.control = ControlStore(f"sqlite:///{root / 'control.sqlite3'}")
        self.kept = 0

    def life(self) -> Loader:
        return Loader(
            self.files, self.events, self.control, lambda: NOW + 1.0, Limits()
        )

    def keep(
        self, *lines: bytes, body: bytes | None = None, customer: int = 7
    ) -> Batch:
        self.kept += 1
        batch = Batch(NOW * 1000 + self.kept, customer, 0, f"batch {self.kept}")
        text = b"".join(lines)
        self.files.keep(batch, gzip.compress(text) if body is None else body)
        return batch

    def load(self) -> None:
        loader = self.life()
        loads, batches = loader.recover()
        while batches:
            load = loader.open(batches)
            loads.append(load)
            loader.finish(load)
            batches = batches[len(load.plan.batches) :]

    def ids(self) -> list[str]:
        rows = self.events.rows("SELECT event_id FROM events ORDER BY event_id")
        return [row["event_id"] for row in rows]

    def verdicts(self) -> dict[str, BatchStatus]:
        wanted = BatchFilters(customer_id=7, from_at=0, to_at=NOW * 2)
        return {row.batch_id: row for row in self.control.batches(wanted)[0]}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(tmp_path)
    yield opened
    opened.control.close()
    opened.events.close()


def line(event_id: str, **facts: object) -> bytes:
    plain = Event(
        type="delivery",
        event_id=event_id,
        timestamp=NOW,
        message_id="000028f8a769d2b47e10",
        recv_method="esmtp",
        rcpt_to="ika.p@contoh.example",
        raw_rcpt_to="Ika.P@contoh.example",
        binding_group="promo",
    )
    return encode_line(msgspec.structs.replace(plain, **facts))


def counts(status: BatchStatus) -> tuple[int, int, int, str]:
    return (
        status.number_succeeded,
        status.number_duplicates,
        status.number_failed,
        status.error_type,
    )


def test_good_events_are_stored_with_their_account(site: Site) -> None:
    site.keep(line("1"), line("2"))
    site.load()
    (row, _second) = site.events.rows(
        "SELECT customer_id, ip_pool, rcpt_to, raw_rcpt_to, recipient_domain "
        "FROM events ORDER BY event_id"
    )
    assert row == {
        "customer_id": 7,
        "ip_pool": "promo",
        "rcpt_to": "ika.p@contoh.example",
        "raw_rcpt_to": "Ika.P@contoh.example",
        "recipient_domain": "contoh.example",
    }
    assert counts(site.verdicts()["batch 1"]) == (2, 0, 0, "")
    assert site.files.waiting() == []


def test_bodies_that_hold_no_events_have_their_verdicts(site: Site) -> None:
    site.keep(b"")
    site.keep(b"{}\n")
    site.keep(body=b"\x1f\x8b\x08\x00")
    site.load()
    verdicts = site.verdicts()
    assert counts(verdicts["batch 1"]) == (0, 0, 0, "empty_batch")
    assert counts(verdicts["batch 2"]) == (0, 0, 1, "validation")
    assert counts(verdicts["batch 3"]) == (0, 0, 0, "decompress")


def test_one_bad_line_is_dropped_and_the_others_are_kept(site: Site) -> None:
    site.keep(
        line("1"), b'{"msys":\n', line("2", rcpt_to="", raw_rcpt_to=""), line("3")
    )
    site.load()
    assert site.ids() == ["1", "3"]
    assert counts(site.verdicts()["batch 1"]) == (2, 0, 2, "validation")


def test_the_same_text_twice_is_a_duplicate_batch(site: Site) -> None:
    site.keep(line("1"))
    site.load()
    site.keep(line("1"))
    site.keep(line("2"))
    site.keep(line("2"))
    site.load()
    assert site.ids() == ["1", "2"]
    kinds = [row.error_type for _name, row in sorted(site.verdicts().items())]
    assert kinds == ["", "duplicate_batch", "", "duplicate_batch"]


def test_an_event_that_an_earlier_batch_held_is_counted_as_duplicate(
    site: Site,
) -> None:
    site.keep(line("1"), line("2"))
    site.load()
    site.keep(line("2"), line("3"), line("3"))
    site.load()
    assert site.ids() == ["1", "2", "3"]
    assert counts(site.verdicts()["batch 2"]) == (1, 2, 0, "")


def test_accounts_do_not_see_each_others_identities(site: Site) -> None:
    site.keep(line("1"))
    site.keep(line("1"), customer=8)
    site.load()
    assert site.ids() == ["1", "1"]


def test_events_too_old_or_in_the_future_are_dropped(site: Site) -> None:
    site.keep(
        line("old", timestamp=NOW - 25 * 3600),
        line("day", timestamp=NOW - 23 * 3600),
        line("soon", timestamp=NOW + 500),
        line("late", timestamp=NOW + 700),
    )
    site.load()
    assert site.ids() == ["day", "soon"]


def test_an_open_without_recipient_is_kept(site: Site) -> None:
    site.keep(line("1", type="open", rcpt_to="", raw_rcpt_to="", delv_method="esmtp"))
    site.load()
    assert site.ids() == ["1"]


def crash_before_insert(site: Site, load: Load) -> None:
    pass


def crash_after_insert(site: Site, load: Load) -> None:
    site.events.insert(load.lines, load.plan.load_id)


def crash_after_verdicts(site: Site, load: Load) -> None:
    waiting = {batch: site.files.read(batch) for batch in site.files.waiting()}
    site.life().finish(load)
    for batch, body in waiting.items():
        site.files.keep(batch, body)


@pytest.mark.parametrize(
    "crash", [crash_before_insert, crash_after_insert, crash_after_verdicts]
)
def test_a_load_that_a_crash_cut_short_is_counted_once(site: Site, crash) -> None:
    site.keep(line("0"))
    site.load()
    site.keep(line("1"), line("0"), b"broken\n")
    site.keep(line("2"))
    loader = site.life()
    load = loader.open(loader.recover()[1])
    crash(site, load)
    site.keep(line("3"))
    again = site.life()
    loads, batches = again.recover()
    for unfinished in loads:
        assert unfinished == load
        again.finish(unfinished)
    again.finish(again.open(batches))
    assert site.ids() == ["0", "1", "2", "3"]
    verdicts = site.verdicts()
    assert counts(verdicts["batch 2"]) == (1, 1, 1, "validation")
    assert counts(verdicts["batch 3"]) == (1, 0, 0, "")
    assert site.files.waiting() == []
    assert site.control.open_loads() == []


def test_a_plan_whose_commit_only_seemed_to_fail_is_not_inserted_twice(
    site: Site,
) -> None:
    site.keep(line("1"))
    loader = site.life()
    waiting = loader.recover()[1]
    # The caller of the first one never saw it: the error came after the commit.
    loader_that_failed = site.life()
    loader_that_failed.open(waiting)
    site.keep(line("2"))
    loader.finish(loader.open(site.files.waiting()))
    assert site.control.open_loads() == []
    site.load()
    assert site.ids() == ["1", "2"]


def test_verdicts_whose_commit_only_seemed_to_fail_are_recorded_once(
    site: Site,
) -> None:
    site.keep(line("1"))
    loader = site.life()
    load = loader.open(loader.recover()[1])
    loader.finish(load)
    loader.finish(load)
    assert site.ids() == ["1"]
    assert counts(site.verdicts()["batch 1"]) == (1, 0, 0, "")


def test_a_batch_that_somebody_took_away_does_not_stop_the_others(
    site: Site, tmp_path: Path
) -> None:
    taken = site.keep(line("1"))
    site.keep(line("2"))
    loader = site.life()
    waiting = loader.recover()[1]
    (tmp_path / "batches" / taken.name).unlink()
    loader.finish(loader.open(waiting))
    assert site.ids() == ["2"]
    assert counts(site.verdicts()["batch 1"]) == (0, 0, 0, "system")


def test_a_text_of_more_lines_than_events_could_be_is_not_read(site: Site) -> None:
    site.keep(line("1"), b"\n" * (MOST_LINES + 1))
    site.load()
    assert site.ids() == []
    assert counts(site.verdicts()["batch 1"])[3] == "validation"


def test_a_file_that_a_crash_left_half_written_is_removed(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "batches" / "00001-7-0-x.gz.new").write_bytes(b"half")
    site.load()
    assert list((tmp_path / "batches").iterdir()) == []
