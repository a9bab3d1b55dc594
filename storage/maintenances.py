"""Maintenances by their time: which are about to begin, and which should have ended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import MaintenancePhase
from storage.tables import Event, Follow, Maintenance, Provider

COMING = (MaintenancePhase.SCHEDULED, MaintenancePhase.UNKNOWN)
UNDER_WAY = (MaintenancePhase.IN_PROGRESS, MaintenancePhase.VERIFYING)


@dataclass(frozen=True)
class Coming:
    """A maintenance that has not begun, and one of the leads that its followers want to be reminded with."""

    provider_id: int
    external_id: str
    starts_at: datetime
    first_seen_at: datetime
    lead_minutes: int
    followed_at: datetime
    """Since when the first of them has followed."""


async def coming(session: AsyncSession, now: datetime) -> list[Coming]:
    """What begins within the longest lead that anybody chose, once for each lead that its followers chose."""
    longest = await session.scalar(select(func.max(Follow.remind_minutes)))
    if longest is None:
        return []
    rows = await session.execute(
        select(
            Maintenance.provider_id,
            Maintenance.external_id,
            Maintenance.starts_at,
            Maintenance.first_seen_at,
            Follow.remind_minutes.label("lead_minutes"),
            func.min(Follow.created_at).label("followed_at"),
        )
        .join(Follow, Follow.provider_id == Maintenance.provider_id)
        .where(
            Maintenance.starts_at > now,
            Maintenance.starts_at <= now + timedelta(minutes=longest),
            Maintenance.phase.in_(COMING),
            ~Maintenance.removed,
            Follow.maintenance,
            Follow.remind_minutes.is_not(None),
        )
        .group_by(Maintenance.id, Follow.remind_minutes)
        .order_by(Maintenance.starts_at, Maintenance.id, Follow.remind_minutes.desc())
    )
    return [Coming(**row._mapping) for row in rows]


@dataclass(frozen=True)
class Overdue:
    """A maintenance that is under way though its end has passed."""

    provider_id: int
    external_id: str
    ends_at: datetime
    first_read_at: datetime | None
    """When its page was read for the first time."""
    last_read_at: datetime | None
    """When its page was read well for the last time."""


async def overdue(session: AsyncSession, since: datetime, now: datetime) -> list[Overdue]:
    """What should have ended between the two moments and is still under way, on pages that somebody follows."""
    rows = await session.execute(
        select(
            Maintenance.provider_id,
            Maintenance.external_id,
            Maintenance.ends_at,
            Provider.first_read_at,
            Provider.last_read_at,
        )
        .join(Provider, Provider.id == Maintenance.provider_id)
        .where(
            Maintenance.ends_at > since,
            Maintenance.ends_at <= now,
            Maintenance.phase.in_(UNDER_WAY),
            ~Maintenance.removed,
            Provider.due_at.is_not(None),
        )
        .order_by(Maintenance.ends_at, Maintenance.id)
    )
    return [Overdue(**row._mapping) for row in rows]


async def known_keys(session: AsyncSession, keys: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which of these events (provider, key) there are already."""
    if not keys:
        return set()
    rows = await session.execute(
        select(Event.provider_id, Event.key).where(tuple_(Event.provider_id, Event.key).in_(keys))
    )
    return {(provider_id, key) for provider_id, key in rows}
