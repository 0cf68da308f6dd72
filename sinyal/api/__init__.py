"""The SparkPost-compatible HTTP API: ingest and events search.

Before it: `ingest`, `metrics`. After it: SparkPost clients and PowerMTA hosts.
Source: API events-ingest, events, general errors.
Public: `routes`.
"""
