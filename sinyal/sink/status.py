"""How far the sink is, over HTTP: `GET /status` answers one JSON object; RFC 9112."""

import asyncio
import contextlib
from collections.abc import Callable
from http import HTTPStatus

import msgspec

TIME_LIMIT_S = 10.0


class Pending(msgspec.Struct, frozen=True):
    """What is still to come: reports and visits not yet done, mail put off by a 4xx."""

    reports: int = 0
    visits: int = 0
    put_off: int = 0


class Status(msgspec.Struct, frozen=True):
    """`is_idle`: nothing is pending; `facts` are the counts of the ledger."""

    facts: dict[str, int]
    pending: Pending
    is_idle: bool


def _response(status: HTTPStatus, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def respond(head: bytes, status: Callable[[], Status]) -> bytes:
    """The whole HTTP response to a request's head."""
    method, _, rest = head.partition(b" ")
    target = rest.partition(b" ")[0].partition(b"?")[0]
    if method != b"GET":
        return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"{}")
    if target != b"/status":
        return _response(HTTPStatus.NOT_FOUND, b"{}")
    return _response(HTTPStatus.OK, msgspec.json.encode(status()))


async def serve_status(
    host: str, port: int, status: Callable[[], Status]
) -> asyncio.Server:
    """The listening server; one request a connection.

    Errors: `OSError` when the address cannot be had.
    """

    async def converse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        broken = (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError)
        with contextlib.suppress(*broken):
            async with asyncio.timeout(TIME_LIMIT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(respond(head, status))
                await writer.drain()
        writer.close()

    return await asyncio.start_server(converse, host, port, limit=8192)
