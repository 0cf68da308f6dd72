"""The SparkPost-compatible HTTP API: ingest and events search.

Before it: `ingest`, `metrics`. After it: SparkPost clients and PowerMTA hosts.
Source: API events-ingest, events, general errors.
Public: `api_routes`, `Access`, `answer_unrouted`, `serve`.
"""

from sinyal.api.access import Access
from sinyal.api.errors import answer_unrouted
from sinyal.api.routes import api_routes
from sinyal.api.server import serve

__all__ = ["Access", "answer_unrouted", "api_routes", "serve"]
