"""Who asks: API keys of requests, looked up once and then remembered for a while.

Source: API general (authorization), RFC 7617 (Basic).
"""

import asyncio
import base64
import binascii
import re
from collections import OrderedDict
from typing import Any

from litestar import Request

from sinyal.api.errors import ApiError
from sinyal.runtime.clock import Clock
from sinyal.store.control import Account, ControlStore

KEY = re.compile(r"[0-9a-fA-F]{40}")

# An unknown key is soon asked for again, so that a new key works at once.
KNOWN_S, UNKNOWN_S = 30.0, 1.0
REMEMBERED = 1000

Found = tuple[float, Account | None]  # until when, whose


def key_of(authorization: str) -> str | None:
    """The key of an Authorization header, bare or as the user of Basic, or None."""
    scheme, _blank, rest = authorization.strip().partition(" ")
    key = scheme
    if rest and scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        key = pair.partition(":")[0]
    elif rest:
        return None
    return key.lower() if KEY.fullmatch(key) else None


class Access:
    """The accounts behind keys; a key that was removed works on for half a minute."""

    def __init__(self, control: ControlStore, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        self._found: OrderedDict[str, Found] = OrderedDict()

    async def account_for(self, request: Request[Any, Any, Any], grant: str) -> Account:
        """The account that asks.

        Errors: `ApiError` 401 without a known key, 403 when it lacks the grant.
        """
        account = await self.account_of(request.headers.get("authorization", ""))
        if account is None:
            raise ApiError(401)
        if not account.may(grant):
            raise ApiError(403)
        return account

    async def account_of(self, authorization: str) -> Account | None:
        """The account of an Authorization header, or None."""
        key = key_of(authorization)
        if key is None:
            return None
        now = self._clock()
        until, account = self._found.get(key, (0.0, None))
        if until <= now:
            account = await asyncio.to_thread(self._control.account_of, key)
            self._found[key] = (now + (KNOWN_S if account else UNKNOWN_S), account)
            self._found.move_to_end(key)
            if len(self._found) > REMEMBERED:
                self._found.popitem(last=False)
        return account
