"""What search engines ask for: robots.txt, and the sitemap of all pages (an index of several beyond 50,000)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import rfc3339
from bot.commands.services import Services
from bot.web import conditional
from storage import directory

MOST = 50_000
"""Addresses of one file, as sitemaps.org has it."""
CACHE = "public, max-age=3600, stale-while-revalidate=86400"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XML = "application/xml; charset=utf-8"
Place = tuple[str, datetime | None]
"""An address, and when what is there last changed."""
_HIDDEN = ("/api/", "/push/", "/mail/", "/hooks/", "/slack/", "/metrics", "/status/*/signals")


def routes(services: Services, most: int = MOST) -> list[web.RouteDef]:
    """All of it."""
    maps = _Maps(services, most)
    return [
        web.get("/robots.txt", partial(_robots, services.home.rstrip("/"))),
        web.get("/sitemap.xml", maps.first),
        web.get(r"/sitemap-{number:[1-9]\d{0,5}}.xml", maps.part),
    ]


async def _robots(home: str, request: web.Request) -> web.StreamResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _HIDDEN), "", f"Sitemap: {home}/sitemap.xml", ""]
    return conditional.answered(
        request, "\n".join(lines).encode(), content_type="text/plain; charset=utf-8", cache=CACHE
    )


class _Maps:
    def __init__(self, services: Services, most: int) -> None:
        self._services, self._most = services, most
        self._home = services.home.rstrip("/")
        self._turn = asyncio.Lock()  # it is a long question: not twice at once

    async def first(self, request: web.Request) -> web.StreamResponse:
        """The one sitemap, or the index of several."""
        async with self._turn, self._services.database.read() as session:
            number = 1 + await directory.readable_number(session)
            if number <= self._most:
                return _answered(request, "urlset", "url", await self._places(session, 1))
        parts = [(f"{self._home}/sitemap-{one}.xml", None) for one in range(1, 1 - (-number // self._most))]
        return _answered(request, "sitemapindex", "sitemap", parts)

    async def part(self, request: web.Request) -> web.StreamResponse:
        """One of several."""
        number = int(request.match_info["number"])
        async with self._turn, self._services.database.read() as session:
            places = await self._places(session, number)
        if not places:
            raise web.HTTPNotFound
        return _answered(request, "urlset", "url", places)

    async def _places(self, session: AsyncSession, number: int) -> list[Place]:
        """The directory is the first of all."""
        first = number == 1
        offset = 0 if first else (number - 1) * self._most - 1
        rows = await directory.changed(session, offset, self._most - first)
        places: list[Place] = [(f"{self._home}/status/{quote(slug)}", at) for slug, at in rows]
        latest = max((at for _, at in places if at is not None), default=None)
        return [(f"{self._home}/status", latest), *places] if first else places


def _answered(request: web.Request, root: str, item: str, places: Sequence[Place]) -> web.StreamResponse:
    response = conditional.answered(request, document(root, item, places), content_type=XML, cache=CACHE)
    response.enable_compression()
    return response


def document(root: str, item: str, places: Sequence[Place]) -> bytes:
    """As sitemaps.org has it."""
    whole = Xml.Element(root, xmlns=NAMESPACE)
    for address, at in places:
        one = Xml.SubElement(whole, item)
        Xml.SubElement(one, "loc").text = address
        if at is not None:
            Xml.SubElement(one, "lastmod").text = rfc3339(at.replace(microsecond=0))
    body: bytes = Xml.tostring(whole, encoding="utf-8", xml_declaration=True)
    return body
