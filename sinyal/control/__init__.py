"""The operator's commands over a configuration file and a running MTA.

Before it: a terminal. After it: `config`.
Source: guide 6 (commands).
Public: `check`, `explain`, `difference`, `ceiling`; `layout` for what they print.
"""
