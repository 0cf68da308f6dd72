"""Outgoing SMTP: MX hosts, connections, transactions; one `Outcome` per recipient.

Before it: `queues` (entries due). After it: `accounting` and `queues`, by callable.
Source: RFC 5321 4.5.4, 5.1; RFC 7505; guide 3.3.10, 3.3.12; rules DLV TLS RT LIM.
Public: `Courier`, `run`, `Policy`, `Desk`, `Line`.
"""

from sinyal.delivery.courier import Courier
from sinyal.delivery.line import Desk, Line, Policy
from sinyal.delivery.run import run

__all__ = ["Courier", "Desk", "Line", "Policy", "run"]
