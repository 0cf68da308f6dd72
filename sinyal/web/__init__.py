"""The pages: events search and summary, server-rendered, with the numbers of the API.

Before it: `metrics`. After it: a browser.
Source: seed (screens); guide 10.1; WCAG 2.2.
Public: `routes`.
"""

from sinyal.web.routes import routes

__all__ = ["routes"]
