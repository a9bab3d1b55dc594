"""Lists as programs page through them: each begins behind a place that the one before it named, so that nothing is
left out or told twice when something new comes in between."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.providers import INCIDENT_OVER, MAINTENANCE_OVER
from storage.tables import (
    Attempt,
    Component,
    Delivery,
    Destination,
    Event,
    Follow,
    Incident,
    Maintenance,
    Provider,
    Thread,
)

Row = TypeVar("Row", Incident, Maintenance)
Place = tuple[datetime, int]
"""When something began (or, where its page doesn't tell, when it was first seen), and its id."""


async def providers(
    session: AsyncSession, *, text: str, category: str | None, status: str | None, after: str, limit: int
) -> Sequence[Provider]:
    """Those that are or were followed, by slug. `status` is what is known now: unknown where a page can't be
    read."""
    wanted: list[ColumnElement[bool]] = [Provider.slug > after]
    if text:
        plain = text.lower()
        wanted.append(
            or_(
                Provider.slug.contains(plain, autoescape=True),
                func.lower(Provider.name).contains(plain, autoescape=True),
            )
        )
    if category is not None:
        wanted.append(Provider.category == category)
    if status == "unknown":
        wanted.append(or_(Provider.failure.is_not(None), Provider.status == status))
    elif status is not None:
        wanted += [Provider.failure.is_(None), Provider.status == status]
    return (await session.scalars(select(Provider).where(*wanted).order_by(Provider.slug).limit(limit))).all()


async def categories(session: AsyncSession) -> Sequence[str]:
    """What kinds of providers there are."""
    found = await session.scalars(select(Provider.category).distinct().order_by(Provider.category))
    return [one for one in found if one is not None]


async def components(
    session: AsyncSession, provider_id: int, after: tuple[int, int] | None, limit: int
) -> Sequence[Component]:
    """The components that the page lists now, in its order; `after` is the position and the id of one."""
    wanted: list[ColumnElement[bool]] = [Component.provider_id == provider_id, Component.removed_at.is_(None)]
    if after is not None:
        wanted.append(_beyond((Component.position, Component.id), after))
    ordered = select(Component).where(*wanted).order_by(Component.position, Component.id)
    return (await session.scalars(ordered.limit(limit))).all()


@dataclass(frozen=True)
class Wanted:
    """Which incidents or maintenances. active None: whether they are over or not."""

    active: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Those that began from then on, and before then."""


def begun(row: Incident | Maintenance) -> datetime:
    """Its place in time."""
    return (row.started_at if isinstance(row, Incident) else row.starts_at) or row.first_seen_at


async def incidents(
    session: AsyncSession, provider_id: int, wanted: Wanted, before: Place | None, limit: int
) -> Sequence[Incident]:
    """A provider's incidents, newest first."""
    place = func.coalesce(Incident.started_at, Incident.first_seen_at)
    chosen = _cases(Incident, place, INCIDENT_OVER, provider_id, wanted, before)
    return (await session.scalars(chosen.order_by(place.desc(), Incident.id.desc()).limit(limit))).all()


async def maintenances(
    session: AsyncSession, provider_id: int, wanted: Wanted, before: Place | None, limit: int
) -> Sequence[Maintenance]:
    """A provider's maintenances, newest first."""
    place = func.coalesce(Maintenance.starts_at, Maintenance.first_seen_at)
    chosen = _cases(Maintenance, place, MAINTENANCE_OVER, provider_id, wanted, before)
    return (await session.scalars(chosen.order_by(place.desc(), Maintenance.id.desc()).limit(limit))).all()


def _cases(
    table: type[Row],
    place: ColumnElement[datetime],
    over: Sequence[str],
    provider_id: int,
    wanted: Wanted,
    before: Place | None,
) -> Select[Row]:
    chosen = select(table).where(table.provider_id == provider_id, ~table.removed)
    if wanted.active is not None:
        chosen = chosen.where(table.phase.not_in(over) if wanted.active else table.phase.in_(over))
    if wanted.since is not None:
        chosen = chosen.where(place >= wanted.since)
    if wanted.until is not None:
        chosen = chosen.where(place < wanted.until)
    if before is not None:
        chosen = chosen.where(or_(place < before[0], and_(place == before[0], table.id < before[1])))
    return chosen


async def news(
    session: AsyncSession, table: type[Any], category: str | None, since: datetime, limit: int
) -> list[tuple[Any, Provider]]:
    """Incidents (or maintenances) of all providers, or of those of a category, that were first seen from `since`
    on and began then, newest first. (A new follow brings in old ones, which are no news.)"""
    began = table.started_at if table is Incident else table.starts_at
    place = func.coalesce(began, table.first_seen_at)
    chosen = (
        select(table, Provider)
        .join(Provider, Provider.id == table.provider_id)
        .where(table.first_seen_at >= since, place >= since - timedelta(days=1), ~table.removed)
        .order_by(table.first_seen_at.desc(), table.id.desc())
        .limit(limit)
    )
    if category is not None:
        chosen = chosen.where(Provider.category == category)
    return [(row[0], row[1]) for row in await session.execute(chosen)]


async def planned(session: AsyncSession, provider_id: int, since: datetime, limit: int) -> Sequence[Maintenance]:
    """A provider's maintenances that began from `since` on or are to begin, also those that were called off, the
    latest first."""
    return (
        await session.scalars(
            select(Maintenance)
            .where(Maintenance.provider_id == provider_id, Maintenance.starts_at >= since)
            .order_by(Maintenance.starts_at.desc(), Maintenance.id.desc())
            .limit(limit)
        )
    ).all()


async def events(
    session: AsyncSession, *, after: int, provider_id: int | None, types: Collection[str], limit: int
) -> Sequence[Event]:
    """Events in the order in which they were recorded, those behind the place `after`."""
    chosen = select(Event).where(Event.id > after)
    if provider_id is not None:
        chosen = chosen.where(Event.provider_id == provider_id)
    if types:
        chosen = chosen.where(Event.type.in_(types))
    return (await session.scalars(chosen.order_by(Event.id).limit(limit))).all()


async def follows(
    session: AsyncSession, workspace_id: int, after: int, limit: int
) -> list[tuple[Follow, Provider, Destination]]:
    """What a workspace follows, in the order in which it began."""
    rows = await session.execute(
        select(Follow, Provider, Destination)
        .join(Provider, Provider.id == Follow.provider_id)
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Destination.workspace_id == workspace_id, Follow.id > after)
        .order_by(Follow.id)
        .limit(limit)
    )
    return [(follow, provider, destination) for follow, provider, destination in rows]


