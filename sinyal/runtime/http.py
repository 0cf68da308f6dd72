"""HTTP requests whose end is always a value: an answer, or why there is none."""

import asyncio
from collections.abc import Mapping
from types import TracebackType

import httpx
import msgspec

LONGEST_ANSWER_OCTETS = 256 * 1024
USER_AGENT = "sinyal"


class Answer(msgspec.Struct, frozen=True):
    """The end of a request: `status` and the first octets of the body.

    Without an answer `status` is 0 and `failure` says why, in words for a log line.
    Header names are in lower case.
    """

    status: int
    body: bytes = b""
    failure: str = ""
    headers: dict[str, str] = {}


class HttpClient:
    """Requests over kept connections; redirects are answers, not followed.

    Units: seconds; `timeout_s` bounds a silence, `longest_s` the whole request, or a
    peer that drips would hold it for ever. `is_verified` False takes any certificate:
    for loopback only.
    """

    def __init__(
        self,
        *,
        connect_timeout_s: float = 10.0,
        timeout_s: float = 60.0,
        longest_s: float = 300.0,
        connections: int = 10,
        is_verified: bool = True,
    ) -> None:
        self._longest_s = longest_s
        # The environment is not asked for proxies: a key must go where it is sent.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_s, connect=connect_timeout_s),
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections
            ),
            verify=is_verified,
            trust_env=False,
            headers={"User-Agent": USER_AGENT},
        )

    async def __aenter__(self) -> "HttpClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to GET `url`."""
        return await self._send("GET", url, b"", headers or {})

    async def post(
        self, url: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """The answer to POST `url`."""
        return await self._send("POST", url, content, headers)

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        try:
            async with (
                asyncio.timeout(self._longest_s),
                self._client.stream(
                    method, url, content=content or None, headers=headers
                ) as response,
            ):
                body = await _first_octets(response)
                return Answer(
                    response.status_code, body, headers=dict(response.headers)
                )
        except TimeoutError:
            return Answer(0, failure=f"no whole answer in {self._longest_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Answer(0, failure=reason_of(error))


async def _first_octets(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= LONGEST_ANSWER_OCTETS:
            break
    return bytes(body[:LONGEST_ANSWER_OCTETS])


# What a kind of failure is called in a log line; the first match decides.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectTimeout, "connection timed out"),
    (httpx.PoolTimeout, "all connections are busy"),
    (httpx.TimeoutException, "timed out"),
    (httpx.ConnectError, "cannot connect"),
    (httpx.RemoteProtocolError, "connection closed or answer not HTTP"),
    (httpx.NetworkError, "connection lost"),
    (httpx.UnsupportedProtocol, "not an http or https address"),
    (httpx.InvalidURL, "not a web address"),
)


def reason_of(error: Exception) -> str:
    """Why a request had no answer, in a few words."""
    for kind, words in _FAILURES:
        if isinstance(error, kind):
            detail = " ".join(str(error).split())[:200]
            return f"{words} ({detail})" if detail else words
    return " ".join(str(error).split())[:200] or type(error).__name__
