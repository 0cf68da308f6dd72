"""Refusals in the API's form: `{"errors": [{"message", "code"}]}`.

Source: API general errors.
"""

from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from sinyal.runtime.log import LOG

# HTTP status: (extended code, message)
ERRORS = {
    400: ("1200", "Bad request"),
    401: ("1303", "Unauthorized."),
    403: ("1100", "Forbidden."),
    404: ("1101", "Resource could not be found"),
    405: ("1102", "Method not allowed"),
    413: ("1300", "Request is larger than 5 MB"),
    414: ("1200", "URI is longer than 4096 characters"),
    415: ("1700", "Unsupported media type"),
    429: ("1200", "Too many requests"),
    500: ("1500", "Internal server error"),
    503: ("1501", "Service unavailable"),
}


class ApiError(HTTPException):
    """A refusal; `message` stands in for the status's own, `param` is to blame."""

    def __init__(self, status: int, message: str = "", param: str = "") -> None:
        super().__init__(detail=message or ERRORS[status][1], status_code=status)
        self.param = param


def refusal(status: int, message: str = "", param: str = "") -> Response[Any]:
    """The response for a refusal; clients look at the body, not at the status."""
    code, usual = ERRORS.get(status, ("", "Refused"))
    fault = {"message": message or usual, "code": code}
    if param:
        fault["param"] = param
    return Response({"errors": [fault]}, status_code=status, media_type=MediaType.JSON)


def answer_refusal(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The response for any exception of an API route; what is unexpected is logged."""
    match error:
        case ApiError():
            return refusal(error.status_code, error.detail, error.param)
        case HTTPException() if error.status_code < 500:
            return refusal(error.status_code)
        case OSError():
            LOG.error("API: %s", error)
            return refusal(503)
    LOG.error("API: request failed", exc_info=error)
    return refusal(500)


def answer_unrouted(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The response where no route has an answer of its own: JSON below `/api/`."""
    if request.scope["path"].startswith("/api/"):
        return answer_refusal(request, error)
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status >= 500:
        LOG.error("HTTP: request failed", exc_info=error)
    _code, text = ERRORS.get(status, ("", "Refused"))
    return Response(text + "\n", status_code=status, media_type=MediaType.TEXT)
