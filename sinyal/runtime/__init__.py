"""The only drawer of effects: clock, disk, sockets, DNS, TLS, HTTP, log, lifecycle.

Before it: the operating system. After it: every stage, which is handed what it needs.
Source: RFC 1035, 3207, 8446; guide 5.8 (durability), 13 (logging).
Public: one module per drawer: `clock disk dns http log smtp_client smtp_server tls`.
"""
