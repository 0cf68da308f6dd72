"""A program that reads accounting records from its standard input; guide 3.3.11."""

import contextlib
import os
import select
import shlex
import subprocess
import time
from collections.abc import Callable

POLL_MS = 200
KILL_WAIT_S = 1.0


class ProgramFailed(Exception):
    """`kind` says with what: starting, writing to, executing."""

    def __init__(self, kind: str, details: str) -> None:
        super().__init__(details)
        self.kind = kind


class Program:
    """A running program. It is started without a shell; its output goes nowhere.

    It belongs to one thread. A program of ours is no part of the terminal's group: it
    gets its records even when somebody presses Ctrl-C.
    Errors: `ProgramFailed`.
    """

    def __init__(self, command: str) -> None:
        try:
            self._child = subprocess.Popen(
                shlex.split(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ProgramFailed("starting", reason) from error
        assert self._child.stdin is not None
        self._handle = self._child.stdin.fileno()
        os.set_blocking(self._handle, False)
        self._poll = select.poll()
        self._poll.register(self._handle, select.POLLOUT)

    def check(self) -> None:
        """Errors: `ProgramFailed` when it has ended of itself."""
        status = self._child.poll()
        if status is not None:
            raise ProgramFailed("executing", _ended(status))

    def write(self, octets: bytes, patience_s: Callable[[], float]) -> None:
        """Hand all of it over; the program has `patience_s` for each piece it takes.

        It is asked again while one waits: the end of the server may shorten it.
        Errors: `ProgramFailed`, also when it takes nothing for that long.
        """
        view = memoryview(octets)
        since = time.monotonic()
        while view:
            try:
                count = os.write(self._handle, view)
            except BlockingIOError:
                count = 0
            except OSError as error:
                self.check_soon()
                raise ProgramFailed("writing to", str(error.strerror)) from error
            if count:
                view = view[count:]
                since = time.monotonic()
            elif (waited_s := time.monotonic() - since) > patience_s():
                raise ProgramFailed("writing to", f"nothing taken for {waited_s:.1f}s")
            else:
                self._poll.poll(POLL_MS)

    def check_soon(self) -> None:
        """As `check`; a program that has just closed its input may be about to end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(POLL_MS / 1000)
        self.check()

    def end(self, patience_s: float) -> None:
        """Close its input and wait; a program that goes on is killed."""
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        for ask, wait_s in (
            (None, patience_s),
            (self._child.terminate, KILL_WAIT_S),
            (self._child.kill, KILL_WAIT_S),
        ):
            if ask is not None:
                ask()
            try:
                self._child.wait(max(wait_s, 0.0))
            except subprocess.TimeoutExpired:
                continue
            return


def _ended(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"
