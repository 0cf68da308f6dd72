"""SMTP without a socket: octets in, events out; events in, octets out.

Before it: a transport (`sinyal.runtime`). After it: `reception`, `delivery`, `sink`.
Source: RFC 5321, 1870, 2034, 2920, 3030, 3207, 3461, 4954, 6152, 6531; guide 9.5.
Public: `ServerSession`, `ClientSession`, `Reply`.
"""
