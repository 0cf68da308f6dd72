"""The Signals connector: event files go up, and are deleted only after a 2xx.

Before it: `accounting` (files). After it: the ingest API of a Signals service.
Source: seed (log lines), guide 10.1; API events-ingest.
Public: `connector.Connector`, `connector.ConnectorSettings`, `attempt.poster`.
"""
