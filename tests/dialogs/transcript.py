r"""Transcripts of SMTP dialogs: read from a file, played against a line.

A line of a transcript is one of

    # text            a comment
    @global LINE      a line of the configuration; @source LINE: one of <source 0/0>
    C: text           the client sends this line; lines in a row are one write
    R: text           the client sends these octets, without CRLF; \r \n \x00 and so on
    S: text           the server answers this line; * stands for anything
    REPLY: text       the server answers so many lines; this is the last one
    CRAM: USER WORD   the client answers the last challenge
    TLS               the client starts TLS
    CLOCK: 60         so many seconds pass
    CLOSED            the server has closed the connection
    A: FROM -> TO,TO  a message that was accepted, checked at the end
    L: text           a line of the log, * for anything; checked at the end

and `{x*500}` in what the client sends is 500 times x.
"""

import binascii
import codecs
import fnmatch
import re
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
    waiting, last = b"", ""
    for at, step in enumerate(transcript.steps, 1):
        if step.kind in {"C", "R"}:
            waiting += octets(step)
            continue
        if waiting:
            await line.send(waiting)
            waiting = b""
        if step.kind in {"S", "REPLY"}:
            last = await line.read_line()
            while step.kind == "REPLY" and last[3:4] == "-":
                last = await line.read_line()
            seen = _fits(last, step.text)
            assert seen, f"step {at}: {last!r} instead of {step.text!r}"
        elif step.kind == "CRAM":
            user, password = step.text.split()
            challenge = binascii.a2b_base64(last.removeprefix("334 "))
            response = sasl.cram_md5_response(user, password, challenge)
            await line.send(sasl.encode(response).encode() + b"\r\n")
        elif step.kind == "TLS":
            await line.start_tls()
        elif step.kind == "CLOCK":
            world.now += float(step.text)
        elif step.kind == "CLOSED":
            rest = await line.read_line()
            assert rest == "", f"step {at}: {rest!r} instead of the end"
        else:
            raise AssertionError(f"step {at}: what is {step.kind}?")


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
