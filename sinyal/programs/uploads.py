"""The Signals connector of a running server: there, gone or changed by a reload."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from sinyal.config.settings import SignalsSettings
from sinyal.delivery.compose import tracking_root
from sinyal.runtime.clock import Clock
from sinyal.runtime.http import HttpClient
from sinyal.runtime.log import LOG
from sinyal.upload.attempt import poster
from sinyal.upload.connector import Connector, ConnectorSettings


class Uploads:
    """Uploads event files while a `<signals>` section says so; guide 10.1.4.2."""

    def __init__(self, directory: Path, roll: Callable[[], object]) -> None:
        self._directory = directory
        self._roll = roll
        self._signals: SignalsSettings | None = None
        self._http: HttpClient | None = None
        self._connector: Connector | None = None
        self._changed = asyncio.Event()

    def adopt(self, signals: SignalsSettings | None) -> None:
        """Upload as the section says from now on; None: upload nothing."""
        if signals == self._signals:
            return
        self._signals = signals
        self._changed.set()
        if signals is None:
            self._connector = None
            return
        if signals.engagement_tracking == "sparkpost" and not tracking_root(signals):
            LOG.warning(
                "Signals: engagement tracking is off: links under pmta.spgo.io could "
                "be served by SparkPost alone; name a tracking-domain of your own"
            )
        self._http = self._http or HttpClient()
        post = poster(self._http, signals.upload_url, signals.api_key)
        settings = ConnectorSettings(
            interval_s=signals.upload_interval,
            min_free_octets=signals.min_free_space,
            is_verbose=signals.log_verbose,
        )
        if self._connector is None:
            self._connector = Connector(self._directory, post, self._roll, settings)
        else:
            self._connector.adopt(post, settings)

    async def run(self, clock: Clock, stop: asyncio.Event) -> None:
        """Scan each interval, and at a change, until `stop` is set."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._changed.clear()
                if self._connector is not None:
                    await self._connector.scan(clock())
                await self._pause(stopping)
        finally:
            stopping.cancel()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _pause(self, stopping: asyncio.Task[Literal[True]]) -> None:
        """Let the interval pass, or wait for a change where nothing is uploaded."""
        changing = asyncio.create_task(self._changed.wait())
        wait_s = self._signals.upload_interval if self._signals else None
        try:
            await asyncio.wait(
                {stopping, changing},
                timeout=wait_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            changing.cancel()
