"""Accepted messages on disk: 250 is sent only after the commit is synced.

Before it: `reception`. After it: `queues` (new and recovered entries).
Source: RFC 5321 4.2.5, 6.1; guide 5.8; RocksDB write-ahead log.
Public: `Spool`, `Stored`, `SpoolFull`, `Contents`.
"""

from sinyal.spool.contents import Contents
from sinyal.spool.database import SpoolFull
from sinyal.spool.spool import Spool, Stored

__all__ = ["Contents", "Spool", "SpoolFull", "Stored"]
