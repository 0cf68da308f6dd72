"""SMTP without a socket: octets in, events out; events in, octets out.

Before it: a transport (`sinyal.runtime`). After it: `reception`, `delivery`, `sink`.
Source: RFC 5321, 1870, 2034, 2920, 3207, 4954, 6152.
Public: `ServerSession`, `ClientSession`, `Reply`.
"""
