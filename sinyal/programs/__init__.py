"""The programs: each wires stages in the order a message meets them, nothing more.

Before it: the command line. After it: every stage.
Source: docs/flow.md.
Public: one module per command.
"""
