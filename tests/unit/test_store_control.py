from collections.abc import Iterator
from pathlib import Path

import pytest

from sinyal.store.control import (
    Account,
    ApiKey,
    BatchFilters,
    BatchStatus,
    ControlStore,
)
from sinyal.store.error import StoreError

KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlStore]:
    opened = ControlStore(f"sqlite:///{tmp_path / 'control.sqlite3'}")
    yield opened
    opened.close()


def api_key(account: Account) -> ApiKey:
    return ApiKey(
        key=KEY,
        label="mta",
        account=account,
        created_at=1.0,
        tracking_key_id=b"abcd",
        tracking_secret=b"s" * 32,
    )


def status(number: int, **facts: object) -> BatchStatus:
    values: dict[str, object] = {
        "batch_id": f"batch {number}",
        "event_id": f"event {number}",
        "customer_id": 7,
        "subaccount_id": 0,
        "digest": f"digest {number}",
        "finished_at": float(number),
    }
    return BatchStatus(**{**values, **facts})


def filters(**facts: object) -> BatchFilters:
    return BatchFilters(**{"customer_id": 7, "from_at": 0.0, "to_at": 99.0, **facts})


def test_a_key_leads_to_its_account_and_is_kept_only_as_a_digest(
    control: ControlStore, tmp_path: Path
) -> None:
    account = Account(7, 3, frozenset({"events/ingest"}))
    assert control.add_key(api_key(account))
    assert control.account_of(KEY.upper()) == account
    assert control.account_of("f" * 40) is None
    assert account.may("events/ingest")
    assert not account.may("message_events/view")
    (kept_key,) = control.tracking_keys("events/ingest")
    assert kept_key == (b"abcd", b"s" * 32, account)
    assert control.tracking_keys("message_events/view") == []
    control.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert KEY.encode() not in kept


def test_a_known_key_is_not_added_again(control: ControlStore) -> None:
    assert control.add_key(api_key(Account(7, 0, frozenset())))
    assert not control.add_key(api_key(Account(8, 0, frozenset())))


def test_a_load_is_open_until_its_verdicts_are_in(control: ControlStore) -> None:
    control.open_load("load", b"plan")
    assert control.open_loads() == [("load", b"plan")]
    control.finish_load("load", [status(1)])
    assert control.open_loads() == []
    assert control.finished(["batch 1", "batch 2"]) == {"batch 1"}
    assert control.has_batch(7, "digest 1")
    assert not control.has_batch(8, "digest 1")


def test_writing_down_a_load_twice_leaves_one(control: ControlStore) -> None:
    control.open_load("load", b"plan of a commit that seemed to fail")
    control.open_load("load", b"plan")
    assert control.open_loads() == [("load", b"plan")]
    control.finish_load("load", [status(1)])
    control.finish_load("load", [status(1)])
    assert control.batches(filters())[1] == 1


def test_what_the_database_refuses_is_one_line(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path}/nowhere/control.sqlite3",
        "no url",
        "martian://host/name",
    ):
        with pytest.raises(StoreError) as caught:
            ControlStore(url)
        assert "\n" not in str(caught.value)


def test_verdicts_are_found_newest_first_page_by_page(control: ControlStore) -> None:
    control.finish_load("", [status(number) for number in range(5)])
    first, count = control.batches(filters(per_page=3))
    assert [row.batch_id for row in first] == ["batch 4", "batch 3", "batch 2"]
    before = (first[-1].finished_at, first[-1].event_id)
    second, _count = control.batches(filters(per_page=3, before=before))
    assert [row.batch_id for row in second] == ["batch 1", "batch 0"]
    assert count == 5


def test_verdicts_are_filtered(control: ControlStore) -> None:
    rows = [status(1), status(2, error_type="validation"), status(3, customer_id=8)]
    control.finish_load("", rows)
    found = {
        name: [row.batch_id for row in control.batches(filters(**asked))[0]]
        for name, asked in {
            "success": {"types": ("success",)},
            "error": {"types": ("error",)},
            "both": {"types": ("error", "success")},
            "kind": {"error_types": ("validation", "decompress")},
            "id": {"batch_ids": ("batch 1", "batch 3")},
            "time": {"from_at": 2.0},
        }.items()
    }
    assert found == {
        "success": ["batch 1"],
        "error": ["batch 2"],
        "both": ["batch 2", "batch 1"],
        "kind": ["batch 2"],
        "id": ["batch 1"],
        "time": ["batch 2"],
    }


def test_old_verdicts_are_forgotten(control: ControlStore) -> None:
    control.finish_load("", [status(1), status(5)])
    assert control.forget_batches(3.0) == 1
    assert [row.batch_id for row in control.batches(filters())[0]] == ["batch 5"]
