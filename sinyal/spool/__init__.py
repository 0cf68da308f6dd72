"""Accepted messages on disk: 250 is sent only after the commit is synced.

Before it: `reception`. After it: `queues` (new and recovered entries).
Source: RFC 5321 4.2.5, 6.1; guide 5.8; RocksDB write-ahead log.
Public: `Spool`, `Stored`, `SpoolFull`.
"""
