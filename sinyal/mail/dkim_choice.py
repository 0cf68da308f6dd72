"""Which of the configured keys signs; guide 3.3.1.33.1 (DKIM-3).

By itself, as those who only explain a configuration need no cryptography.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class HasDomain(Protocol):
    """A configured key: its domain may be `*`."""

    @property
    def domain(self) -> str: ...


K = TypeVar("K", bound=HasDomain)


def choose_key(keys: Iterable[K], identity_domain: str) -> K | None:
    """The first key whose domain is `*`, or is the identity's domain or its parent.

    `keys` come in the order of search: the VirtualMTA's, then the global ones. DKIM-3.
    """
    wanted = "." + identity_domain.lower()
    for key in keys:
        if key.domain == "*" or wanted.endswith("." + key.domain.lower()):
            return key
    return None
