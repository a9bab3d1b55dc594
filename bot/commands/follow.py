"""follow: this provider, to this destination, with these filters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.adapter import Reading
from adapters.schema import Past, Snapshot
from bot.commands import destinations, digest_plan, wishes
from bot.commands.addresses import named
from bot.commands.find import Found, find, with_past
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import (
    Services,
    counted,
    provider_json,
    shown_status,
    slug_of,
    words,
)
from bot.commands.standing import why_silent
from relay import record
from relay.manner import Shape
from relay.record import ImplausibleError
from storage import audit, follows, past_days, providers, threads
from storage.tables import Component, Destination, Follow, Incident, Maintenance, Provider


async def follow(services: Services, request: Request) -> Reply:
    """Follows, or changes how it is followed. The page is read once at once, so that a wrong address is refused
    and what is active is known. A new webhook gets a secret and no test event: this is for scripts, too, which set
    up a receiver afterwards (`destination add` sends one)."""
    if not request.provider:
        raise UsageError("Which provider? Name it or paste its status page's address, as in: follow chargeover")
    wishes.check(request)
    uri = await destinations.meant(services, request, request.to or request.here)
    wishes.check_place(request, destinations.transport_of(uri, services))
    found = await with_past(services, await find(services, request.provider))
    try:
        reply = await _stored(services, request, found, uri)
    except IntegrityError:  # somebody followed it at the same moment: now it is there
        reply = await _stored(services, request, found, uri)
    services.wake()
    return reply


async def _stored(services: Services, request: Request, found: Found, uri: str) -> Reply:
    async with services.database.write() as session:
        provider, problem = await _provider(services, session, found)
        there = await destinations.find_or_add(services, session, request, uri)
        notes = await _mend(session, request, there)
        made = await _save(session, request, provider, there.row)
        notes += await _summed_up(session, services, request, made.row, there.row)
        await providers.begin_polling(session, provider.id)
        await record.open_threads(session, provider, made.row.id)
        reply = await _reply(session, request, provider, there, made, problem)
    await destinations.greet(services, request, there)
    return replace(reply, sections=(*reply.sections, *(Section(note=note) for note in notes)))


async def _mend(session: AsyncSession, request: Request, there: destinations.Made) -> list[str]:
    """Whoever follows again in a channel that was closed to us has opened it, as they were told to do. Anything
    else that is disabled stays so. What is to be said of it."""
    row = there.row
    if row.disabled_at is None:
        return []
    if not row.uri.startswith(f"{request.workspace}/"):
        return [why_silent(request, row, new=there.new)]
    because = row.disabled_because
    await threads.enable(session, row.id)
    await session.refresh(row)
    return [f"Nothing could be sent there ({because}); now it is tried again."]


async def _summed_up(
    session: AsyncSession, services: Services, request: Request, row: Follow, destination: Destination
) -> list[str]:
    """What is told in the digest alone needs one. What is to be said of it."""
    if row.shape != Shape.DIGEST:
        return []
    plan = await digest_plan.ensured(session, request, destination, services.now())
    return [f"A digest comes {digest_plan.words(plan)}; nothing is told there one by one."]


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
    await past_days.fill(session, provider.id, found.past.days)
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


async def _component_ids(session: AsyncSession, provider: Provider, wanted: tuple[str, ...]) -> list[str]:
    """Ids of the components that were named; empty for all. Raises CommandError with the nearest names."""
    listed = await providers.components(session, provider.id)
    by_name: dict[str, list[str]] = {}
    for component in listed:
        for name in (component.name, component.external_id, *([component.group] if component.group else [])):
            by_name.setdefault(name.casefold(), []).append(component.external_id)
    chosen: list[str] = []
    if [name.strip().casefold() for name in wanted] == ["all"] and "all" not in by_name:
        return chosen
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


@dataclass(frozen=True)
class _Made:
    """A follow, and what is different now: None where it is new."""

    row: Follow
    changed: list[str] | None

    @property
    def words(self) -> list[str]:
        """What is to be said of it."""
        return wishes.unusual(self.row) if self.changed is None else wishes.said(self.row, self.changed)


async def _save(session: AsyncSession, request: Request, provider: Provider, destination: Destination) -> _Made:
    former = await follows.find(session, provider.id, destination.id)
    wanted = wishes.columns(request, former)
    if request.components:
        wanted["component_ids"] = await _component_ids(session, provider, request.components)
    row = former or Follow(
        provider_id=provider.id,
        destination_id=destination.id,
        created_by=request.actor,
        created_at=await providers.database_now(session),
        **wishes.defaults(),
    )
    session.add(row)
    changed = wishes.apply(row, wanted)
    made = _Made(row, changed if former is not None else None)
    await session.flush()
    if former is None or changed:
        said = f" ({'; '.join(made.words)})" if made.words else ""
        what = f"{provider.name} at {named(destination.uri)}{said}"
        action = "followed" if former is None else "changed"
        await audit.note(session, destination.workspace_id, request.actor, action, what)
    return made


async def _reply(
    session: AsyncSession,
    request: Request,
    provider: Provider,
    there: destinations.Made,
    made: _Made,
    problem: str | None,
) -> Reply:
    destination = there.row
    active = await providers.active_incidents(session, [provider.id])
    coming = await providers.coming_maintenances(session, [provider.id])
    said = _state_line(provider, active, coming) if problem is None else f"its page can't be read now: {problem}"
    place = destinations.shown_place(request, destination)
    row = Row(title=provider.name, status=shown_status(provider), detail=said, url=provider.url, place=place)
    sections = [Section(rows=(row,), note="; ".join(made.words) if made.changed is None else "")]
    if there.secret:
        sections.append(Section(heading="The webhook's secret, shown once", note=there.secret))
    data = {
        "provider": provider_json(provider),
        "follow": follow_json(request, made.row, provider, destination),
        "active_incidents": len(active),
        "changed": made.changed,
    }
    return Reply(
        text=_text(provider, made, "" if place else f" at {destinations.seen_by(request, destination.uri)}"),
        sections=tuple(sections),
        data=data | ({"secret": there.secret} if there.secret else {}),
    )


def _text(provider: Provider, made: _Made, where: str) -> str:
    if made.changed:
        return f"Changed {provider.name}{where}: {'; '.join(made.words)}."
    return f"Following {provider.name}{where}."


def _state_line(provider: Provider, active: Sequence[Incident], coming: Sequence[Maintenance]) -> str:
    incidents, windows = counted(len(active), "active incident"), counted(len(coming), "maintenance window")
    return f"{words(provider.status)}; {incidents}, {windows}"


def follow_json(request: Request, row: Follow, provider: Provider, destination: Destination) -> dict[str, object]:
    """A follow as the JSON of answers has it."""
    return {
        "provider": provider.slug,
        "destination": destinations.seen_by(request, destination.uri),
        "streams": wishes.streams(row),
        "component_ids": row.component_ids,
        "min_impact": row.min_impact,
        "shape": row.shape,
        "loud": row.loud,
        "mention": row.mention,
        "mention_impact": row.mention_impact,
        "remind_minutes": row.remind_minutes,
        "quiet": row.quiet,
    }
