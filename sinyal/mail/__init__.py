"""Messages as bytes plus offsets: headers, MIME, trace, DKIM, DSN, ARF, job ids.

Before it: `smtp` (octets). After it: `reception`, `delivery`, `reports`, `sink`.
Source: RFC 5322, 2045-2049, 3464, 5965, 6376; guide 3.3.18, 9.4.2, 12.8.
Public: `Envelope`, `Recipient`, `QueueEntry`, `header`, `mime`, `dkim`, `dsn`, `arf`.
"""
