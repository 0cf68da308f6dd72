"""The truth: one line for each thing that has really happened, written when it had.

| fact | written when | event it must meet |
|---|---|---|
| `accepted` | our 250 to the end of the data was handed to the transport | `delivery` |
| `bounced` | so was a 5xx to RCPT TO or to the end of the data | `bounce` |
| `deferred` | so was a 4xx to RCPT TO or to the end of the data | `delay` |
| `oob_sent` | the MTA answered 250 to our delivery report | `out_of_band` |
| `fbl_sent` | the MTA answered 250 to our feedback report | `spam_complaint` |
| `initial_open` | the top pixel was fetched: 200 and a GIF | `initial_open` |
| `open` | the bottom pixel was fetched: 200 and a GIF | `open` |
| `click` | a wrapped link answered 302 to the address expected | `click` |
| `failed` | a report or a visit was given up; `detail` says why | none |

One fact stands for one recipient, or for one fetch. A line:
`{"fact":"accepted","at":1772615720.1,"rcpt":"a@accept.sink.test","message_id":"<1@x>",
"job":"OTP","detail":{"reply":"250 2.0.0 Ok"}}`; `job` only if the mail shows it, and
`message_id` (the header's) is "" when the refusal came before the mail.
"""

import os
from collections import Counter
from pathlib import Path

import msgspec

from sinyal.runtime.disk import AppendFile

FACTS = (
    "accepted",
    "bounced",
    "deferred",
    "oob_sent",
    "fbl_sent",
    "initial_open",
    "open",
    "click",
    "failed",
)
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(dict[str, object])


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger. Units: `at` epoch seconds UTC."""

    fact: str
    at: float
    rcpt: str
    message_id: str
    job: str = ""
    detail: dict[str, str] = {}


class Ledger:
    """The file of facts and their counts; a killed sink loses no whole line.

    Errors: `OSError` from the system.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.counts = Counter(dict.fromkeys(FACTS, 0))
        if path.exists():
            _cut_torn_line(path)
            self.counts.update(read_counts(path))
        self._file = AppendFile(path)

    def write(self, *facts: Fact) -> None:
        """Hand the facts to the system in one write."""
        if facts:
            lines = [line for fact in facts for line in (_ENCODER.encode(fact), b"\n")]
            self._file.append(b"".join(lines))
            self.counts.update(fact.fact for fact in facts)

    def close(self) -> None:
        self._file.close()


def read_counts(path: Path) -> Counter[str]:
    """How often each fact occurs in a ledger."""
    with path.open("rb") as lines:
        return Counter(str(_DECODER.decode(line)["fact"]) for line in lines)


def _cut_torn_line(path: Path) -> None:
    """Drop what a crash left after the last line end."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                file.truncate(start + found + 1)
                return
            end = start
        file.truncate(0)
