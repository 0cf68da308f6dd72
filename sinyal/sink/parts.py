"""The page of a mail: its HTML part as a mail program would show it; RFC 2046 5.1.4."""

from sinyal.mail import mime


def html_of(content: bytes) -> bytes:
    """The first HTML part with its transfer encoding undone, b"" without one."""
    for part in mime.walk(content):
        if part.content_type == "text/html" and part.disposition != "attachment":
            return mime.body(content, part)
    return b""
