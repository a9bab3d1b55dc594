"""The pages for people as they are asked for: the directory, one provider, the picture of a link to it.

A page is kept for some seconds. While it can't be made, because the database is away, it is shown as it was, and
says so.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import structlog
from aiohttp import web
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from bot.commands.reply import DayCell
from bot.web import conditional, pages
from bot.web.kept_pages import Kept, KeptPages, Make
from bot.web.questions import SENTENCES
from bot.web.views import ANYTHING, Asked, Facts, Missing, ProviderView, ShowDirectory, ShowProvider
from relay.wording import utc

CACHE = "public, max-age=10, stale-while-revalidate=60"
CARD_CACHE = "public, max-age=300, stale-while-revalidate=3600"
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Vary": "Accept-Encoding",
}
WITHIN = 10.0
"""Seconds that the database may take."""
LONGEST_TEXT = 60
HIGHEST_PAGE = 100_000
MOST_CARDS = 200
OLD = "<!-- as it was -->"
"""Where a page says that it is old. (No text of a stranger's can hold it: it would be escaped.)"""
AWAY = (OSError, TimeoutError, SQLAlchemyError)
"""What is raised where the database can't be reached."""

log = structlog.get_logger("web")


class _Nobody(Exception):  # noqa: N818  # no error: it carries what there is instead
    def __init__(self, missing: Missing | None) -> None:
        self.missing = missing


class Site:
    """`now` is whose clock the pages tell."""

    def __init__(
        self,
        provider: ShowProvider,
        directory: ShowDirectory,
        facts: Facts,
        now: Callable[[], datetime],
        kept: KeptPages | None = None,
    ) -> None:
        self._provider, self._directory, self._facts, self._now = provider, directory, facts, now
        self._kept = kept or KeptPages()
        self._cards: OrderedDict[str, bytes] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        """All of it."""
        return [
            web.get("/", self.directory),
            web.get("/status", self.directory),
            web.get("/status/{slug}", self.provider),
            web.get("/status/{slug}/card.png", self.card),
        ]

    async def directory(self, request: web.Request) -> web.StreamResponse:
        """What is followed."""
        asked = _asked(request, "q")

        async def make() -> bytes:
            return pages.directory_page(await self._directory(asked), self._facts, self._now()).encode()

        return await self._answer(request, f"directory {asked}", make)

    async def provider(self, request: web.Request) -> web.StreamResponse:
        """One provider."""
        slug, asked = request.match_info["slug"].lower(), _asked(request, "components")

        async def make() -> bytes:
            return pages.provider_page(await self._view(slug, asked), self._facts, self._now()).encode()

        return await self._answer(request, f"provider {slug} {asked}", make)

    async def card(self, request: web.Request) -> web.StreamResponse:
        """The picture of a link to a provider's page."""
        try:
            view = await self._view(request.match_info["slug"].lower(), ANYTHING)
        except _Nobody:
            raise web.HTTPNotFound from None
        return conditional.answered(request, await self._drawn(view), content_type="image/png", cache=CARD_CACHE)

    async def _view(self, slug: str, asked: Asked) -> ProviderView:
        view = await self._provider(slug, asked)
        if not isinstance(view, ProviderView):
            raise _Nobody(view)
        return view

    async def _answer(self, request: web.Request, name: str, make: Make) -> web.StreamResponse:
        try:
            async with asyncio.timeout(WITHIN):
                page = await self._kept.get(name, make)
        except _Nobody as nobody:
            self._kept.forget(name)
            return _plain(pages.missing_page(nobody.missing, self._facts), 404)
        except AWAY as error:
            log.warning("page can't be made", page=name[:100], error=type(error).__name__, detail=str(error)[:200])
            return self._as_it_was(self._kept.last(name))
        return _conditional(request, page)

    def _as_it_was(self, page: Kept | None) -> web.StreamResponse:
        if page is None:
            text = "What is known can't be reached at the moment. Please try again in a minute."
            response = _plain(pages.words_page("Not available just now", text), 503)
        else:
            age = int(self._kept.clock() - page.made_at)
            at = utc(datetime.fromtimestamp(self._now().timestamp() - age, UTC))
            said = Markup('<p class="old"><strong>This page is old.</strong> It is from {}: {}</p>').format(
                at, "what is known now can't be reached at the moment."
            )
            response = _plain(page.body.decode().replace(OLD, said, 1), 503)
        response.headers["Retry-After"] = "15"
        return response

    async def _drawn(self, view: ProviderView) -> bytes:
        from bot import charts  # its library takes a moment

        days = tuple(DayCell(one.day, one.state) for one in view.days)
        says = SENTENCES[view.status] + (f" since {utc(view.since)}" if view.since is not None else "")
        key = hashlib.sha256(repr((view.name, view.status, says, days, view.uptime)).encode()).hexdigest()
        if key not in self._cards:
            strip = charts.Strip(view.name, days, _first_upper(view.uptime))
            drawn = partial(charts.card, view.name, str(view.status), says, strip)
            self._cards[key] = await asyncio.to_thread(drawn)
            while len(self._cards) > MOST_CARDS:
                self._cards.popitem(last=False)
        self._cards.move_to_end(key)
        return self._cards[key]


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _asked(request: web.Request, text_name: str) -> Asked:
    """Whatever else is asked for is not heard."""
    query = request.query
    page = query.get("page", "1")
    return Asked(
        text=_line(query.get(text_name, "")),
        page=min(int(page), HIGHEST_PAGE)
        if page.isascii() and page.isdecimal() and len(page) < 10 and int(page)
        else 1,
        category=_line(query.get("category", "")) if text_name == "q" else "",
    )


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:LONGEST_TEXT]


def _plain(html: str, status: int) -> web.Response:
    """What nobody is to keep for long."""
    headers = SAFE_HEADERS | {"Cache-Control": CACHE if status < 500 else "no-store"}
    if status != 200:
        headers["X-Robots-Tag"] = "noindex"
    response = web.Response(text=html, content_type="text/html", status=status, headers=headers)
    response.enable_compression()
    return response


def _conditional(request: web.Request, page: Kept) -> web.Response:
    """The page, compressed where the client takes that, or 304 where it has it. Both forms have ETags of their own
    (RFC 9110, 8.8.3.3), and either will do."""
    zipped = page.gzipped if "gzip" in request.headers.get("Accept-Encoding", "").lower() else None
    tag = page.etag if zipped is None else f"{page.etag}-gzip"
    known = any(one.value in ("*", page.etag, f"{page.etag}-gzip") for one in request.if_none_match or ())
    response = web.Response(status=304 if known else 200, headers=SAFE_HEADERS | {"Cache-Control": CACHE})
    response.etag = tag
    if not known:
        response.headers["Content-Type"] = "text/html; charset=utf-8"
        response.body = page.body if zipped is None else zipped
        if zipped is not None:
            response.headers["Content-Encoding"] = "gzip"
    return response
