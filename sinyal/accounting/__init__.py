"""Records on disk: CSV accounting files and Signals event files.

Before it: `reception`, `delivery`, `reports` (records). After it: `upload` (files).
Source: guide 11.2, 10.1; RFC 4180; rules of accounting files.
Public: `Ledger`, `CsvFile`, `CsvSettings`, `Layout`, `EventFile`, `LedgerFailed`.
"""
