"""Replies without the addresses in them: what reports group by; API events-ingest."""

import re

ADDRESS_MASK = "...@..."
IP_MASK = "a.b.c.d"

# Bounded repeats: a reply of a hundred thousand letters costs a single pass.
_ADDRESS = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255}"
)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")


def mask_addresses(text: str) -> str:
    """`text` with every mail address replaced by `...@...`."""
    return _ADDRESS.sub(ADDRESS_MASK, text) if "@" in text else text


def mask(text: str) -> str:
    """`text` with mail addresses as `...@...` and IPv4 addresses as `a.b.c.d`."""
    return _IPV4.sub(IP_MASK, mask_addresses(text))
