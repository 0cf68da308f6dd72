"""A pickup directory with a door that keeps what is handed in, and no network."""

import asyncio
import itertools
import time
from pathlib import Path

from sinyal.mail.envelope import Envelope, Submission
from sinyal.reception.door import Door, ReportMail
from sinyal.reception.pickup import Pickup
from sinyal.runtime.configuration import load_configuration
from sinyal.smtp.reply import Reply, reply

RECEIVED = reply(250, "2.6.0 message received")

CONFIGURATION = """
host-name mx.example
pickup {directory} {bad}
{global_lines}
<source {{pickup}}>
{source_lines}
</source>
<address-list gone>
address gone@example.net
</address-list>
<virtual-mta mta1>
smtp-source-host 127.0.0.1 one.example
</virtual-mta>
<virtual-mta mta2>
smtp-source-host 127.0.0.1 two.example
</virtual-mta>
"""


class World:
    """`now` is ahead of the files' times: they are ready at the first look."""

    def __init__(
        self, root: Path, global_lines: str = "", source_lines: str = ""
    ) -> None:
        self.directory, self.bad = root / "pickup", root / "bad"
        self.directory.mkdir()
        self.bad.mkdir()
        self.submitted: list[Submission] = []
        self.lines: list[str] = []
        self.now = time.time() + 60.0
        self.reply = RECEIVED
        self._ids = itertools.count(1)
        path = root / "sinyal.conf"
        path.write_text(
            CONFIGURATION.format(
                directory=self.directory,
                bad=self.bad,
                global_lines=global_lines,
                source_lines=source_lines,
            )
        )
        loaded = load_configuration(str(path))
        errors = [str(problem) for problem in loaded.problems if problem.is_error]
        assert loaded.configuration is not None, errors
        self.door = Door(
            configuration=loaded.configuration,
            host_name="mx.example",
            submit=self._submit,
            report=self._report,
            clock=lambda: self.now,
            new_message_id=lambda: f"{next(self._ids):020x}",
            log=self.lines.append,
        )
        self.pickup = Pickup(self.door)

    async def _submit(self, submission: Submission) -> Reply:
        if self.reply.is_positive:
            self.submitted.append(submission)
        return self.reply

    async def _report(self, mail: ReportMail) -> Reply:
        raise AssertionError(mail)

    def put(self, name: str | bytes, content: bytes) -> None:
        path = Path(self.directory, name if isinstance(name, str) else _text(name))
        path.write_bytes(content)

    def look(self) -> int:
        """How many messages a look at the directory brings."""
        return asyncio.run(self.pickup.look())

    def taken(self, content: bytes) -> Submission:
        """What becomes of the content of one file; a failure when it is refused."""
        self.put("one", content)
        assert self.look() == 1, self.lines
        assert not self.names()
        return self.submitted[-1]

    def envelope(self, content: bytes) -> Envelope:
        return self.taken(content).envelope

    def refusal(self, content: bytes) -> str:
        """Why the content of a file is refused: the log line behind its new name."""
        self.put("one", content)
        before = len(self.submitted)
        assert self.look() == 0
        assert len(self.submitted) == before
        assert not self.names()
        (moved,) = self.bad.iterdir()
        assert moved.read_bytes() == content
        start = f"pickup: one: moved to {self.bad}/one: "
        assert self.lines[-1].startswith(start)
        return self.lines[-1].removeprefix(start)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
