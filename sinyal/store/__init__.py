"""Where Signals keeps things: events in ClickHouse SQL, keys and batches in SQL.

Before it: `ingest`. After it: `metrics`, `api`, `web`.
Source: ClickHouse documentation (deduplication, MergeTree); API events-ingest.
Public: `EventStore`, `StoreError`, `ControlStore`, `Account`, `ApiKey`.
"""

from sinyal.store.control import Account, ApiKey, ControlStore
from sinyal.store.events import EventStore, StoreError

__all__ = ["Account", "ApiKey", "ControlStore", "EventStore", "StoreError"]
