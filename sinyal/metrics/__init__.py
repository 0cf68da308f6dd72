"""One row of definition per metric and per dimension, and the queries made of them.

Before it: `store`. After it: `api` (JSON) and `web` (HTML), with the same numbers.
Source: API metrics, API events-search; guide 10.1 (report screens).
Public: `definition.METRICS`, `definition.DIMENSIONS`, `report.report`, `search.search`.
"""
