import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sinyal.events.event import Event
from sinyal.events.fields import FIELDS
from sinyal.store.error import StoreError
from sinyal.store.events import EventStore
from sinyal.store.schema import COLUMNS, add_columns

NOON = 1_795_348_800


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    opened = EventStore(f"chdb://{tmp_path / 'events'}")
    yield opened
    opened.close()


def lines(*events: Event) -> bytes:
    return msgspec.json.Encoder().encode_lines(list(events))


def event(number: int, **facts: object) -> Event:
    plain = Event(
        type="delivery",
        event_id=str(number),
        timestamp=NOON + number,
        message_id="000028f8a769d2b47e10",
        customer_id=7,
    )
    return msgspec.structs.replace(plain, **facts)


def count(store: EventStore) -> int:
    return store.rows("SELECT count() AS n FROM events")[0]["n"]


def test_every_field_has_a_column_and_keeps_its_value(store: EventStore) -> None:
    full = event(1, subject='kabar "baik" \n\t☕', open_tracking=True, queue_time=5230)
    store.insert(lines(full), "a")
    names = ", ".join(
        "toUnixTimestamp(timestamp) AS at" if name == "timestamp" else name
        for name in COLUMNS
    )
    (row,) = store.rows(f"SELECT {names} FROM events")
    row["timestamp"] = row.pop("at")
    assert msgspec.convert(row, Event) == full
    assert len(COLUMNS) == len(FIELDS)


def test_the_same_token_counts_once_also_after_a_restart(tmp_path: Path) -> None:
    url = f"chdb://{tmp_path / 'events'}"
    days = lines(event(1), event(2), event(3, timestamp=NOON - 86_400))
    for _life in range(2):
        store = EventStore(url)
        store.insert(days, "load 1")
        store.insert(days, "load 1")
        assert count(store) == 3
        store.close()


def test_another_token_counts_again(store: EventStore) -> None:
    store.insert(lines(event(1)), "one")
    store.insert(lines(event(1)), "two")
    assert count(store) == 2


def test_events_of_more_than_a_hundred_days_go_into_one_load(store: EventStore) -> None:
    old = [event(day, timestamp=NOON - day * 86_400) for day in range(130)]
    store.insert(lines(*old), "old")
    assert count(store) == 130


def test_values_are_bound_and_not_written_into_the_statement(store: EventStore) -> None:
    store.insert(lines(event(1, subject="it's \\ here")), "a")
    sql = "SELECT event_id FROM events WHERE subject = {subject:String}"
    assert store.rows(sql, {"subject": "it's \\ here"}) == [{"event_id": "1"}]
    assert store.rows(sql, {"subject": "' OR 1 = 1 --"}) == []


def test_known_events_are_found_by_account_and_time(store: EventStore) -> None:
    store.insert(lines(event(1), event(2), event(3, customer_id=8)), "a")
    asked = {"1", "2", "3", "4"}
    assert store.known_events(7, asked, NOON, NOON + 9) == {"1", "2"}
    assert store.known_events(8, asked, NOON, NOON + 9) == {"3"}
    assert store.known_events(7, asked, NOON + 2, NOON + 9) == {"2"}
    assert store.known_events(9, asked, NOON, NOON + 9) == set()


def test_what_the_engine_refuses_is_a_named_error(store: EventStore) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        store.rows("SELECT 1 FROM nowhere")
    with pytest.raises(StoreError):
        store.insert(b'{"timestamp":"soon"}\n', "b")
    assert count(store) == 0


def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    url = f"chdb://{tmp_path / 'events'}"
    store = EventStore(url)
    try:
        program = f"from sinyal.store.events import EventStore; EventStore({url!r})"
        second = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            cwd=Path(__file__).parents[2],
            text=True,
            check=False,
        )
    finally:
        store.close()
    assert second.returncode == 1
    assert "StoreError" in second.stderr


def test_an_older_table_gets_the_columns_that_it_lacks() -> None:
    assert add_columns(set(COLUMNS)) == ""
    statement = add_columns(set(COLUMNS) - {"subject"})
    assert "ADD COLUMN IF NOT EXISTS subject String" in statement
    assert statement.count("ADD COLUMN") == 1
