"""Batches of events in: stored before 200, checked, deduplicated, loaded once.

Before it: `upload` of any number of hosts, `tracking`. After it: `store`.
Source: API events-ingest; seed (Incoming Events: Write).
Public: `Intake`, `Loader`, `BatchFiles`, `Limits`.
"""
