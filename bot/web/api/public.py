"""What everybody may read: providers, what their pages say and said, and every event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.services import shown_status, slug_of
from bot.web.api import cursors, figures, models
from bot.web.api.operation import SLUG, Call, Operation, missing
from bot.web.api.params import Components, Events, History, Incidents, Maintenances, Providers
from bot.web.api.problems import Problem
from relay.telling import stored_event
from storage import events as event_rows
from storage import listing, providers, state
from storage.listing import Wanted
from storage.tables import Incident, Maintenance, Provider


def onward(call: Call, **more: str) -> str:
    """The address of the next page."""
    separator = "&" if urlsplit(call.address).query else "?"
    return f"{call.address}{separator}{urlencode(more)}"


def next_page(call: Call, rows: Sequence[object], *place: cursors.Part) -> str | None:
    """Where the list goes on behind its last row; None where there was nothing beyond it: one row more than is
    shown is always read."""
    return onward(call, cursor=cursors.cursor(*place)) if len(rows) > call.query.limit else None


def behind(call: Call, *kinds: type, name: str = "cursor") -> list[Any] | None:
    """The place that was named; None where none was. Raises Problem."""
    given = getattr(call.query, name)
    if given is None:
        return None
    place = cursors.place(given, *kinds)
    if place is None:
        raise Problem(400, f"{name} is none that this list gave: take it from next", parameter=name)
    return list(place)


async def _provider(call: Call, session: AsyncSession) -> Provider:
    found = await providers.by_slug(session, call.path["slug"])
    if found is None:
        raise missing("slug", call.path["slug"])
    return found


async def list_providers(call: Call) -> models.ProviderList:
    query: Providers = call.query
    place = behind(call, str)
    async with call.services.database.read() as session:
        category = await category_named(session, query.category) if query.category else None
        rows = await listing.providers(
            session,
            text=query.q,
            category=category,
            status=query.status,
            after=place[0] if place else "",
            limit=query.limit + 1,
        )
    shown = rows[: query.limit]
    return models.ProviderList(
        providers=tuple(_entry(row) for row in shown),
        next=next_page(call, rows, shown[-1].slug) if shown else None,
    )


async def category_named(session: AsyncSession, text: str) -> str:
    """A category as it is written, or as it stands in an address; what is none stays as it is."""
    known = await listing.categories(session)
    return next((one for one in known if slug_of(one) == slug_of(text)), text)


def _entry(row: Provider) -> models.ProviderEntry:
    return models.ProviderEntry(
        slug=row.slug,
        name=row.name,
        url=row.url,
        adapter=row.adapter,
        category=row.category,
        status=shown_status(row),
        status_since=_since(row),
        readable=row.failure is None,
        failure=row.failure,
        last_read_at=row.last_read_at,
    )


def _since(row: Provider) -> datetime | None:
    return row.status_since if row.failure is None else row.failing_since


async def show_provider(call: Call) -> models.ProviderPage:
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        components = await providers.components(session, row.id)
        incidents = await providers.active_incidents(session, [row.id])
        maintenances = await providers.coming_maintenances(session, [row.id])
    page = f"{call.services.home.rstrip('/')}/status/{quote(row.slug)}"
    return models.ProviderPage(
        provider=models.Named(slug=row.slug, name=row.name, url=row.url, adapter=row.adapter),
        status=shown_status(row),
        components=tuple(state.component(one) for one in components),
        incidents=tuple(state.incident(one) for one in incidents),
        maintenances=tuple(state.maintenance(one) for one in maintenances),
        read_at=row.last_read_at,
        category=row.category,
        status_since=_since(row),
        readable=row.failure is None,
        failure=row.failure,
        links=models.Links(
            page=page,
            atom=f"{page}/feed.atom",
            json_feed=f"{page}/feed.json",
            calendar=f"{page}/maintenance.ics",
            badge=f"{page}/badge.svg",
            statuspage=f"{page}/api/v2/summary.json",
        ),
    )


async def list_components(call: Call) -> models.ComponentList:
    place = behind(call, int, int)
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        after = (place[0], place[1]) if place else None
        rows = await listing.components(session, row.id, after, call.query.limit + 1)
    shown = rows[: call.query.limit]
    return models.ComponentList(
        components=tuple(state.component(one) for one in shown),
        next=next_page(call, rows, shown[-1].position, shown[-1].id) if shown else None,
    )


def _wanted(call: Call) -> tuple[Wanted, listing.Place | None]:
    query: Incidents = call.query
    active = None if query.state is None else query.state == "active"
    place = behind(call, datetime, int)
    return Wanted(active, query.since, query.until), (place[0], place[1]) if place else None


def _after(call: Call, rows: Sequence[Incident | Maintenance]) -> str | None:
    shown = rows[: call.query.limit]
    return next_page(call, rows, listing.begun(shown[-1]), shown[-1].id) if shown else None


async def list_incidents(call: Call) -> models.IncidentList:
    wanted, before = _wanted(call)
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        rows = await listing.incidents(session, row.id, wanted, before, call.query.limit + 1)
    shown = rows[: call.query.limit]
    return models.IncidentList(incidents=tuple(state.incident(one) for one in shown), next=_after(call, rows))


async def list_maintenances(call: Call) -> models.MaintenanceList:
    wanted, before = _wanted(call)
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        rows = await listing.maintenances(session, row.id, wanted, before, call.query.limit + 1)
    shown = rows[: call.query.limit]
    return models.MaintenanceList(
        maintenances=tuple(state.maintenance(one) for one in shown), next=_after(call, rows)
    )


async def show_history(call: Call) -> models.HistoryAnswer:
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        return await figures.history(call.services, session, row, call.query.days, call.query.zone)


async def list_events(call: Call) -> dict[str, Any]:
    """As the webhooks have them, word for word: what is stored is sent."""
    query: Events = call.query
    place = behind(call, int, name="after")
    async with call.services.database.read() as session:
        provider = await providers.by_slug(session, query.provider) if query.provider else None
        if query.provider and provider is None:
            raise missing("provider", query.provider)
        rows = await listing.events(
            session,
            after=place[0] if place else 0,
            provider_id=provider.id if provider else None,
            types=query.type,
            limit=query.limit + 1,
        )
        shown = await event_rows.load(session, [row.id for row in rows[: query.limit]])
    last = rows[: query.limit][-1].id if rows else place[0] if place else 0
    by_id = {row.id: stored_event(row, kind, external_id).public() for row, kind, external_id in shown}
    return {
        "events": [by_id[id_] for id_ in sorted(by_id)],
        "more": len(rows) > query.limit,
        "next": onward(call, after=cursors.cursor(last)),
    }


PUBLIC = (
    Operation(
        name="listProviders",
        path="/providers",
        summary="Providers that are or were followed here, by slug",
        query=Providers,
        answer=models.ProviderList,
        handle=list_providers,
    ),
    Operation(
        name="getProvider",
        path="/providers/{slug}",
        summary="What a provider's page says now",
        answer=models.ProviderPage,
        handle=show_provider,
        parameters=(SLUG,),
    ),
    Operation(
        name="listComponents",
        path="/providers/{slug}/components",
        summary="Its components, in the order of its page",
        query=Components,
        answer=models.ComponentList,
        handle=list_components,
        parameters=(SLUG,),
    ),
    Operation(
        name="listIncidents",
        path="/providers/{slug}/incidents",
        summary="Its incidents, newest first",
        query=Incidents,
        answer=models.IncidentList,
        handle=list_incidents,
        parameters=(SLUG,),
    ),
    Operation(
        name="listMaintenances",
        path="/providers/{slug}/maintenances",
        summary="Its planned work, newest first",
        query=Maintenances,
        answer=models.MaintenanceList,
        handle=list_maintenances,
        parameters=(SLUG,),
    ),
    Operation(
        name="getHistory",
        path="/providers/{slug}/history",
        summary="Its last days, and both uptimes with what they were made from",
        query=History,
        answer=models.HistoryAnswer,
        handle=show_history,
        parameters=(SLUG,),
    ),
    Operation(
        name="listEvents",
        path="/events",
        summary="Every change, in the order in which it was recorded",
        description="The same JSON as a webhook's body. Events are kept for a while only: who asks `next` again "
        "and again misses none.",
        query=Events,
        answer=models.EventList,
        handle=list_events,
        looks_up=True,
    ),
)
