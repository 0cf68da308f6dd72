"""The whole chain on loopback, and the reconciliation that proves every number.

Before it: `sinyal demo`. After it: child processes of this program, and a table.
Source: seed (demo).
Public: `run`.
"""
