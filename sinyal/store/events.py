"""Events in ClickHouse SQL: chDB in this process, or a server, by one URL.

The only module that knows the client library. Calls block: make them from a thread.
"""

import queue
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinyal.store import schema
from sinyal.store.error import StoreError

# What one query may take; sorts and groups above half of it go to disk.
QUERY_OCTETS = 1_000_000_000
ENGINE_OCTETS = 2_000_000_000

READ_SETTINGS = {
    "max_memory_usage": QUERY_OCTETS,
    "max_bytes_before_external_group_by": QUERY_OCTETS // 2,
    "max_bytes_before_external_sort": QUERY_OCTETS // 2,
    "max_execution_time": 30,
    "output_format_json_quote_64bit_integers": 0,
}
WRITE_SETTINGS = {
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,  # late events: as many days as there are
}

READERS = 3
# A question waits so long for a free reader: a crowd must not take every thread.
READER_WAIT_S = 10.0

# Asked for by name 3,000 identities took 16.5 ms; 374,000 read as a whole 22-35 ms.
KNOWN_ROWS = 300_000
KNOWN_NAMES = 3_000


class EventStore:
    """The table of events: `sinyal.events`, one column per row of `FIELDS`.

    `timestamp` is a DateTime in UTC: select `toUnixTimestamp(timestamp) * 1000`
    for the API's milliseconds. Absent values are "" or 0.
    Errors: `StoreError` when the engine refuses or fails.
    """

    def __init__(self, url: str) -> None:
        """Open the store at `chdb:///PATH` or `http://USER:PASSWORD@HOST:PORT`.

        One process owns a chDB directory: a second one gets a `StoreError`.
        """
        self._url = url
        self._readers: queue.LifoQueue[Client] = queue.LifoQueue()
        self._writers: queue.LifoQueue[Client] = queue.LifoQueue()
        with _named_errors():
            self._create()
            self._writers.put(self._connect(WRITE_SETTINGS))
            for _ in range(READERS):
                self._readers.put(self._connect(READ_SETTINGS))

    def insert(self, lines: bytes, token: str) -> None:
        """Add events, one JSON object per line, in the names of the columns.

        When it returns they are on disk. The same `token` again adds nothing, also
        after a restart; the lines must then be the same, too.
        """
        with _named_errors(), _borrowed(self._writers) as client:
            client.raw_insert(
                schema.TABLE,
                insert_block=lines,
                fmt="JSONEachRow",
                settings={"insert_deduplication_token": token},
            )

    def known_events(
        self, customer_id: int, event_ids: Collection[str], first_at: int, last_at: int
    ) -> set[str]:
        """Those of `event_ids` that the account has between the two times.

        A repeated event has the time of the first one, so that only a stretch of the
        sorted table is read: all of its identities while they are few, else by name.
        """
        span = {"customer": customer_id, "first": first_at, "last": last_at}
        where = (
            "customer_id = {customer:Int64} "
            "AND timestamp >= toDateTime({first:Int64}) "
            "AND timestamp <= toDateTime({last:Int64})"
        )
        counted = self.rows(f"SELECT count() AS n FROM events WHERE {where}", span)
        count = counted[0]["n"]
        if not count:
            return set()
        sql = f"SELECT event_id FROM events WHERE {where}"
        if count <= KNOWN_ROWS:
            return self._texts(sql, span).intersection(event_ids)
        sql += " AND event_id IN {ids:Array(String)}"
        found: set[str] = set()
        for ids in _pieces(list(event_ids), KNOWN_NAMES):
            found |= self._texts(sql, span | {"ids": ids})
        return found

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The result of a SELECT, a dictionary per row, values as JSON shows them.

        `parameters` are bound by the engine: `{name:String}`, `{ids:Array(String)}`.
        """
        return _ROWS.decode_lines(self.octets(sql, "JSONEachRow", parameters))

    def octets(
        self, sql: str, form: str, parameters: Mapping[str, Any] | None = None
    ) -> bytes:
        """The result of a SELECT in one of ClickHouse's output formats."""
        with _named_errors(), _borrowed(self._readers, READER_WAIT_S) as client:
            return client.raw_query(sql, dict(parameters or {}), fmt=form)

    def close(self) -> None:
        """Wait for the running calls and let go of the directory; call it once.

        A call that comes later waits for ever, so stop whoever makes calls first.
        """
        clients = [self._readers.get() for _ in range(READERS)]
        for client in [*clients, self._writers.get()]:
            client.close()

    def _texts(self, sql: str, parameters: Mapping[str, Any]) -> set[str]:
        columns = _TEXTS.decode(self.octets(sql, "JSONCompactColumns", parameters))
        return set(columns[0]) if columns else set()

    def _create(self) -> None:
        client = self._connect({}, database=None)
        try:
            client.command(schema.create_database())
            client.command(schema.create_table())
            names = client.raw_query(
                "SELECT name FROM system.columns WHERE database = {database:String} "
                "AND table = {table:String}",
                {"database": schema.DATABASE, "table": schema.TABLE},
                fmt="TabSeparated",
            )
            if change := schema.add_columns(set(names.decode().split())):
                client.command(change)
        finally:
            client.close()

    def _connect(
        self, settings: Mapping[str, Any], database: str | None = schema.DATABASE
    ) -> Client:
        parts = urlsplit(self._url)
        if parts.scheme != "chdb":
            return clickhouse_connect.get_client(
                dsn=self._url, database=database, settings=dict(settings)
            )
        return clickhouse_connect.get_client(
            interface="chdb",
            path=parts.path,
            database=database,
            settings=dict(settings),
            chdb_options={"max_server_memory_usage": ENGINE_OCTETS},
        )


_ROWS = msgspec.json.Decoder(dict[str, Any])
_TEXTS = msgspec.json.Decoder(list[list[str]])


def _pieces(values: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


@contextmanager
def _borrowed(
    clients: queue.LifoQueue[Client], patience_s: float | None = None
) -> Iterator[Client]:
    try:
        client = clients.get(timeout=patience_s)
    except queue.Empty as error:
        raise StoreError("every reader of the event store is busy") from error
    try:
        yield client
    finally:
        clients.put(client)


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        raise StoreError(str(error)) from error
