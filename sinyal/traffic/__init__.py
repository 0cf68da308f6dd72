"""Campaigns over authenticated SMTP: the feeder of demos, tests and measurements.

Before it: a seed and a rate. After it: the MTA's reception.
Source: seed (X-Job, HTML links), RFC 4954, 3207.
Public: `compose.compose`, `run.Traffic`; `campaigns` and `people` are the tables.
"""
