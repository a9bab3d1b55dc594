"""A provider's planned work as a calendar (RFC 5545) that a calendar's program can subscribe to."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from aiohttp import web
from icalendar import Calendar, Event

from adapters.schema import Maintenance, MaintenancePhase
from bot.commands.services import Services
from bot.web import conditional
from relay.wording import capital, plain, utc
from storage import listing, providers, state, tables
from storage.tables import Provider

SINCE = timedelta(days=90)
MOST = 300
REFRESH = timedelta(minutes=15)
CACHE = "public, max-age=300, stale-while-revalidate=600"
_UNPRINTABLE = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f]")


def routes(services: Services) -> list[web.RouteDef]:
    """The one calendar of each provider."""

    async def calendar(request: web.Request) -> web.StreamResponse:
        async with services.database.read() as session:
            provider = await providers.by_slug(session, request.match_info["slug"].replace("\0", ""))
            if provider is None:
                raise web.HTTPNotFound
            rows = await listing.planned(session, provider.id, services.now() - SINCE, MOST)
            names = {one.external_id: one.name for one in await providers.components(session, provider.id)}
        body = document(provider, rows, names, services.home.rstrip("/"))
        return conditional.answered(
            request,
            body,
            content_type="text/calendar; charset=utf-8",
            cache=CACHE,
            headers={"Content-Disposition": f'inline; filename="{provider.slug}-maintenance.ics"'},
        )

    return [web.get("/status/{slug}/maintenance.ics", calendar)]


def document(provider: Provider, rows: Sequence[tables.Maintenance], names: dict[str, str], home: str) -> bytes:
    """The calendar. It is the same for as long as its page says the same."""
    page, title = f"{home}/status/{quote(provider.slug)}", f"{_text(provider.name)} maintenance"
    calendar = Calendar()
    calendar.add("prodid", "-//uptimus//maintenance//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    for name in ("name", "x-wr-calname"):
        calendar.add(name, title)
    calendar.add("url", page)
    calendar.add("source", f"{page}/maintenance.ics", parameters={"VALUE": "URI"})
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for row in rows:
        calendar.add_component(_event(provider, row, names, page, urlsplit(home).hostname or "localhost"))
    body: bytes = calendar.to_ical()
    return body


def _event(provider: Provider, row: tables.Maintenance, names: dict[str, str], page: str, host: str) -> Event:
    case = state.maintenance(row)
    assert case.starts_at is not None
    event, changed_at = Event(), row.changed_at or row.first_seen_at
    event.add("uid", f"{row.first_seen_at:%Y%m%d}-maintenance-{row.id}@{host}")
    event.add("dtstamp", _whole(changed_at))
    event.add("last-modified", _whole(changed_at))
    event.add("created", _whole(row.first_seen_at))
    event.add("sequence", row.revision)
    event.add("dtstart", _whole(case.starts_at))
    if case.ends_at is not None and case.ends_at > case.starts_at:
        event.add("dtend", _whole(case.ends_at))
    event.add("summary", _text(f"{provider.name}: {case.title}"))
    event.add("description", _text(_description(case, names)))
    event.add("status", "CANCELLED" if row.removed or case.phase is MaintenancePhase.CANCELED else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["MAINTENANCE"])
    event.add("url", case.url if (case.url or "").startswith(("https://", "http://")) else page)
    return event


def _description(case: Maintenance, names: dict[str, str]) -> str:
    named = [names[id_] for id_ in case.component_ids if id_ in names]
    parts = [] if case.ends_at is not None else ["The end is not announced."]
    parts += [f"Concerns: {', '.join(named)}."] if named else []
    for update in reversed(case.updates):
        phase = "Update" if update.phase == "unknown" else capital(plain(update.phase))
        parts.append(f"{phase}, {utc(update.posted_at)}\n{update.body.strip()}")
    return "\n\n".join(parts)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _text(text: str) -> str:
    """Without what a line of a calendar can't hold."""
    return _UNPRINTABLE.sub(" ", text.replace("\r\n", "\n")).encode(errors="replace").decode()
