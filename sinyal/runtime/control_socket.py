"""Commands to a running program, over a Unix socket in its state directory.

One request a connection: a line of JSON with the name of a command, then a line of JSON
with the answer. Who may open the socket may command: owner and group.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from sinyal.runtime.log import LOG

SOCKET_NAME = "control.sock"
MODE = 0o660
LONGEST_REQUEST_OCTETS = 16 * 1024
LONGEST_ANSWER_OCTETS = 16 * 1024 * 1024
REQUEST_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 16


class Request(msgspec.Struct, frozen=True):
    """What is asked for; `arguments` by name."""

    command: str
    arguments: dict[str, str] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What came of it: lines for a reader, and the exit status of the asker."""

    exit_code: int = 0
    lines: tuple[str, ...] = ()


Handler = Callable[[Mapping[str, str]], Awaitable[Outcome]]


class ControlServer:
    """Listens while a program runs; `handlers` has a row for each command."""

    def __init__(self, directory: Path, handlers: Mapping[str, Handler]) -> None:
        self._directory = directory
        self._handlers = dict(handlers)
        self._server: asyncio.AbstractServer | None = None
        self._open = 0

    async def start(self) -> None:
        """Errors: `OSError`. The caller has the directory for itself: see `disk`."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _near(self._directory) as near:
                before = os.umask(0o777 & ~MODE)
                try:
                    listening.bind(near)
                finally:
                    os.umask(before)
            listening.setblocking(False)
            self._server = await asyncio.start_unix_server(
                self._connected, sock=listening, limit=LONGEST_REQUEST_OCTETS
            )
        except OSError:
            listening.close()
            raise

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self._directory / SOCKET_NAME

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                outcome = await self._outcome(reader)
                writer.write(msgspec.json.encode(outcome) + b"\n")
                async with asyncio.timeout(REQUEST_TIMEOUT_S):
                    await writer.drain()
        except (OSError, TimeoutError) as error:
            LOG.debug("control: the asker is gone: %s", error)
        finally:
            self._open -= 1
            writer.close()

    async def _outcome(self, reader: asyncio.StreamReader) -> Outcome:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                line = await reader.readline()
            request = msgspec.json.decode(line, type=Request)
        except (ValueError, msgspec.DecodeError) as error:  # too long is a ValueError
            return Outcome(2, (f"no request: {error}",))
        handler = self._handlers.get(request.command)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return Outcome(2, (f"no command is called so, there are: {known}",))
        try:
            return await handler(request.arguments)
        except Exception:
            LOG.exception("control: %s failed", request.command)
            return Outcome(1, ("the command failed: see the log of the server",))


def ask(directory: Path, request: Request, timeout_s: float) -> Outcome:
    """The answer of the program whose state is in `directory`.

    Errors: `OSError` when none listens there, or it does not answer in time.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(timeout_s)
        with _near(directory) as near:
            asking.connect(near)
        asking.sendall(msgspec.json.encode(request) + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            octets = asking.recv(65536)
            if not octets or len(answer) > LONGEST_ANSWER_OCTETS:
                raise ConnectionError("the server ended without an answer")
            answer += octets
    return msgspec.json.decode(answer, type=Outcome)


@contextlib.contextmanager
def _near(directory: Path) -> Iterator[str]:
    """A short name of the socket: that of a long directory would not fit (107)."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET_NAME}"
    finally:
        os.close(handle)
