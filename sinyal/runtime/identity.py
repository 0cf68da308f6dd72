"""Fresh identities from the system's random source."""

import itertools
import os
import secrets

_PREFIX = os.urandom(4)
_COUNT = itertools.count(int.from_bytes(os.urandom(5)))


def message_id() -> str:
    """A Signals message id: 20 lower-case hex digits; API events-ingest."""
    return os.urandom(10).hex()


def event_id() -> str:
    """A decimal below 2^63; API events-ingest."""
    return str(secrets.randbits(63))


def nonce() -> bytes:
    """12 octets that no other call of this machine returns (RFC 5116 3.2).

    A random prefix per process and a counter: a third of the price of 12 random
    octets per link, on a page of 20 links.
    """
    return _PREFIX + (next(_COUNT) & 0xFFFFFFFFFFFFFFFF).to_bytes(8)
