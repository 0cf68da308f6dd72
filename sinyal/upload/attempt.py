"""One upload: the request that is sent, and what its answer means for the file."""

import gzip
from collections.abc import Awaitable, Callable
from enum import Enum

import msgspec

from sinyal.runtime.http import Answer, HttpClient

Post = Callable[[bytes], Awaitable[Answer]]

COMPRESSION = 6
LONGEST_REASON = 300


class Next(Enum):
    """What follows an upload; the file is deleted only after `DONE`."""

    DONE = "accepted"
    SKIP = "this file is refused: keep it, go on with the others"
    WAIT = "the service is not there, or busy: try all of them at the next scan"
    REFUSED = "the key is refused: no upload will succeed until it is changed"


def compressed(octets: bytes) -> bytes:
    """The gzip form of an event file, the same for every retry (no time in it)."""
    return gzip.compress(octets, COMPRESSION, mtime=0)


def poster(client: HttpClient, url: str, api_key: str) -> Post:
    """The callable that posts one compressed event file; API events-ingest."""
    headers = {
        "Authorization": api_key,
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
        "Accept": "application/json",
    }

    async def post(content: bytes) -> Answer:
        return await client.post(url, content, headers)

    return post


def next_after(answer: Answer) -> Next:
    """What an answer means for the file; API general errors."""
    match answer.status:
        case status if 200 <= status < 300:
            return Next.DONE
        case 401 | 403:
            return Next.REFUSED
        case 400 | 413 | 415 | 422:
            return Next.SKIP
        case _:
            return Next.WAIT


def failure_reason(answer: Answer) -> str:
    """Why an upload failed: the network's words, or HTTP status and first error."""
    if not answer.status:
        return answer.failure
    message = first_error(answer.body)
    return f"HTTP {answer.status}: {message}" if message else f"HTTP {answer.status}"


class _Error(msgspec.Struct):
    message: str = ""
    description: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Error] = []


def first_error(body: bytes) -> str:
    """The first error message of an answer, on one line, or ""."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    message = (errors[0].message or errors[0].description) if errors else ""
    return " ".join(message.split())[:LONGEST_REASON]
