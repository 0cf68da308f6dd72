"""Accounting records for a program, never at the expense of the mail; guide 3.3.11."""

import threading
import time
from collections import deque
from collections.abc import Sequence

import msgspec

from sinyal.accounting.layout import Layout
from sinyal.accounting.program import Program, ProgramFailed
from sinyal.events.record import Record
from sinyal.runtime.log import LOG

MAX_WAITING_OCTETS = 16 << 20  # some 70,000 records
IDLE_S = 0.5  # between two looks at a program that has nothing to do
DRAIN_S = 5.0  # for what waits when the server ends


class PipeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A command with its arguments, and how long it is waited for. Units: seconds."""

    command: str
    retry_interval_s: float = 300.0
    write_timeout_s: float = 60.0
    drain_s: float = DRAIN_S
    max_octets: int = MAX_WAITING_OCTETS


class Pipe:
    """A program and what waits for it; `append` never waits.

    Each start of the program begins with the header. When it fails, the records that
    wait for it and those until its next start are lost to it; the log says how many.
    So are those that a slow program leaves no room for.
    """

    def __init__(self, settings: PipeSettings, layout: Layout) -> None:
        self.layout = layout
        self._settings = settings
        self._changed = threading.Condition()
        self._waiting: deque[tuple[bytes, int]] = deque()  # lines and their count
        self._octets = 0
        self._lost = 0
        self._is_up = True  # before the first start records wait
        self._is_ending = False
        self._retry_at = 0.0
        self._thread: threading.Thread | None = None

    @property
    def takes(self) -> bool:
        """Whether records are kept for the program; false from a failure to a start."""
        return self._is_up

    @property
    def is_alive(self) -> bool:
        """Whether it still has something to do."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the program, the first time."""
        if self._thread is None and not self._is_ending:
            name = "accounting program"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def revive(self) -> None:
        """Start the program, also one that failed and is to wait."""
        with self._changed:
            self._retry_at = 0.0
            self._changed.notify()
        self.start()

    def append(self, records: Sequence[Record]) -> None:
        """Hand over the records that belong here, as soon as the program takes them."""
        lines = self.layout.lines(records)
        if not lines:
            return
        octets = b"".join(lines)
        with self._changed:
            room = self._settings.max_octets - self._octets
            if not self._is_up or len(octets) > room:
                self._lost += len(lines)
                return
            self._waiting.append((octets, len(lines)))
            self._octets += len(octets)
            self._changed.notify()

    def end(self) -> None:
        """Let the program have what waits and come to its end; does not wait."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()

    def join(self) -> None:
        """Wait for the end, which takes a bounded time."""
        if self._thread is not None:
            self._thread.join(2 * self._settings.drain_s + 5.0)

    # -- the thread

    def _run(self) -> None:
        program: Program | None = None
        while not self._is_ending:
            if program is None:
                program = self._begun()
            elif not self._served(program):
                program = None
        if program is not None:
            self._drain(program)
        self._tell_lost()

    def _patience_s(self) -> float:
        settings = self._settings
        return settings.drain_s if self._is_ending else settings.write_timeout_s

    def _begun(self) -> Program | None:
        """The program, its header written; None when it is not the time or it fails."""
        with self._changed:
            wait_s = self._retry_at - time.monotonic()
            if wait_s > 0:
                self._changed.wait(wait_s)
                return None
        try:
            program = Program(self._settings.command)
        except ProgramFailed as error:
            self._failed(error)
            return None
        with self._changed:
            self._is_up = True
        try:
            program.write(self.layout.header, self._patience_s)
        except ProgramFailed as error:
            self._give_up(program, error)
            return None
        self._tell_lost()
        return program

    def _served(self, program: Program) -> bool:
        """Hand over what waits; false when the program is no more."""
        with self._changed:
            if not self._waiting and not self._is_ending:
                self._changed.wait(IDLE_S)
        try:
            if not self._waiting:
                program.check()
                self._tell_lost()
            while self._waiting and not self._is_ending:
                program.write(self._waiting[0][0], self._patience_s)
                self._written()
        except ProgramFailed as error:
            self._give_up(program, error)
            return False
        return True

    def _written(self) -> None:
        with self._changed:
            octets, _count = self._waiting.popleft()
            self._octets -= len(octets)

    def _drain(self, program: Program) -> None:
        """The last records; a program that takes none of them loses them."""
        deadline = time.monotonic() + self._settings.drain_s
        try:
            while self._waiting:
                if time.monotonic() >= deadline:
                    raise ProgramFailed("writing to", "it takes too long at the end")
                program.write(self._waiting[0][0], lambda: deadline - time.monotonic())
                self._written()
        except ProgramFailed as error:
            self._failed(error)
        program.end(max(deadline - time.monotonic(), 0.5))

    def _give_up(self, program: Program, error: ProgramFailed) -> None:
        self._failed(error)
        program.end(0.0)

    def _failed(self, error: ProgramFailed) -> None:
        with self._changed:
            self._is_up = False
            self._lost += sum(count for _octets, count in self._waiting)
            self._waiting.clear()
            self._octets = 0
            self._retry_at = time.monotonic() + self._settings.retry_interval_s
        LOG.error('Error %s "%s": %s', error.kind, self._settings.command, error)

    def _tell_lost(self) -> None:
        with self._changed:
            lost, self._lost = self._lost, 0
        if lost:
            LOG.warning('"%s": %d records lost to it', self._settings.command, lost)
