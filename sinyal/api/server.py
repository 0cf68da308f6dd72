"""The HTTP server, inside the process that owns the event store.

Granian's usual form starts worker processes; one that outlives its parent would keep
the chDB directory locked. Embedded there is nothing to outlive: a killed service is
gone as a whole, and the next one opens the directory at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

# ASGI 3.0: scope, receive, send.
Application = Callable[[Any, Any, Any], Awaitable[None]]

# Answers under way get this long at the end; an open stream must not hold us up.
END_S = 3.0
BACKLOG = 1024


async def serve(
    application: Application, host: str, port: int, stop: asyncio.Event
) -> None:
    """Answer requests until told to stop.

    Errors: `OSError` when the address cannot be bound.
    """
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.interrupt_signal = True
    server.main_loop_interrupt.set()
    await asyncio.wait({serving}, timeout=END_S)
    if serving.done():
        serving.result()
    else:
        serving.cancel()
