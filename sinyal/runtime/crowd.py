"""Those who wait to be let in, by address: a full crowd makes room for one more."""

from collections.abc import Callable

MAX_ENTERING = 2000  # connections of a listener that are not let in yet


class Crowd:
    """Connections that have not shown yet what they want, at most `limit` of them.

    When it is full, the one that has waited longest goes, of the address that has most:
    whoever opens many in order to keep others out throws out his own.
    """

    def __init__(self, limit: int = MAX_ENTERING) -> None:
        self._limit = limit
        self._leave: dict[str, dict[object, Callable[[], None]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, address: str, who: object, leave: Callable[[], None]) -> None:
        """Take one in; `leave` is called where it has to go, and has it `left`."""
        if self._count >= self._limit:
            self._make_room()
        self._leave.setdefault(address, {})[who] = leave
        self._count += 1

    def left(self, address: str, who: object) -> None:
        """Somebody has gone, or was let in; who is not there is no error."""
        own = self._leave.get(address, {})
        if own.pop(who, None) is None:
            return
        self._count -= 1
        if not own:
            del self._leave[address]

    def _make_room(self) -> None:
        address = max(self._leave, key=lambda one: len(self._leave[one]))
        who, leave = next(iter(self._leave[address].items()))
        self.left(address, who)
        leave()
