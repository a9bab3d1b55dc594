"""The feeds: of one provider, of a category, of everything; each as Atom and as JSON Feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.services import Services, slug_of
from bot.web import conditional
from bot.web.feed_documents import Entry, Feed, atom, json_feed, latest_first
from storage import listing, providers, state
from storage.listing import Wanted
from storage.tables import Component, Incident, Maintenance, Provider

MOST = 50
"""Entries of a provider's feed."""
MOST_NEWS = 100
"""Entries of the others'."""
NEWS_FOR = timedelta(days=30)
KINDS = {
    "atom": (atom, "application/atom+xml; charset=utf-8"),
    "json": (json_feed, "application/feed+json; charset=utf-8"),
}
CACHE = "public, max-age=60, stale-while-revalidate=300"


def routes(services: Services) -> list[web.RouteDef]:
    """Everything that a feed reader may ask for."""
    feeds = _Feeds(services)
    return [
        web.get("/status/{slug}/feed.{kind:atom|json}", feeds.provider),
        web.get("/feeds/{category}.{kind:atom|json}", feeds.category),
        web.get("/feed.{kind:atom|json}", feeds.everything),
    ]


class _Feeds:
    def __init__(self, services: Services) -> None:
        self._services, self._home = services, services.home.rstrip("/")

    async def provider(self, request: web.Request) -> web.StreamResponse:
        async with self._services.database.read() as session:
            row = await providers.by_slug(session, request.match_info["slug"].replace("\0", ""))
            if row is None:
                raise web.HTTPNotFound
            rows: list[Incident | Maintenance] = [
                *await listing.incidents(session, row.id, Wanted(), None, MOST),
                *await listing.maintenances(session, row.id, Wanted(), None, MOST),
            ]
            entries = await self._entries(session, [(one, row) for one in rows])
        feed = self._feed(
            f"provider/{row.id}",
            f"{row.name} status",
            row.name,
            page=f"/status/{quote(row.slug)}",
            path=f"/status/{quote(row.slug)}/feed",
            entries=latest_first(entries, MOST),
        )
        return _answered(request, feed)

    async def category(self, request: web.Request) -> web.StreamResponse:
        async with self._services.database.read() as session:
            wanted = slug_of(request.match_info["category"])
            known = {slug_of(one): one for one in await listing.categories(session)}
            if wanted not in known:
                raise web.HTTPNotFound
            entries = await self._news(session, known[wanted])
        feed = self._feed(
            f"category/{wanted}", f"{known[wanted]}: status", "uptimus", path=f"/feeds/{wanted}", entries=entries
        )
        return _answered(request, feed)

    async def everything(self, request: web.Request) -> web.StreamResponse:
        async with self._services.database.read() as session:
            entries = await self._news(session, None)
        feed = self._feed("all", "Every provider: status", "uptimus", path="/feed", entries=entries)
        return _answered(request, feed)

    async def _news(self, session: AsyncSession, category: str | None) -> tuple[Entry, ...]:
        since = self._services.now() - NEWS_FOR
        rows = [
            *await listing.news(session, Incident, category, since, MOST_NEWS),
            *await listing.news(session, Maintenance, category, since, MOST_NEWS),
        ]
        return latest_first(await self._entries(session, rows), MOST_NEWS)

    async def _entries(
        self, session: AsyncSession, rows: Sequence[tuple[Incident | Maintenance, Provider]]
    ) -> list[Entry]:
        names = await _component_names(session, {provider.id for _, provider in rows})
        return [self._entry(row, provider, names.get(provider.id, {})) for row, provider in rows]

    def _entry(self, row: Incident | Maintenance, provider: Provider, names: Mapping[str, str]) -> Entry:
        kind = "incident" if isinstance(row, Incident) else "maintenance"
        case = state.incident(row) if isinstance(row, Incident) else state.maintenance(row)
        said = [update.posted_at for update in case.updates] or [row.first_seen_at]
        return Entry(
            id=self._tag(f"{kind}/{row.id}", row.first_seen_at),
            case=case,
            provider=provider.name,
            page=f"{self._home}/status/{quote(provider.slug)}",
            published=said[0],
            updated=max(row.changed_at or said[-1], said[-1]),
            names=names,
        )

    def _tag(self, what: str, minted: datetime | None = None) -> str:
        """RFC 4151: the same for ever, whatever a provider's name and slug become."""
        host = urlsplit(self._home).hostname or "localhost"
        return f"tag:{host},{minted:%Y-%m-%d}:{what}" if minted else f"tag:{host},2026:{what}"

    def _feed(
        self, id_: str, title: str, author: str, *, path: str, entries: tuple[Entry, ...], page: str = "/status"
    ) -> Feed:
        return Feed(
            id=self._tag(id_),
            title=title,
            author=author,
            home=self._home,
            page=f"{self._home}{page}",
            path=path,
            entries=entries,
        )


async def _component_names(session: AsyncSession, provider_ids: set[int]) -> dict[int, dict[str, str]]:
    rows = await session.execute(
        select(Component.provider_id, Component.external_id, Component.name).where(
            Component.provider_id.in_(provider_ids)
        )
    )
    found: dict[int, dict[str, str]] = {}
    for provider_id, external_id, name in rows:
        found.setdefault(provider_id, {})[external_id] = name
    return found


def _answered(request: web.Request, feed: Feed) -> web.StreamResponse:
    write, content_type = KINDS[request.match_info["kind"]]
    return conditional.answered(
        request,
        write(feed),
        content_type=content_type,
        cache=CACHE,
        last_modified=feed.updated if feed.entries else None,
        headers={"Access-Control-Allow-Origin": "*"},
    )
