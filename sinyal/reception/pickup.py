"""Mail from the pickup directory; guide 7.2, rules PICK, SUP-2.

A file goes away only after its 250, which means that its message is synced to disk: a
crash in between delivers it twice, never not at all. Reading is done in a thread, in
portions; the files of a portion are handed in together and share a group commit.
"""

import asyncio
import contextlib
import errno
from pathlib import Path

import msgspec
from msgspec.structs import replace

from sinyal.config.settings import SourceSettings
from sinyal.reception import bsmtp, pickup_directory, pickup_letter
from sinyal.reception.door import Door
from sinyal.reception.pickup_directory import (
    ENVELOPE_OCTETS,
    Ready,
    State,
    Taken,
    batches,
)
from sinyal.reception.pickup_file import BadFile, Commands, Letter, read
from sinyal.runtime.disk import reason_of, usable_directory
from sinyal.smtp.reply import Reply
from sinyal.smtp.server import CEILING_OCTETS

SOURCE = "{pickup}"
INTERVAL_S = 1.0
TOO_LARGE = "the message is larger than max-message-size"


class Portion(msgspec.Struct):
    """What became of some files: read, bad by name with the reason, unreadable."""

    taken: dict[str, Taken] = {}
    parsed: dict[str, Letter | Commands] = {}
    bad: dict[str, str] = {}
    failed: dict[str, str] = {}


def check_directories(pickup: tuple[str, ...]) -> None:
    """Make both directories when missing. Errors: `OSError` that names the bad one."""
    paths = [Path(path) for path in pickup]
    for path in paths:
        usable_directory(path)
    if paths and paths[0].samefile(paths[1]):
        text = "pickup: the directory of bad files is the pickup directory itself"
        raise OSError(errno.EINVAL, text, str(paths[1]))


