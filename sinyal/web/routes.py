"""The pages' addresses: `/`, `/summary`, `/events`, `/messages/…`, `/static/…`."""

from litestar import Response, Router, get
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from sinyal.metrics.report import newest_event_at, report
from sinyal.metrics.search import search
from sinyal.runtime import clock
from sinyal.store.error import StoreError
from sinyal.store.events import EventStore
from sinyal.web.access import AccountOf, Refusal, Viewer, admit
from sinyal.web.assets import Assets, load_assets
from sinyal.web.events import read_events
from sinyal.web.message import history, one_event
from sinyal.web.pages import SECURITY_HEADERS, YEAR_S, Asking, Pages
from sinyal.web.summary import busy_steps, chart, read_summary


def routes(
    store: EventStore,
    account_of: AccountOf | None = None,
    now: clock.Clock = clock.now,
) -> list[Router]:
    """Everything that a browser asks for, to be mounted at the root.

    `account_of` finds the account of an API key; None shows the pages to everybody who
    asks by a loopback name, so give it unless the listener is on loopback.
    """
    assets = load_assets()
    site = Site(store, account_of, now, Pages(assets))
    handlers: list[HTTPRouteHandler] = [
        *_summary_routes(site),
        *_event_routes(site),
        _static_route(assets),
        _icon_route(assets),
    ]
    return [
        Router(
            path="/",
            route_handlers=handlers,
            after_request=_secured,
            exception_handlers=_exception_handlers(site),
            include_in_schema=False,
        )
    ]


class Site:
    """What all handlers share."""

    def __init__(
        self,
        store: EventStore,
        account_of: AccountOf | None,
        now: clock.Clock,
        pages: Pages,
    ) -> None:
        self.store = store
        self.now = now
        self.pages = pages
        self._account_of = account_of

    def admit(self, request: Asking) -> Viewer:
        """Who asks. Errors: Refusal."""
        headers = request.headers
        return admit(
            headers.get("authorization", ""), headers.get("host", ""), self._account_of
        )

    def missing(self, request: Asking, what: str) -> Response[str]:
        return self.pages.answer(
            request, "problem.html", 404, title="Not found", reason=what, retry=""
        )

    def refused(self, request: Asking, refusal: Refusal) -> Response[str]:
        """The page that says why, and asks the browser for a key."""
        page = self.pages.answer(
            request,
            "problem.html",
            refusal.status,
            title="No access",
            reason=refusal.reason,
            retry="",
        )
        if refusal.status == 401:
            challenge = 'Basic realm="sinyal", charset="UTF-8"'
            page.headers["WWW-Authenticate"] = challenge
        return _secured(page)

    def store_failed(self, request: Asking) -> Response[str]:
        """The page that offers to ask again; the engine's words stay with us."""
        page = self.pages.answer(
            request,
            "problem.html",
            503,
            title="The event store did not answer",
            reason="Nothing is lost: events wait on disk until it does.",
            retry=str(request.url.path)
            + (f"?{request.url.query}" if request.url.query else ""),
        )
        page.headers["Retry-After"] = "5"
        return _secured(page)


def _exception_handlers(site: Site) -> ExceptionHandlersMap:
    # Closures, not methods: the framework copies handlers, with what they are bound to.
    def refused(request: Asking, refusal: Refusal) -> Response[str]:
        return site.refused(request, refusal)

    def store_failed(request: Asking, _error: StoreError) -> Response[str]:
        return site.store_failed(request)

    return {Refusal: refused, StoreError: store_failed}


def _summary_routes(site: Site) -> list[HTTPRouteHandler]:
    def shown(request: Asking, template: str) -> Response[str]:
        viewer = site.admit(request)
        view = read_summary(request.query_params.dict(), site.now())
        answer = report(site.store, view.query(viewer))
        return site.pages.answer(
            request,
            template,
            400 if view.problems else 200,
            view=view,
            report=answer,
            series=chart(answer, site.pages.language(request)),
            busy=busy_steps(answer),
            newest_at=newest_event_at(site.store, viewer.customer_id, viewer.exact),
            now=site.now(),
        )

    @get("/", sync_to_thread=False)
    def start() -> Redirect:
        return Redirect("/summary")

    @get("/summary", sync_to_thread=True)
    def summary_page(request: Asking) -> Response[str]:
        return shown(request, "summary.html")

    @get("/summary/report", sync_to_thread=True)
    def summary_report(request: Asking) -> Response[str]:
        return shown(request, "report.html")

    return [start, summary_page, summary_report]


def _event_routes(site: Site) -> list[HTTPRouteHandler]:
    @get("/events", sync_to_thread=True)
    def events_page(request: Asking) -> Response[str]:
        viewer = site.admit(request)
        view = read_events(request.query_params.dict(), site.now())
        page = search(site.store, view.filters(viewer))
        newest_at = 0
        if not page.total_count:
            newest_at = newest_event_at(site.store, viewer.customer_id, viewer.exact)
        return site.pages.answer(
            request,
            "events.html",
            400 if view.problems else 200,
            view=view,
            found=page,
            newest_at=newest_at,
        )

    @get("/events/{event_id:str}", sync_to_thread=True)
    def event_page(request: Asking, event_id: FromPath[str]) -> Response[str]:
        event = one_event(site.store, event_id, site.admit(request))
        if event is None:
            return site.missing(request, "No event has this identity.")
        return site.pages.answer(request, "event.html", event=event)

    @get("/messages/{message_id:str}", sync_to_thread=True)
    def message_page(request: Asking, message_id: FromPath[str]) -> Response[str]:
        found = history(site.store, message_id, site.admit(request))
        if found is None:
            return site.missing(request, "No event tells of this message.")
        return site.pages.answer(request, "message.html", history=found)

    return [events_page, event_page, message_page]


def _static_route(assets: Assets) -> HTTPRouteHandler:
    @get("/static/{name:str}", sync_to_thread=False)
    def static_file(request: Asking, name: FromPath[str]) -> Response[bytes]:
        asset = assets.by_url_name.get(name)
        if asset is None:
            return Response(b"", status_code=404)
        takes_zipped = "gzip" in request.headers.get("accept-encoding", "")
        is_zipped = bool(asset.zipped) and takes_zipped
        return Response(
            asset.zipped if is_zipped else asset.octets,
            media_type=asset.media_type,
            headers={
                "Cache-Control": f"public, max-age={YEAR_S}, immutable",
                "Vary": "Accept-Encoding",
                **({"Content-Encoding": "gzip"} if is_zipped else {}),
            },
        )

    return static_file


def _icon_route(assets: Assets) -> HTTPRouteHandler:
    @get("/favicon.ico", sync_to_thread=False)
    def icon() -> Redirect:
        """Where the picture is, for those who ask without having read a page."""
        return Redirect(assets.url("favicon.svg"))

    return icon


def _secured(response: Response[str]) -> Response[str]:
    for name, value in SECURITY_HEADERS.items():
        response.headers[name] = value
    return response