async def destinations(session: AsyncSession, workspace_id: int, after: int, limit: int) -> Sequence[Destination]:
    """A workspace's destinations, in the order in which they were made."""
    return (
        await session.scalars(
            select(Destination)
            .where(Destination.workspace_id == workspace_id, Destination.id > after)
            .order_by(Destination.id)
            .limit(limit)
        )
    ).all()


@dataclass(frozen=True)
class Told:
    """One event in one thread, told or not, with what was tried."""

    event: Event
    thread: Thread
    destination: Destination
    provider: Provider
    state: str
    """`pending`, `delivered`, `dead` or `held`."""
    finished_at: datetime | None
    attempts: Sequence[Attempt] = ()
    """The oldest first."""

    @property
    def name(self) -> str:
        """As people and commands name it."""
        return f"{self.thread.id}.{self.event.sequence}"


async def deliveries(
    session: AsyncSession,
    workspace_id: int,
    *,
    state: str | None = None,
    destination_id: int | None = None,
    before: tuple[int, int] | None = None,
    named: tuple[int, int] | None = None,
    limit: int,
) -> list[Told]:
    """A workspace's deliveries, the newest first; `before` is the event's id and the thread's of one, `named` the
    thread and the sequence of the only one wanted."""
    waits = and_(Event.sequence > Thread.cursor, Event.sequence <= Thread.head)
    chosen = (
        select(Event, Thread, Destination, Provider, Delivery.state, Delivery.finished_at)
        .join(Thread, Thread.subject_id == Event.subject_id)
        .join(Provider, Provider.id == Event.provider_id)
        .join(Destination, Destination.id == Thread.destination_id)
        .outerjoin(Delivery, and_(Delivery.thread_id == Thread.id, Delivery.sequence == Event.sequence))
        .where(Destination.workspace_id == workspace_id, or_(Delivery.state.is_not(None), waits))
    )
    if state == "pending":
        chosen = chosen.where(waits)
    elif state is not None:
        chosen = chosen.where(Delivery.state == state, ~waits)
    if destination_id is not None:
        chosen = chosen.where(Destination.id == destination_id)
    if named is not None:
        chosen = chosen.where(Thread.id == named[0], Event.sequence == named[1])
    if before is not None:
        chosen = chosen.where(or_(Event.id < before[0], and_(Event.id == before[0], Thread.id < before[1])))
    rows = (await session.execute(chosen.order_by(Event.id.desc(), Thread.id.desc()).limit(limit))).all()
    tried = await _attempts(session, [(row[1].id, row[0].sequence) for row in rows])
    return [_told(*row, tried) for row in rows]


def _told(
    event: Event,
    thread: Thread,
    destination: Destination,
    provider: Provider,
    state: str | None,
    finished_at: datetime | None,
    tried: dict[tuple[int, int], list[Attempt]],
) -> Told:
    waits = thread.cursor < event.sequence <= thread.head
    return Told(
        event=event,
        thread=thread,
        destination=destination,
        provider=provider,
        state="pending" if waits or state is None else state,
        finished_at=finished_at,
        attempts=tried.get((thread.id, event.sequence), ()),
    )


async def _attempts(
    session: AsyncSession, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], list[Attempt]]:
    if not wanted:
        return {}
    rows = await session.scalars(
        select(Attempt).where(tuple_(Attempt.thread_id, Attempt.sequence).in_(wanted)).order_by(Attempt.id)
    )
    found: dict[tuple[int, int], list[Attempt]] = {}
    for row in rows:
        found.setdefault((row.thread_id, row.sequence), []).append(row)
    return found


def _beyond(columns: tuple[Any, Any], place: tuple[int, int]) -> ColumnElement[bool]:
    first, second = columns
    return or_(first > place[0], and_(first == place[0], second > place[1]))
