"""Providers: who is due to be read, and what came of it."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, or_, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import OVER, IncidentPhase, MaintenancePhase
from storage.database import from_now
from storage.tables import Component, Follow, Incident, Maintenance, Provider


@dataclass(frozen=True)
class Claimed:
    """A provider whose poll is ours until the lease ends."""

    id: int
    slug: str
    url: str
    adapter: str
    token: str
    memory: Mapping[str, Any]
    open_ids: frozenset[str]
    fresh: bool
    """Everything has to be read and compared: never read before, failing, a change held, a gap behind us."""
    active: bool
    failures: int
    """How many reads running have failed."""


INCIDENT_OVER = [str(phase) for phase in IncidentPhase if phase in OVER]
MAINTENANCE_OVER = [str(phase) for phase in MaintenancePhase if phase in OVER]
LONG_AGO, FAR_OFF = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def is_active(table: type[Incident] | type[Maintenance]) -> ColumnElement[bool]:
    """Neither over nor removed. Its phases are part of the statement and not given to it: only so is it found by
    the index that holds nothing else, however many are over."""
    over = INCIDENT_OVER if table is Incident else MAINTENANCE_OVER
    return table.phase.not_in([literal_column(f"'{phase}'") for phase in over]) & ~table.removed


async def claim_due(session: AsyncSession, limit: int, lease: float, gap: float) -> list[Claimed]:
    """Takes up to `limit` providers that are due, for `lease` seconds. Two processes never get the same one.

    gap: seconds without a read after which the time between is not called observed.
    """
    token = secrets.token_hex(8)
    due = (
        select(Provider.id)
        .where(Provider.due_at <= from_now())
        .order_by(Provider.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    rows = await session.execute(
        update(Provider)
        .where(Provider.id.in_(select(due.c.id)))
        .values(due_at=from_now(lease), token=token)
        .returning(
            Provider.id,
            Provider.slug,
            Provider.url,
            Provider.adapter,
            Provider.memory,
            Provider.active,
            Provider.failures,
            or_(
                Provider.last_read_at.is_(None),
                Provider.last_read_at < from_now(-gap),
                Provider.failures > 0,
                Provider.hold_at <= from_now(),
            ).label("fresh"),
        ),
        execution_options={"synchronize_session": False},
    )
    claimed = rows.all()
    if not claimed:
        return []
    open_ids = await _open_ids(session, [row.id for row in claimed])
    return [
        Claimed(
            id=row.id,
            slug=row.slug,
            url=row.url,
            adapter=row.adapter,
            token=token,
            memory=row.memory,
            open_ids=frozenset(open_ids.get(row.id, ())),
            fresh=bool(row.fresh),
            active=row.active,
            failures=row.failures,
        )
        for row in claimed
    ]


async def _open_ids(session: AsyncSession, provider_ids: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for statement in (
        select(Incident.provider_id, Incident.external_id).where(
            Incident.provider_id.in_(provider_ids), is_active(Incident)
        ),
        select(Maintenance.provider_id, Maintenance.external_id).where(
            Maintenance.provider_id.in_(provider_ids), is_active(Maintenance)
        ),
    ):
        for provider_id, external_id in await session.execute(statement):
            found.setdefault(provider_id, set()).add(external_id)
    return found


async def owned(session: AsyncSession, provider_id: int, token: str) -> Provider | None:
    """The provider, locked, if the poll that holds `token` still owns it."""
    return await session.scalar(
        select(Provider).where(Provider.id == provider_id, Provider.token == token).with_for_update()
    )


@dataclass(frozen=True)
class Unchanged:
    """A page said what it said before: to be read again in `delay` seconds. memory None: as it was."""

    id: int
    token: str
    delay: float
    memory: Mapping[str, Any] | None = None


async def record_unchanged(session: AsyncSession, outcomes: Sequence[Unchanged]) -> None:
    """Ends the leases of polls that found nothing new. Those whose lease another poll has taken are left alone."""
    base = update(Provider).where(Provider.id == bindparam("row"), Provider.token == bindparam("held"))
    values: dict[str, Any] = {
        "due_at": from_now(bindparam("delay")),
        "last_read_at": from_now(),
        "token": None,
    }
    for with_memory in (False, True):
        rows = [
            {"row": one.id, "held": one.token, "delay": one.delay}
            | ({"remembered": dict(one.memory)} if one.memory is not None else {})
            for one in outcomes
            if (one.memory is not None) is with_memory
        ]
        if rows:
            memory = {"memory": bindparam("remembered", type_=Provider.memory.type)} if with_memory else {}
            connection = await session.connection()
            await connection.execute(base.values(**values, **memory), rows)


async def begin_polling(session: AsyncSession, provider_id: int) -> None:
    """The provider has a follower: its page is due now, unless it is already being read regularly."""
    await session.execute(
        update(Provider)
        .where(Provider.id == provider_id, Provider.due_at.is_(None))
        .values(due_at=from_now(), token=None)
    )


async def end_polling_if_unfollowed(session: AsyncSession, provider_id: int) -> None:
    """Nobody follows the provider any more: its page is left alone."""
    followed = select(Follow.id).where(Follow.provider_id == provider_id).exists()
    await session.execute(
        update(Provider).where(Provider.id == provider_id, ~followed).values(due_at=None, token=None, hold_at=None)
    )


async def find(session: AsyncSession, text: str) -> Provider | None:
    """By slug, by address or by name, whatever the case."""
    plain = text.strip().lower()
    return await session.scalar(
        select(Provider)
        .where(
            or_(
                Provider.slug == plain,
                func.lower(Provider.name) == plain,
                Provider.url.in_({text.strip(), text.strip().rstrip("/")}),
            )
        )
        .order_by((Provider.slug == plain).desc(), Provider.id)
        .limit(1)
    )


async def is_taken(session: AsyncSession, url: str, except_id: int) -> bool:
    """Whether another provider has this page."""
    taken = select(Provider.id).where(Provider.url == url, Provider.id != except_id)
    return await session.scalar(taken) is not None


async def all_with_follows(session: AsyncSession) -> list[tuple[Provider, int]]:
    """Every provider by its slug, and how many follows it has."""
    number = select(func.count()).select_from(Follow).where(Follow.provider_id == Provider.id).scalar_subquery()
    return [(one, found) for one, found in await session.execute(select(Provider, number).order_by(Provider.slug))]


async def delete(session: AsyncSession, provider_id: int) -> None:
    """Forgets a provider, with everything that is known of it and was told of it."""
    await session.execute(sql_delete(Provider).where(Provider.id == provider_id))


@dataclass(frozen=True)
class Brief:
    """What is needed to name a provider and to compare it with others."""

    slug: str
    name: str
    category: str
    url: str
    adapter: str


async def brief(session: AsyncSession) -> list[Brief]:
    """Every provider, by its slug."""
    rows = await session.execute(
        select(Provider.slug, Provider.name, Provider.category, Provider.url, Provider.adapter).order_by(
            Provider.slug
        )
    )
    return [Brief(row.slug, row.name, row.category or "", row.url, row.adapter) for row in rows]


async def by_slugs(session: AsyncSession, slugs: Collection[str]) -> dict[str, Provider]:
    """Those of these slugs that are known."""
    rows = await session.scalars(select(Provider).where(Provider.slug.in_(slugs)))
    return {one.slug: one for one in rows}


_BY_SLUG = select(Provider).where(Provider.slug == bindparam("slug"))


async def by_slug(session: AsyncSession, slug: str) -> Provider | None:
    """By its slug alone."""
    found: Provider | None = await session.scalar(_BY_SLUG, {"slug": slug.lower()})
    return found


async def free_slug(session: AsyncSession, wanted: str) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` … where it is taken."""
    taken = set(
        await session.scalars(select(Provider.slug).where(Provider.slug.startswith(wanted, autoescape=True)))
    )
    return next(
        slug
        for slug in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
        if slug not in taken
    )


