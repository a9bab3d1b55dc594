"""The one HTTP server: public pages, health, metrics, and the door for Slack's requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web import pages
from bot.web.views import ShowDirectory, ShowProvider
from relay.metrics import Metrics

Problems = Callable[[], Awaitable[dict[str, str]]]
"""What is wrong, by part, in one line each; empty: nothing. It asks the database, and may raise."""
Door = Callable[[web.Request], Awaitable[web.StreamResponse]]

READY_WITHIN = 5.0
FRESH = "public, max-age=10, stale-while-revalidate=30"
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}

log = structlog.get_logger("web")


def build(
    *,
    provider: ShowProvider,
    directory: ShowDirectory,
    metrics: Metrics,
    problems: Problems,
    before_scrape: Callable[[], Awaitable[None]] | None = None,
    slack: Mapping[tuple[str, str], Door] | None = None,
    ready_within: float = READY_WITHIN,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> web.Application:
    """The application. `before_scrape` brings gauges up to date; `slack` answers what Slack asks,
    by method and path; `ready_within` is how many seconds the database may take to answer."""
    app = web.Application(middlewares=[_in_words], client_max_size=1024**2)
    site, health = _Pages(provider, directory, now), _Health(problems, metrics, before_scrape, ready_within)
    app.add_routes(
        [
            web.get("/", _to_directory),
            web.get("/status", site.directory),
            web.get("/status/{slug}", site.provider),
            web.get("/static/status.css", _style),
            web.get("/favicon.ico", _no_icon),
            web.get("/healthz", _alive),
            web.get("/readyz", health.ready),
            web.get("/metrics", health.figures),
        ]
    )
    for (method, path), answer in (slack or {}).items():
        app.router.add_route(method, path, answer)
    return app


class _Pages:
    def __init__(self, provider: ShowProvider, directory: ShowDirectory, now: Callable[[], datetime]) -> None:
        self._provider, self._directory, self._now = provider, directory, now

    async def directory(self, _: web.Request) -> web.Response:
        return _page(pages.directory_page(await self._directory(), self._now()))

    async def provider(self, request: web.Request) -> web.Response:
        view = await self._provider(request.match_info["slug"])
        if view is None:
            return _page(
                pages.words_page(
                    "Not found",
                    "No provider of this name is followed here. Perhaps the address has a typing mistake?",
                ),
                status=404,
            )
        return _page(pages.provider_page(view, self._now()))


class _Health:
    def __init__(
        self,
        problems: Problems,
        metrics: Metrics,
        before_scrape: Callable[[], Awaitable[None]] | None,
        within: float,
    ) -> None:
        self._problems, self._metrics, self._within = problems, metrics, within
        self._before_scrape = before_scrape

    async def ready(self, _: web.Request) -> web.Response:
        problems = await self._named()
        body = {"status": "problems", "problems": problems} if problems else {"status": "ok"}
        return web.json_response(body, status=503 if problems else 200, headers=_private())

    async def _named(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._within):
                return await self._problems()
        except TimeoutError:
            return {"database": f"no answer within {self._within:g} s"}
        except Exception as error:
            log.warning("not ready", error=type(error).__name__, detail=str(error)[:200])
            return {"database": f"can't be reached ({type(error).__name__})"}

    async def figures(self, _: web.Request) -> web.Response:
        """Also without the database: the other figures are wanted most when that is gone."""
        if self._before_scrape is not None:
            try:
                async with asyncio.timeout(self._within):
                    await self._before_scrape()
            except Exception as error:
                log.warning("stale gauges", error=type(error).__name__, detail=str(error)[:200])
        return web.Response(
            body=self._metrics.exposition(),
            headers=_private() | {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )


async def _to_directory(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/status")


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"}, headers=_private())


async def _style(_: web.Request) -> web.Response:
    # its address changes with its text
    headers = SAFE_HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=pages.STYLE, content_type="text/css", charset="utf-8", headers=headers)


async def _no_icon(_: web.Request) -> web.Response:
    # browsers ask for one at each visit
    return web.Response(status=204, headers=SAFE_HEADERS | {"Cache-Control": "public, max-age=86400"})


def _page(html: str, status: int = 200) -> web.Response:
    headers = SAFE_HEADERS | {"Cache-Control": FRESH if status < 500 else "no-store"}
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)


def _private() -> dict[str, str]:
    return SAFE_HEADERS | {"Cache-Control": "no-store"}


@web.middleware
async def _in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is not there and what went wrong, as a page that says so."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _page(pages.words_page("Not found", "There is no page at this address."), status=404)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("page failed", path=request.path)
        text = "This page can't be shown at the moment. Please try again in a minute."
        return _page(pages.words_page("Something went wrong", text), status=500)
