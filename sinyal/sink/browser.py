"""A reader's browser: fetches pixels, follows wrapped links, and tells the ledger.

A fact is written after the answer that makes it true. A visit is repeated only when
the first cannot have been counted: no connection, or 429 or 503 as the answer.
"""

import asyncio
from http import HTTPStatus

import httpx
import msgspec

from sinyal.runtime.clock import Clock
from sinyal.sink.agents import user_agent
from sinyal.sink.ledger import Fact, Ledger
from sinyal.sink.page import Link, Page
from sinyal.sink.sites import Sites

TIME_LIMIT_S = 30.0
KEEP_S = 2.0  # shorter than any server keeps a connection: no request meets its end
ATTEMPTS = 6
FIRST_PAUSE_S = 0.2
_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Reader(msgspec.Struct, frozen=True):
    """Who reads which mail with what."""

    rcpt: str
    message_id: str
    job: str
    agent: str
    share: float

    def fact(self, name: str, at: float, **detail: str) -> Fact:
        return Fact(name, at, self.rcpt, self.message_id, self.job, detail)


class Browser:
    """Visits with a bounded number of connections; `close` it at the end."""

    def __init__(
        self, sites: Sites, ledger: Ledger, clock: Clock, connections: int
    ) -> None:
        self._sites = sites
        self._ledger = ledger
        self._clock = clock
        limits = httpx.Limits(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEP_S,
        )
        # Nothing secret is sent, and a tracking host on loopback signs for itself.
        self._client = httpx.AsyncClient(
            limits=limits, timeout=TIME_LIMIT_S, trust_env=False, verify=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def open(self, reader: Reader, page: Page) -> None:
        """Load the images of the page: the top pixel, then the bottom one."""
        if len(page.pixels) != 2:
            self._note(reader, "open", f"{len(page.pixels)} pixels, not 2")
            return
        for name, url in zip(("initial_open", "open"), page.pixels, strict=True):
            answer = await self._get(url, reader)
            why = answer if isinstance(answer, str) else _why_no_gif(answer)
            self._note(reader, name, why, agent=reader.agent)

    async def click(self, reader: Reader, link: Link) -> None:
        """Follow one wrapped link, up to its redirection and no further."""
        answer = await self._get(link.url, reader)
        if isinstance(answer, str):
            self._note(reader, "click", answer, agent=reader.agent)
            return
        location = answer.headers.get("location", "")
        why = _why_no_redirection(answer, location, link.expected)
        self._note(reader, "click", why, agent=reader.agent, location=location)

    async def find_nothing(self, reader: Reader) -> None:
        """Tell the ledger that there was no link to follow."""
        self._note(reader, "click", "no wrapped link", agent=reader.agent)

    def _note(self, reader: Reader, name: str, why: str, **detail: str) -> None:
        if why:
            fact = reader.fact("failed", self._clock(), act=name, why=why, **detail)
        else:
            fact = reader.fact(name, self._clock(), **detail)
        self._ledger.write(fact)

    async def _get(self, url: str, reader: Reader) -> httpx.Response | str:
        """The answer, or why there is none."""
        visit = self._sites.visit(url)
        if visit is None:
            return "the host may not be visited"
        agent = user_agent(reader.agent, reader.share)
        headers = {"Host": visit.host, "User-Agent": agent, "Accept": "*/*"}
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))
            answer = await self._try(visit.url, headers)
            if isinstance(answer, httpx.Response) and answer.status_code not in _AGAIN:
                return answer
            if isinstance(answer, httpx.HTTPError | httpx.InvalidURL) and not (
                isinstance(answer, _NEVER_SENT)
            ):
                return f"the answer was lost: {answer!r}"
        return f"given up: {answer!r}"

    async def _try(
        self, url: str, headers: dict[str, str]
    ) -> httpx.Response | httpx.HTTPError | httpx.InvalidURL:
        try:
            return await self._client.get(url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return error


def _why_no_gif(answer: httpx.Response) -> str:
    if answer.status_code != HTTPStatus.OK:
        return f"status {answer.status_code}"
    return "" if answer.content.startswith(b"GIF8") else "not a GIF"


def _why_no_redirection(answer: httpx.Response, location: str, expected: str) -> str:
    if answer.status_code != HTTPStatus.FOUND:
        return f"status {answer.status_code}"
    if expected and location != expected:
        return f"led elsewhere than {expected}"
    return "" if location else "no Location"
