"""What receivers send back: bounce reports become rb, complaints become f records.

Before it: `reception` (mail for a processor's addresses). After it: `accounting`.
Source: RFC 3464, 5965; guide 12.6-12.8; rules INB.
Public: `read_report`.
"""

from sinyal.reports.read import ReportMail, read_report

__all__ = ["ReportMail", "read_report"]
