"""The Bouncy Sink: bounces, defers, opens, clicks, complains, and keeps the truth.

Before it: the MTA's delivery. After it: the MTA's reception and the tracking endpoint.
Source: seed (demo); reference of the public sink's address convention.
Public: `decide.decide`, `ledger.Ledger`, `run.Sink`; `profiles.ROWS` is the table.
"""