async def followed(session: AsyncSession) -> Sequence[Provider]:
    """Every provider that somebody follows, by name."""
    return (
        await session.scalars(
            select(Provider).where(Provider.due_at.is_not(None)).order_by(func.lower(Provider.name), Provider.id)
        )
    ).all()


async def slugs_and_names(session: AsyncSession) -> list[tuple[str, str]]:
    """For "did you mean"."""
    return [(slug, name) for slug, name in await session.execute(select(Provider.slug, Provider.name))]


async def places(session: AsyncSession) -> list[tuple[str, str, str]]:
    """(slug, name, address) of every provider."""
    rows = await session.execute(select(Provider.slug, Provider.name, Provider.url))
    return [(slug, name, url) for slug, name, url in rows]


_COMPONENTS = (
    select(Component)
    .where(Component.provider_id == bindparam("provider_id"), Component.removed_at.is_(None))
    .order_by(Component.position, Component.id)
)


async def components(session: AsyncSession, provider_id: int) -> Sequence[Component]:
    """The components that the page lists now, in its order."""
    return (await session.scalars(_COMPONENTS, {"provider_id": provider_id})).all()


async def incidents(session: AsyncSession, provider_id: int, *, limit: int = 50) -> Sequence[Incident]:
    """The newest incidents, newest first; those without a start last."""
    known = select(Incident).where(Incident.provider_id == provider_id, ~Incident.removed)
    dated = known.where(Incident.started_at.is_not(None))  # by themselves: an index has them in order
    newest = dated.order_by(Incident.started_at.desc(), Incident.id.desc()).limit(limit)
    found = list(await session.scalars(newest))
    if len(found) < limit:
        undated = known.where(Incident.started_at.is_(None)).order_by(Incident.id.desc())
        found += await session.scalars(undated.limit(limit - len(found)))
    return found


async def active_incidents(session: AsyncSession, provider_ids: Sequence[int]) -> Sequence[Incident]:
    """Incidents that are not over, newest first."""
    chosen = select(Incident).where(Incident.provider_id.in_(provider_ids), is_active(Incident))
    # put in order here: asked for it, SQLite goes through all that there were in the order of their beginnings
    found = (await session.scalars(chosen)).all()
    return sorted(found, key=lambda one: (one.started_at or LONG_AGO, one.id), reverse=True)


async def coming_maintenances(session: AsyncSession, provider_ids: Sequence[int]) -> Sequence[Maintenance]:
    """Maintenances that are announced or under way, the next first."""
    chosen = select(Maintenance).where(Maintenance.provider_id.in_(provider_ids), is_active(Maintenance))
    found = (await session.scalars(chosen)).all()
    return sorted(found, key=lambda one: (one.starts_at or FAR_OFF, one.id))


async def poller_lag(session: AsyncSession) -> float | None:
    """Seconds since the page that should have been read longest ago was due; None when none is due.

    A page whose poll is under way has its lease ahead and does not count.
    """
    oldest = await session.scalar(select(func.min(Provider.due_at)))
    now = await session.scalar(select(from_now()))
    if oldest is None or now is None or oldest >= now:
        return None
    return float((now - oldest).total_seconds())


async def database_now(session: AsyncSession) -> datetime:
    """The database's own clock."""
    now: datetime = (await session.execute(select(from_now()))).scalar_one()
    return now
