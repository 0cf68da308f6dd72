r"""Transcripts of SMTP dialogs: read from a file, played against a line.

A line of a transcript is one of

    # text            a comment
    @global LINE      a line of the configuration; @source LINE: one of <source 0/0>
    C: text           the client sends this line; lines in a row are one write
    R: text           the client sends these octets, without CRLF; \r \n \x00 and so on
    S: text           the server answers this line; * stands for anything
    REPLY: text       the server answers so many lines; this is the last one
    TIMES: 9 text     the server answers this line nine times
    CRAM: USER WORD   the client answers the last challenge
    TLS               the client starts TLS
    CLOCK: 60         so many seconds pass
    CLOSED            the server has closed the connection
    KEPT: octets      the last message that was accepted ends with these octets
    A: FROM -> TO,TO  a message that was accepted, checked at the end
    L: text           a line of the log, * for anything; checked at the end

and `{x*500}` in what the client sends is 500 times x.
"""

import binascii
import codecs
import fnmatch
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from door_world import World

from sinyal.smtp import sasl

TIMES = re.compile(r"\{(.+?)\*(\d+)\}")


class Step(NamedTuple):
    kind: str
    text: str


class Transcript(NamedTuple):
    name: str
    global_lines: str
    source_lines: str
    steps: list[Step]
    accepted: list[str]
    logged: list[str]


class Line(Protocol):
    """A connection to the door, in memory or over a socket."""

    async def send(self, octets: bytes) -> None: ...

    async def read_line(self) -> str:
        """The next line without CRLF; "" when closed."""

    async def start_tls(self) -> None: ...


def read(path: Path) -> Transcript:
    settings: dict[str, list[str]] = {"@global": [], "@source": []}
    steps, accepted, logged = [], [], []
    for line in path.read_text().splitlines():
        kind, _, text = line.partition(" ")
        if kind in settings:
            settings[kind].append(text)
        elif kind == "A:":
            accepted.append(text)
        elif kind == "L:":
            logged.append(text)
        elif kind and not kind.startswith("#"):
            steps.append(Step(kind.rstrip(":"), text))
    globals_, sources = ("\n".join(lines) for lines in settings.values())
    return Transcript(path.stem, globals_, sources, steps, accepted, logged)


def octets(step: Step) -> bytes:
    text = TIMES.sub(lambda found: found[1] * int(found[2]), step.text)
    if step.kind == "C":
        return text.encode() + b"\r\n"
    return codecs.decode(text, "unicode_escape").encode("latin-1")


async def play(transcript: Transcript, line: Line, world: World) -> None:
    """Go through the steps; an AssertionError names the first that went otherwise."""
    waiting, player = b"", _Player(line, world)
    for at, step in enumerate(transcript.steps, 1):
        if step.kind in {"C", "R"}:
            waiting += octets(step)
            continue
        if waiting:
            await line.send(waiting)
            waiting = b""
        try:
            await _STEPS[step.kind](player, step.text)
        except AssertionError as error:
            raise AssertionError(f"step {at}: {error}") from None


class _Player:
    """What the steps do; each is given the text of its line."""

    def __init__(self, line: Line, world: World) -> None:
        self._line = line
        self._world = world
        self._last = ""

    async def said(self, text: str) -> None:
        self._last = await self._line.read_line()
        assert _fits(self._last, text), f"{self._last!r} instead of {text!r}"

    async def replied(self, text: str) -> None:
        self._last = await self._line.read_line()
        while self._last[3:4] == "-":
            self._last = await self._line.read_line()
        assert _fits(self._last, text), f"{self._last!r} instead of {text!r}"

    async def repeated(self, text: str) -> None:
        count, _, wanted = text.partition(" ")
        said = {await self._line.read_line() for _ in range(int(count))}
        assert said == {wanted}, f"{said} instead of {wanted!r}"

    async def cram(self, text: str) -> None:
        user, password = text.split()
        challenge = binascii.a2b_base64(self._last.removeprefix("334 "))
        response = sasl.cram_md5_response(user, password, challenge)
        await self._line.send(sasl.encode(response).encode() + b"\r\n")

    async def tls(self, text: str) -> None:
        await self._line.start_tls()

    async def kept(self, text: str) -> None:
        content = self._world.submitted[-1].content
        wanted = octets(Step("R", text))
        assert content.endswith(wanted), f"{content[-200:]!r} instead of {wanted!r}"

    async def clock(self, text: str) -> None:
        self._world.now += float(text)

    async def closed(self, text: str) -> None:
        rest = await self._line.read_line()
        assert rest == "", f"{rest!r} instead of the end"


_STEPS: dict[str, Callable[[_Player, str], Awaitable[None]]] = {
    "S": _Player.said,
    "REPLY": _Player.replied,
    "TIMES": _Player.repeated,
    "CRAM": _Player.cram,
    "TLS": _Player.tls,
    "CLOCK": _Player.clock,
    "CLOSED": _Player.closed,
    "KEPT": _Player.kept,
}


def accepted(world: World) -> list[str]:
    return [
        f"{one.envelope.mail_from} -> "
        + ",".join(recipient.address for recipient in one.envelope.recipients)
        for one in world.submitted
    ]


def missing(transcript: Transcript, world: World) -> list[str]:
    """The lines that the log should have and has not."""
    return [
        text
        for text in transcript.logged
        if not any(_fits(line, text) for line in world.lines)
    ]


def _fits(line: str, text: str) -> bool:
    return fnmatch.fnmatchcase(line, text.replace("[", "[[]"))
