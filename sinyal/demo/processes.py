"""The demo's child processes: started, watched for readiness, stopped in order."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sinyal.demo.site import LOOPBACK


class StartFailed(Exception):
    """A part of the demo did not come up; the text names its log."""


class Children:
    """Programs of this installation, each with a log file of its own."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *arguments: str) -> None:
        """Start `sinyal ARGUMENTS`; its output goes to `NAME.out`."""
        with (self._logs / f"{name}.out").open("ab") as out:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "sinyal", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def call(self, name: str, *arguments: str) -> None:
        """Run a short command to its end. Errors: `StartFailed` when it fails."""
        self.start(name, *arguments)
        if self._running.pop(name).wait():
            raise StartFailed(self.why(name))

    def is_running(self, name: str) -> bool:
        return self._running[name].poll() is None

    def status(self, name: str) -> int:
        """The exit status; waits for the end."""
        return self._running[name].wait()

    def await_port(self, name: str, port: int, within_s: float = 30.0) -> None:
        """Return once `name` accepts connections on `port`."""
        await_true(
            lambda: _accepts(port) or not self.is_running(name),
            within_s,
            self.why(name),
        )
        if not self.is_running(name):
            raise StartFailed(self.why(name))

    def why(self, name: str) -> str:
        """Where to look when `name` fails, with the last lines of its output."""
        path = self._logs / f"{name}.out"
        tail = self.output(name).splitlines()[-12:]
        return "\n".join([f"{name} failed, see {path}", *tail])

    def output(self, name: str) -> str:
        """What `name` has printed so far."""
        return (self._logs / f"{name}.out").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """End `name` by SIGKILL, as a crash would."""
        self._running[name].kill()
        self._running[name].wait()

    def stop(self) -> None:
        """Ask every child to end, the last started first; insist after 10 s."""
        for child in reversed(self._running.values()):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


def await_true(is_so: Callable[[], bool], within_s: float, failure: str) -> None:
    """Return once `is_so()`. Errors: `StartFailed(failure)` after `within_s`."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise StartFailed(failure)
        time.sleep(0.05)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0
