"""The one HTTP server: public pages, health, metrics, and the door for Slack's requests."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.web import pages, static_files
from bot.web.api.problems import as_problems
from bot.web.site import CACHE as BRIEFLY
from bot.web.site import Site
from bot.web.views import PLAIN, Facts, ShowDirectory, ShowProvider
from relay.metrics import Metrics

Problems = Callable[[], Awaitable[dict[str, str]]]
"""What is wrong, by part, in one line each; empty: nothing. It asks the database, and may raise."""
Door = Callable[[web.Request], Awaitable[web.StreamResponse]]

READY_WITHIN = 5.0
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
EVERYWHERE = {
    # of what has no policy of its own: nothing in it runs or loads
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with whatever this server answers, unless the answer says otherwise."""
HSTS = "max-age=31536000"
"""Where our own address begins with https://. Of other hosts of the domain we know nothing."""
log = structlog.get_logger("web")


def build(
    *,
    provider: ShowProvider,
    directory: ShowDirectory,
    metrics: Metrics,
    problems: Problems,
    before_scrape: Callable[[], Awaitable[None]] | None = None,
    slack: Mapping[tuple[str, str], Door] | None = None,
    mail: Mapping[tuple[str, str], Door] | None = None,
    push: Mapping[tuple[str, str], Door] | None = None,
    facts: Facts = PLAIN,
    routes: Iterable[web.AbstractRouteDef] = (),
    middlewares: Iterable[Middleware] = (),
    ready_within: float = READY_WITHIN,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> web.Application:
    """The application. `before_scrape` brings gauges up to date; `slack` answers what Slack asks, by method and
    path, `mail` what readers of mails do, `push` what browsers do that want to be told; `facts` is what the
    pages tell of this uptimus; `routes` is whatever else there is, and `middlewares` what looks at every request
    first; `ready_within` is how many seconds the database may take to answer."""
    app = web.Application(middlewares=[_in_words, as_problems, *middlewares], client_max_size=1024**2)
    app.on_response_prepare.append(_hardened(facts.home))
    site = Site(provider, directory, replace(facts, push=push is not None), now)
    health = _Health(problems, metrics, before_scrape, ready_within)
    app.add_routes(
        [
            *site.routes(),
            *static_files.routes(),
            web.get("/healthz", _alive),
            web.get("/readyz", health.ready),
            web.get("/metrics", health.figures),
        ]
    )
    for (method, path), answer in {**(slack or {}), **(mail or {}), **(push or {})}.items():
        app.router.add_route(method, path, answer)
    app.add_routes(routes)
    return app


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


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"}, headers=_private())


def _page(html: str, status: int = 200) -> web.Response:
    headers = SAFE_HEADERS | {"Cache-Control": BRIEFLY if status < 500 else "no-store"}
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)


def _private() -> dict[str, str]:
    return SAFE_HEADERS | {"Cache-Control": "no-store"}


def _hardened(home: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What browsers are told with every answer, and nobody is told: which server this is, of which version."""
    always = EVERYWHERE | ({"Strict-Transport-Security": HSTS} if home.startswith("https://") else {})

    async def harden(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in always.items():
            response.headers.setdefault(name, value)
        response.headers.popall("Server", None)

    return harden


def _pattern(request: web.Request) -> str:
    """The path without what was filled in, which may be a proof of something."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


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
        log.exception("page failed", path=_pattern(request))
        text = "This page can't be shown at the moment. Please try again in a minute."
        return _page(pages.words_page("Something went wrong", text), status=500)
