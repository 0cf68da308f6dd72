"""Whose turn it is in each pool; guide 8.3 (VM-3)."""

from collections.abc import Mapping

from sinyal.config.settings import Pool


class Turns:
    """The members of a pool are used in order; the order survives a restart."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def take(self, pool: Pool) -> str:
        """The member whose turn it is; `pool` has one at least."""
        at = self._next.get(pool.name, 0) % len(pool.members)
        self._next[pool.name] = at + 1
        return pool.members[at]

    def state(self) -> dict[str, int]:
        """What `restore` takes: the next turn, counted from 0, by pool."""
        return dict(self._next)

    def restore(self, state: Mapping[str, int]) -> None:
        """Go on where another run left off; what is no count is passed over."""
        for name, at in state.items():
            if isinstance(at, int) and at >= 0:
                self._next[name] = at
