"""follow: this provider, to this destination, with these filters."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.adapter import Reading
from adapters.schema import Impact, Past, Snapshot
from bot.commands import destinations
from bot.commands.find import Found, find, with_past
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import (
    Services,
    counted,
    provider_json,
    shown_status,
    slug_of,
    words,
)
from relay import record
from relay.events import Stream
from relay.record import ImplausibleError
from storage import follows, history, providers
from storage.tables import Component, Destination, Follow, Incident, Maintenance, Provider


async def follow(services: Services, request: Request) -> Reply:
    """Follows. The page is read once at once, so that a wrong address is refused and what is active is known."""
    if not request.provider:
        raise CommandError("Which provider? Name it or paste its status page's address, as in: follow chargeover")
    streams, least = _streams(request), _least_impact(request)
    uri = request.to or request.here
    destinations.transport_of(uri, services)
    found = await with_past(services, await find(services, request.provider))
    async with services.database.write() as session:
        provider, note = await _provider(services, session, found)
        component_ids = await _component_ids(session, provider, request.components)
        destination, secret = await destinations.find_or_add(services, session, request.workspace, uri)
        made = await _save(session, request, provider, destination, streams, component_ids, least)
        await providers.begin_polling(session, provider.id)
        await record.open_threads(session, provider, made.id)
        reply = await _reply(session, provider, destination, made, secret, note)
    services.wake()
    return reply


async def _provider(services: Services, session: AsyncSession, found: Found) -> tuple[Provider, str | None]:
    """The provider's row, brought up to date with what was read."""
    provider = await session.get(Provider, found.provider_id) if found.provider_id else None
    provider = provider or await providers.find(session, found.url)
    if provider is None:
        provider = _new_provider(found, await providers.free_slug(session, found.slug or slug_of(found.name)))
        session.add(provider)
        await session.flush()
    if found.reading is not None and found.reading.snapshot is not None:
        reading = _with_incidents(found.reading, found.past) if provider.first_read_at is None else found.reading
        try:
            await record.record_snapshot(session, provider, reading, services.pace)
        except ImplausibleError as doubt:
            return provider, str(doubt)
    await history.fill(session, provider.id, found.past.days)
    return provider, found.problem


def _with_incidents(reading: Reading, past: Past) -> Reading:
    assert reading.snapshot is not None
    shown = {one.id for one in reading.snapshot.incidents}
    all_ = (*reading.snapshot.incidents, *(one for one in past.incidents if one.id not in shown))
    return replace(reading, snapshot=reading.snapshot.model_copy(update={"incidents": all_}))


def _new_provider(found: Found, slug: str) -> Provider:
    snapshot: Snapshot | None = found.reading.snapshot if found.reading else None
    return Provider(
        slug=slug,
        name=found.name,
        category=found.category,
        url=found.url,
        adapter=found.adapter,
        source=found.source,
        verification="verified" if found.source == "catalogue" else "pending",
        status=str(snapshot.status) if snapshot else "unknown",
        memory={},
        active=False,
        failures=0,
        unreadable=False,
    )


def _streams(request: Request) -> frozenset[Stream]:
    try:
        return frozenset(Stream(stream.strip().lower()) for stream in request.streams) or frozenset(Stream)
    except ValueError as error:
        raise CommandError(
            f"{error}; the streams are {', '.join(Stream)}".replace("a valid Stream", "a stream")
        ) from None


def _least_impact(request: Request) -> Impact | None:
    if request.min_impact is None:
        return None
    choices = [Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL]
    if request.min_impact.strip().lower() not in choices:
        raise CommandError(f"{request.min_impact[:40]!r} is not an impact; they are {', '.join(choices)}")
    return Impact(request.min_impact.strip().lower())


async def _component_ids(session: AsyncSession, provider: Provider, wanted: tuple[str, ...]) -> list[str]:
    """Ids of the components that were named. Raises CommandError with the nearest names."""
    if not wanted:
        return []
    listed = await providers.components(session, provider.id)
    by_name: dict[str, list[str]] = {}
    for component in listed:
        for name in (component.name, component.external_id, *([component.group] if component.group else [])):
            by_name.setdefault(name.casefold(), []).append(component.external_id)
    chosen: list[str] = []
    for name in wanted:
        ids = by_name.get(name.strip().casefold())
        if ids is None:
            raise CommandError(_no_component(provider, listed, name))
        chosen += ids
    return list(dict.fromkeys(chosen))


def _no_component(provider: Provider, listed: Sequence[Component], name: str) -> str:
    names = [component.name for component in listed]
    folded = {one.casefold(): one for one in names}
    near = [folded[one] for one in get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.3)] or names[:5]
    return f"{provider.name} has no component {name[:80]!r}; the nearest are {', '.join(near)}"


async def _save(
    session: AsyncSession,
    request: Request,
    provider: Provider,
    destination: Destination,
    streams: frozenset[Stream],
    component_ids: list[str],
    least: Impact | None,
) -> Follow:
    row = await follows.find(session, provider.id, destination.id)
    if row is None:
        row = Follow(
            provider_id=provider.id,
            destination_id=destination.id,
            created_by=request.actor,
            created_at=await providers.database_now(session),
        )
        session.add(row)
    row.incidents = Stream.INCIDENTS in streams
    row.components = Stream.COMPONENTS in streams
    row.maintenance = Stream.MAINTENANCE in streams
    row.component_ids = component_ids
    row.min_impact = str(least) if least else None
    await session.flush()
    return row


async def _reply(
    session: AsyncSession,
    provider: Provider,
    destination: Destination,
    made: Follow,
    secret: str | None,
    problem: str | None,
) -> Reply:
    active = await providers.active_incidents(session, [provider.id])
    coming = await providers.coming_maintenances(session, [provider.id])
    said = _state_line(provider, active, coming) if problem is None else f"its page can't be read now: {problem}"
    sections = [
        Section(rows=(Row(title=provider.name, status=shown_status(provider), detail=said, url=provider.url),))
    ]
    if destination.disabled_at is not None:
        sections.append(Section(note=f"This destination is disabled: {destination.disabled_because}"))
    if secret:
        sections.append(Section(heading="The webhook's secret, shown once", note=secret))
    data = {
        "provider": provider_json(provider),
        "follow": follow_json(made, provider, destination),
        "active_incidents": len(active),
    }
    return Reply(
        text=f"Following {provider.name} at {destination.uri}.",
        sections=tuple(sections),
        data=data | ({"secret": secret} if secret else {}),
    )


def _state_line(provider: Provider, active: Sequence[Incident], coming: Sequence[Maintenance]) -> str:
    incidents, windows = counted(len(active), "active incident"), counted(len(coming), "maintenance window")
    return f"{words(provider.status)}; {incidents}, {windows}"


def follow_json(row: Follow, provider: Provider, destination: Destination) -> dict[str, object]:
    """A follow as the JSON of answers has it."""
    chosen = (("incidents", row.incidents), ("components", row.components), ("maintenance", row.maintenance))
    return {
        "provider": provider.slug,
        "destination": destination.uri,
        "streams": [stream for stream, wanted in chosen if wanted],
        "component_ids": row.component_ids,
        "min_impact": row.min_impact,
    }
