"""The door: who may send what to whom, and how an accepted message is stamped.

Before it: `smtp` (events of a session). After it: `spool` and `reports`, by callable.
Source: guide 3.3.7, 3.3.8, 8.4; rules SRC AUTH RLY VM HDR RW; RFC 5321 4.4.
Public: `door.Door`, `door.ReportMail`, `dialog.ReceptionDialog`.
"""