class Pickup:
    """One look after the other at the directory that the configuration names.

    `door.configuration` is read anew at each look, so that a reload counts at once.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._seen: dict[str, State] = {}
        self._done: dict[str, State] = {}  # accepted, yet they would not go
        self._complaints: set[str] = set()
        self._earlier: set[str] = set()  # complaints of the look before
        self._is_ending = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until told to stop; no fault of the disk ends it."""
        while not stop.is_set():
            self._earlier, self._complaints = self._complaints, set()
            self._idle.clear()
            try:
                await self.look()
            except OSError as error:
                self._complain(f"{reason_of(error)}; it is tried again")
            finally:
                self._idle.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL_S)

    async def end(self) -> None:
        """Return when the files that are being handed in are, and take no more."""
        self._is_ending = True
        await self._idle.wait()

    async def look(self) -> int:
        """Take what is ready; how many messages were accepted. Errors: `OSError`."""
        settings = self._door.configuration.settings
        if len(settings.pickup) != 2:
            return 0
        if self._door.is_short_of_memory:
            self._complain("files wait: max-memory-usage-percent is passed")
            return 0
        directory, bad = settings.pickup
        found = await asyncio.to_thread(
            pickup_directory.scan, directory, self._seen, self._door.clock()
        )
        self._seen = found.seen
        self._done = {
            name: state
            for name, state in self._done.items()
            if found.seen.get(name) == state
        }
        if self._done:
            stuck = [Ready(name, state) for name, state in self._done.items()]
            await self._remove(directory, stuck)
        ready = [one for one in found.ready if one.name not in self._done]
        count = 0
        for some in batches(ready):
            accepted, is_open = await self._take(directory, bad, some)
            count += accepted
            # After a 4xx (a full disk, say) the rest would fare no better.
            if self._is_ending or not is_open:
                return count
        return count

    async def _take(
        self, directory: str, bad: str, some: list[Ready]
    ) -> tuple[int, bool]:
        """Hand in some files; how many were accepted, and whether to go on."""
        configuration = self._door.configuration
        source = configuration.source_for("", SOURCE)
        removes_dot = configuration.settings.pickup_remove_dot
        limit = (source.max_message_size or CEILING_OCTETS) + ENVELOPE_OCTETS
        portion = await asyncio.to_thread(
            _read_all, directory, some, limit, removes_dot
        )
        try:
            answers = await self._hand_in(source, portion)
            done = [
                portion.taken[name].ready
                for name, answer in answers.items()
                if answer.is_positive
            ]
            waiting = [one for one in answers.values() if one.is_transient]
            portion.bad |= {
                name: str(one) for name, one in answers.items() if one.is_permanent
            }
            await self._remove(directory, done)
            await self._set_aside(directory, bad, portion)
        finally:
            for one in portion.taken.values():
                one.close()
        for name, reason in portion.failed.items():
            self._complain(f"{_shown(name)} cannot be read: {reason}")
        if waiting:
            self._complain(f"files wait: {waiting[0]}")
        return len(done), not waiting

    async def _hand_in(
        self, source: SourceSettings, portion: Portion
    ) -> dict[str, Reply]:
        """The reply to each file that could be read."""
        names = list(portion.parsed)
        replies = await asyncio.gather(
            *(self._reply(source, portion.parsed[name]) for name in names),
            return_exceptions=True,
        )
        answers = {}
        for name, answer in zip(names, replies, strict=True):
            if isinstance(answer, BadFile):
                portion.bad[name] = str(answer)
            elif isinstance(answer, Reply):
                answers[name] = answer
            else:
                portion.bad[name] = f"internal error: {answer!r}"
        return answers

    async def _reply(self, source: SourceSettings, parsed: Letter | Commands) -> Reply:
        if isinstance(parsed, Commands):
            return await bsmtp.play(self._door, source, parsed)
        answer = pickup_letter.hand_in(self._door, source, parsed)
        return answer if isinstance(answer, Reply) else await answer

    async def _remove(self, directory: str, files: list[Ready]) -> None:
        """Take accepted files away; those that stay are remembered, not read again."""
        if not files:
            return
        failed = await asyncio.to_thread(pickup_directory.remove, directory, files)
        for name, state in files:
            self._done.pop(name, None)
            if name in failed:
                self._done[name] = state
                self._complain(f"{reason_of(failed[name])}: accepted, not removed")

    async def _set_aside(self, directory: str, bad: str, portion: Portion) -> None:
        for name, reason in portion.bad.items():
            file = portion.taken[name].ready
            try:
                target = await asyncio.to_thread(
                    pickup_directory.set_aside, directory, file, bad
                )
            except OSError as error:
                self._complain(f"{_shown(name)}: {reason}; {reason_of(error)}")
                continue
            where = f"moved to {bad}/{_shown(target)}" if target else "replaced by now"
            self._door.log(f"pickup: {_shown(name)}: {where}: {_shown(reason)}")

    def _complain(self, text: str) -> None:
        """Log what goes wrong, unless the look before said the same."""
        if text not in self._earlier | self._complaints:
            self._door.log(f"pickup: {_shown(text)}")
        self._complaints.add(text)


def _read_all(
    directory: str, some: list[Ready], limit_octets: int, removes_dot: bool
) -> Portion:
    portion = Portion({}, {}, {}, {})
    for one in some:
        try:
            taken = pickup_directory.take(directory, one, limit_octets)
        except OSError as error:
            portion.failed[one.name] = error.strerror or str(error)
            continue
        if taken is None:
            continue
        portion.taken[one.name] = replace(taken, octets=None)  # parsed below
        if taken.octets is None:
            portion.bad[one.name] = TOO_LARGE
            continue
        try:
            portion.parsed[one.name] = read(taken.octets, removes_dot=removes_dot)
        except ValueError as error:  # of text that no codec takes, too
            portion.bad[one.name] = str(error)
    return portion


def _shown(text: str) -> str:
    """A file's name, or text from it, as it may stand in the log."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
