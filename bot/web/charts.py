"""A provider's days as a picture, for chats that show it by its address: the one that `uptime` answers with."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.commands import spoken
from bot.commands.reply import CommandError
from bot.commands.services import Services
from bot.commands.uptime import MOST_DAYS, lines
from bot.web import conditional
from storage import histories, providers

if TYPE_CHECKING:
    from bot.charts import Strip

CACHE = "public, max-age=300, stale-while-revalidate=3600"
KEPT = 64
"""Pictures in memory."""


def routes(services: Services) -> list[web.RouteDef]:
    """The one picture of each provider."""
    return [web.get("/status/{slug}/uptime.png", partial(_picture, services, _Drawn()))]


class _Drawn:
    """Draws, one picture at a time and beside the event loop; what shows the same is drawn once."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[Strip, ...], bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def picture(self, strips: tuple[Strip, ...]) -> bytes:
        """PNG."""
        from bot.charts import chart  # its library takes a moment

        async with self._turn:
            if strips not in self._pictures:
                self._pictures[strips] = await asyncio.to_thread(chart, strips)
            self._pictures.move_to_end(strips)
            while len(self._pictures) > KEPT:
                self._pictures.popitem(last=False)
            return self._pictures[strips]


async def _picture(services: Services, drawn: _Drawn, request: web.Request) -> web.StreamResponse:
    days, zone = _days(request), request.query.get("zone", "")
    try:
        where = ZoneInfo(spoken.zone(zone)) if zone else UTC
    except CommandError:
        raise web.HTTPNotFound from None
    async with services.database.read() as session:
        provider = await providers.by_slug(session, request.match_info["slug"].replace("\0", ""))
        if provider is None:
            raise web.HTTPNotFound
        listed = await providers.components(session, provider.id)
        ids = [one.id for one in listed]
        found = await histories.last_days(session, provider, days, services.now(), where, components=ids)
    body = await drawn.picture(lines(provider, found, listed)())
    return conditional.answered(request, body, content_type="image/png", cache=CACHE)


def _days(request: web.Request) -> int:
    asked = request.query.get("days", "90")
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 3 and 1 <= int(asked) <= MOST_DAYS):
        raise web.HTTPNotFound
    return int(asked)
