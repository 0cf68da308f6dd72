"""How much of the memory that this process may have it has; Linux."""

import ctypes
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

RESIDENT = Path("/proc/self/statm")
LIMITS = (Path("/sys/fs/cgroup/memory.max"),)
SAMPLE_S = 1.0
PAGE_OCTETS = os.sysconf("SC_PAGE_SIZE")
SLACK_OCTETS = 64 * 1024 * 1024  # that may lie idle in this process


class MemoryGauge:
    """Looks once a second at most, however often it is asked.

    `resident` and `limit` give octets, `now` seconds of any clock that only rises.
    """

    def __init__(
        self,
        resident: Callable[[], int] | None = None,
        limit: Callable[[], int] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resident = resident or resident_octets
        self._limit = (limit or limit_octets)()
        self._now = now
        self._read_at = float("-inf")
        self._percent = 0.0

    def percent(self) -> float:
        """The share in use, 0 to 100."""
        now = self._now()
        if now - self._read_at >= SAMPLE_S:
            self._read_at = now
            self._percent = 100.0 * self._resident() / self._limit
        return self._percent


def keep_what_is_there() -> None:
    """Leave what the start has made out of garbage collection: most of it stays.

    That saves a tenth of the processor time of a message (bench/reception.py).
    """
    gc.collect()
    gc.freeze()


class Thrift:
    """Gives freed memory back to the system, which the C library keeps for later.

    It keeps much: tens of thousands of TLS handshakes that come to nothing leave half a
    gigabyte behind. To give it back takes 25 to 75 ms.
    """

    def __init__(
        self,
        resident: Callable[[], int] | None = None,
        give_back: Callable[[], object] | None = None,
    ) -> None:
        self._resident = resident or resident_octets
        self._give_back = give_back or _trim
        self._at_start = self._resident()

    def look(self) -> None:
        """Give back what there is, if the process has grown; to be called at times."""
        if self._resident() > self._at_start + SLACK_OCTETS:
            self._give_back()


def _trim() -> None:
    """Ask glibc; other C libraries have no such call and need none."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def resident_octets() -> int:
    """The memory that this process has; 0 where the system does not tell."""
    try:
        return int(RESIDENT.read_text().split()[1]) * PAGE_OCTETS
    except OSError:
        return 0


def limit_octets() -> int:
    """What the control group allows, or the machine has, whichever is less."""
    found = [os.sysconf("SC_PHYS_PAGES") * PAGE_OCTETS]
    for path in LIMITS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            found.append(int(text))
    return min(found)
