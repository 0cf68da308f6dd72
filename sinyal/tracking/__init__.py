"""The tracking endpoint: authenticated opens and clicks become events.

Before it: a recipient's browser. After it: `ingest`, by callable.
Source: seed (engagement tracking); rules of redirect security.
Public: `answer`, `Endpoint`, `KeyRing`, `Journal`, `feed_regularly`.
"""
