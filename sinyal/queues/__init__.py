"""When and over which queue a recipient is tried: limits, waits, expiry, without I/O.

Before it: `spool` (entries). After it: `delivery`, which asks for the next entry.
Source: guide 3.3.10, 5.4; rules Q RT LIM.
Public: `Queues`, `QueueSettings`, `QueueStatus`.
"""

from sinyal.queues.mode import QueueSettings
from sinyal.queues.queues import Queues, QueueStatus

__all__ = ["QueueSettings", "QueueStatus", "Queues"]
