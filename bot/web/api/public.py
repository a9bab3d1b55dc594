"""What everybody may read: providers, what their pages say and said, and every event."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.services import shown_status, slug_of
from bot.web.api import cursors, figures, models
from bot.web.api.operation import SLUG, Call, Operation, missing
from bot.web.api.paging import behind, behind_id, most, onward, page
from bot.web.api.params import Components, Events, History, Incidents, Maintenances, Providers
from relay.telling import stored_event
from storage import events as event_rows
from storage import listing, providers, state
from storage.listing import Wanted
from storage.tables import Incident, Maintenance, Provider


async def _provider(call: Call, session: AsyncSession) -> Provider:
    return await _named(session, "slug", call.path["slug"])


async def _named(session: AsyncSession, parameter: str, slug: str) -> Provider:
    found = await providers.by_slug(session, slug)
    if found is None:
        raise missing(parameter, slug)
    return found


async def list_providers(call: Call) -> models.ProviderList:
    query: Providers = call.query
    place = behind(call, str) or ("",)
    async with call.services.database.read() as session:
        category = await category_named(session, query.category) if query.category else None
        rows = await listing.providers(
            session,
            text=query.q,
            category=category,
            status=query.status,
            after=place[0],
            limit=most(call),
        )
    shown = page(call, rows, lambda row: (row.slug,))
    return models.ProviderList(providers=tuple(map(_entry, shown.rows)), next=shown.next)


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
    home = f"{call.services.home.rstrip('/')}/status/{quote(row.slug)}"
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
            page=home,
            atom=f"{home}/feed.atom",
            json_feed=f"{home}/feed.json",
            calendar=f"{home}/maintenance.ics",
            badge=f"{home}/badge.svg",
            statuspage=f"{home}/api/v2/summary.json",
        ),
    )


async def list_components(call: Call) -> models.ComponentList:
    place = behind(call, int, int)
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        rows = await listing.components(session, row.id, place, most(call))
    shown = page(call, rows, lambda row: (row.position, row.id))
    return models.ComponentList(components=tuple(map(state.component, shown.rows)), next=shown.next)


async def list_incidents(call: Call) -> models.IncidentList:
    place = behind(call, datetime, int)
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        rows = await listing.incidents(session, row.id, _wanted(call.query), place, most(call))
    shown = page(call, rows, _in_time)
    return models.IncidentList(incidents=tuple(map(state.incident, shown.rows)), next=shown.next)


async def list_maintenances(call: Call) -> models.MaintenanceList:
    place = behind(call, datetime, int)
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        rows = await listing.maintenances(session, row.id, _wanted(call.query), place, most(call))
    shown = page(call, rows, _in_time)
    return models.MaintenanceList(maintenances=tuple(map(state.maintenance, shown.rows)), next=shown.next)


def _wanted(query: Incidents) -> Wanted:
    return Wanted(None if query.state is None else query.state == "active", query.since, query.until)


def _in_time(row: Incident | Maintenance) -> listing.Place:
    return listing.begun(row), row.id


async def show_history(call: Call) -> models.HistoryAnswer:
    async with call.services.database.read() as session:
        row = await _provider(call, session)
        return await figures.history(call.services, session, row, call.query.days, call.query.zone)


async def list_events(call: Call) -> dict[str, Any]:
    """As the webhooks have them, word for word: what is stored is sent."""
    query: Events = call.query
    after = behind_id(call, "after")
    async with call.services.database.read() as session:
        provider = await _named(session, "provider", query.provider) if query.provider else None
        rows = await listing.events(
            session,
            after=after,
            provider_id=provider.id if provider else None,
            types=query.type,
            limit=most(call),
        )
        shown = await event_rows.load(session, [row.id for row in rows[: query.limit]])
    last = rows[: query.limit][-1].id if rows else after
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
