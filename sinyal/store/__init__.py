"""Where Signals keeps things: events in ClickHouse SQL, keys and batches in SQL.

Before it: `ingest`. After it: `metrics`, `api`, `web`.
Source: ClickHouse documentation (deduplication, MergeTree); API events-ingest.
Public: `events.EventStore`, `control.ControlStore`, `control.Account`,
`control.ApiKey`, `error.StoreError`; each module loads no more than its own library.
"""
