"""Link previews: a link to a status page that is known gets a card with its state. Nothing is read for it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.services import Services, shown_status
from bot.slack import showing
from bot.slack.desk import Desk, Refusal
from bot.slack.unfurl_view import Page, unfurl
from storage import providers, state
from storage.tables import Provider

PLACES_FOR = 60.0
"""Seconds for which the addresses of the providers in the database are kept."""
MOST_LINKS = 10

Place = tuple[str, str]
"""Host and path."""


def register(app: AsyncApp, desk: Desk) -> None:
    """Somebody wrote a message with links. (Slack tells of it only where the app may read links.)"""
    app.event("link_shared")(_Links(desk).shared)


class _Links:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._places = desk, _Places(desk.services)

    async def shared(self, body: dict[str, Any], event: dict[str, Any], client: AsyncWebClient) -> None:
        """Adds a card to each link that leads to a page that is known."""
        if not self._desk.first_time(body.get("event_id")):
            return
        self._desk.track(asyncio.current_task())
        urls = [str(one.get("url")) for one in event.get("links", ())][:MOST_LINKS]
        found = await self._desk.attempt("unfurl", self._places.pages(urls))
        if isinstance(found, Refusal) or not found:
            return
        cards = {url: unfurl(page) for url, page in found.items()}
        await showing.attempt_call("unfurl", client.chat_unfurl(unfurls=cards, **_where(event)))


def _where(event: Mapping[str, Any]) -> dict[str, Any]:
    """In a message that is still being written the unfurl's own id is all there is."""
    if event.get("unfurl_id") and event.get("source"):
        return {"unfurl_id": str(event["unfurl_id"]), "source": str(event["source"])}
    return {"channel": str(event["channel"]), "ts": str(event["message_ts"])}


@dataclass(frozen=True)
class _Known:
    slug: str
    name: str
    url: str


class _Places:
    """Whose page an address belongs to: of the database, of the catalogue, or our own page about a provider."""

    def __init__(self, services: Services) -> None:
        self._services, self._until = services, 0.0
        self._known: dict[Place, _Known] = {}

    async def pages(self, urls: Iterable[str]) -> dict[str, Page]:
        """The pages that the addresses lead to; addresses that lead elsewhere are left out."""
        await self._refresh()
        named = {url: known for url in urls if (known := self._find(url)) is not None}
        return {url: await self._page(known) for url, known in named.items()}

    async def _refresh(self) -> None:
        if self._until > monotonic():
            return
        async with self._services.database.read() as session:
            rows = await providers.places(session)
        known = [_Known(one.slug, one.name, one.url) for one in self._services.catalogue.entries]
        known += [_Known(slug, name, url) for slug, name, url in rows]
        self._known = {place: one for one in known if (place := _place(one.url)) is not None}
        self._by_slug = {one.slug: one for one in known}
        self._until = monotonic() + PLACES_FOR

    def _find(self, url: str) -> _Known | None:
        """The longest path that is known and that the address is at or below."""
        place = _place(url)
        if place is None:
            return None
        ours = _place(f"{self._services.home}/status")
        host, path = place
        if ours is not None and host == ours[0] and path.startswith(f"{ours[1]}/"):
            return self._by_slug.get(path.removeprefix(f"{ours[1]}/").partition("/")[0])
        while path and (host, path) not in self._known:
            path = path.rpartition("/")[0]
        return self._known.get((host, path))

    async def _page(self, known: _Known) -> Page:
        async with self._services.database.read() as session:
            row = await providers.by_slug(session, known.slug)
            if row is None or row.due_at is None:  # what nobody reads any more is no present state
                return Page(known.slug, known.name, known.url)
            active = await providers.active_incidents(session, [row.id])
        return _page(row, [state.incident(one) for one in active])


def _page(row: Provider, incidents: Any) -> Page:
    return Page(
        slug=row.slug,
        name=row.name,
        url=row.url,
        status=shown_status(row),
        checked_at=row.last_read_at,
        failure=row.failure,
        incidents=incidents,
    )


def _place(url: str) -> Place | None:
    """`https://www.example.com/status/?x` → (`example.com`, `/status`)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host:
        return None
    shown = host.removeprefix("www.") + (f":{port}" if port not in (None, 80, 443) else "")
    return shown, parts.path.rstrip("/")
