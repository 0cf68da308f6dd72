"""What happened: accounting records, Signals events, and the tables of their fields.

Before it: `reception`, `delivery`, `reports` (facts). After it: `accounting`, `ingest`.
Source: guide 11.2, 10.1; API events-ingest; seed (table of terms).
Public: `Record`, `Outcome`, `Event`, `FIELDS`, `convert.event_of`.
"""
