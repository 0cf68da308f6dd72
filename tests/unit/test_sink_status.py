"""The status is one JSON object over plain HTTP."""

import json

import pytest

from sinyal.sink.agents import AGENTS, user_agent
from sinyal.sink.status import Pending, Status, respond

STATUS = Status({"accepted": 3}, Pending(visits=2), is_idle=False)


def test_the_status_tells_counts_and_what_is_to_come():
    head, _, body = respond(b"GET /status?x HTTP/1.1\r\n", lambda: STATUS).partition(
        b"\r\n\r\n"
    )
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(body) == {
        "facts": {"accepted": 3},
        "pending": {"reports": 0, "visits": 2, "put_off": 0},
        "is_idle": False,
    }
    assert f"Content-Length: {len(body)}".encode() in head


@pytest.mark.parametrize(
    ("request_line", "code"),
    [(b"GET / HTTP/1.1", b"404"), (b"POST /status HTTP/1.1", b"405"), (b"", b"405")],
)
def test_any_other_request_is_refused(request_line, code):
    assert respond(request_line, lambda: STATUS).split(b" ")[1] == code


def test_every_share_chooses_a_user_agent():
    for kind, rows in AGENTS.items():
        assert user_agent(kind, 0.0) == rows[0]
        assert user_agent(kind, 0.999999) == rows[-1]
