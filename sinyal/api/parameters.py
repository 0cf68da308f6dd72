"""Query parameters of the searches; API events-search, common parameters.

Unknown parameters are ignored; a bad value is refused with its name.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from sinyal.api.errors import ApiError

URI_CHARACTERS = 4096
DAY_S, MINUTE_S = 86_400, 60
PAGE_ROWS, MOST_PAGE_ROWS = 1000, 10_000

TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.\d{1,6})?(Z|[ +]00:00)?"
)
NUMBER = re.compile(r"-?\d{1,18}")


class Query:
    """The parameters of one request.

    Errors: each reading method raises `ApiError` 400 for a bad value.
    """

    def __init__(self, path: str, text: str) -> None:
        if len(path) + len(text) >= URI_CHARACTERS:
            raise ApiError(414)
        self._path = path
        self._values: Mapping[str, str] = dict(parse_qsl(text))

    def text(self, name: str) -> str:
        return self._values.get(name, "")

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of a list, cut at the request's own `delimiter`."""
        value = self._values.get(name, "")
        delimiter = self._values.get("delimiter") or ","
        return tuple(part for part in value.split(delimiter) if part)

    def numbers(self, name: str) -> tuple[int, ...]:
        texts = self.texts(name)
        if not all(NUMBER.fullmatch(text) for text in texts):
            raise ApiError(400, f"{name} must be numbers", name)
        return tuple(map(int, texts))

    def time(self, name: str, default: float) -> float:
        """Epoch seconds; without a zone UTC, seconds may be left out."""
        value = self._values.get(name, "")
        if not value:
            return default
        found = TIME.fullmatch(value)
        try:
            assert found is not None
            text = f"{found[1]}T{found[2]}{found[3] or ':00'}"
            return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        except (AssertionError, ValueError) as error:
            wanted = f"{name} must be a time such as 2026-01-31T12:00:00Z"
            raise ApiError(400, wanted, name) from error

    def per_page(self) -> int:
        value = self._values.get("per_page", "") or str(PAGE_ROWS)
        if not NUMBER.fullmatch(value) or not 1 <= int(value) <= MOST_PAGE_ROWS:
            raise ApiError(400, "per_page must be from 1 to 10000", "per_page")
        return int(value)

    def next_link(self, cursor: str) -> str:
        """The path of the next page: the same filters and its cursor."""
        return f"{self._path}?{urlencode({**self._values, 'cursor': cursor})}"
