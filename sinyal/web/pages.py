"""Templates made into answers: every page with its language, assets and headers."""

from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import State

from sinyal.metrics.definition import DIMENSION, DIMENSIONS, METRIC, RATE
from sinyal.metrics.moment import write_moment
from sinyal.web.address import RANGE_LABELS, RANGES, event_link, link, message_link
from sinyal.web.assets import Assets
from sinyal.web.events import FACES, INPUTS, face, raw
from sinyal.web.language import Language, choose, load_languages
from sinyal.web.message import ABOUT
from sinyal.web.summary import CARDS, COLUMNS, SERIES, STEP_LABELS

TEMPLATES = Path(__file__).parent / "templates"

Asking = Request[Any, Any, State]

# No script or style of a page's own text runs; nothing comes from another host.
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
))

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

LANGUAGE_COOKIE = "language"
YEAR_S = 365 * 86_400


class Pages:
    """The templates, with the tables that they show."""

    def __init__(self, assets: Assets) -> None:
        self._languages = load_languages()
        self._environment = make_environment()
        self._environment.globals.update({
            "asset": assets.url,
            "languages": list(self._languages.values()),
            "link": link,
            "message_link": message_link,
            "event_link": event_link,
            "write_moment": write_moment,
            "face": face,
            "raw": raw,
            "METRIC": METRIC,
            "RATE": RATE,
            "DIMENSION": DIMENSION,
            "DIMENSIONS": DIMENSIONS,
            "RANGES": RANGES,
            "RANGE_LABELS": RANGE_LABELS,
            "STEP_LABELS": STEP_LABELS,
            "CARDS": CARDS,
            "COLUMNS": COLUMNS,
            "SERIES": SERIES,
            "INPUTS": INPUTS,
            "FACES": FACES,
            "ABOUT": ABOUT,
        })

    def language(self, request: Asking) -> Language:
        """By the address, else by the cookie of an earlier choice, else the browser."""
        wanted = request.query_params.get("lang") or ""
        kept = request.cookies.get(LANGUAGE_COOKIE, "")
        accepted = request.headers.get("accept-language", "")
        asked = wanted if wanted in self._languages else kept
        return choose(asked, accepted, self._languages)

    def answer(
        self, request: Asking, name: str, status: int = 200, **content: Any
    ) -> Response[str]:
        """The template `name` filled in. The language asked for is remembered."""
        language = self.language(request)
        text = self._environment.get_template(name).render(
            _=language.text,
            language=language,
            path=request.url.path,
            in_language=partial(_in_language, request),
            **content,
        )
        page = Response(content=text, media_type="text/html", status_code=status)
        page.headers["Cache-Control"] = "no-store"
        page.headers["Vary"] = "Accept-Language, Cookie"
        if request.query_params.get("lang") == language.code:
            page.set_cookie(
                LANGUAGE_COOKIE,
                language.code,
                max_age=YEAR_S,
                samesite="lax",
                httponly=True,
            )
        return page


def make_environment() -> Environment:
    """Templates whose every value is escaped, and that may miss none."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _in_language(request: Asking, code: str) -> str:
    """The same address in another language."""
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    return link(request.url.path, [*pairs, ("lang", code)])
