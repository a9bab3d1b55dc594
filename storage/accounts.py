"""The incidents and planned work of a provider as `analysis` reckons with them."""

from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters import schema
from storage import state
from storage.analysis import Case, case_of
from storage.evidence import observations
from storage.history import BEGUN
from storage.providers import INCIDENT_OVER
from storage.tables import Component, Incident, Maintenance, Provider

MOST = 2000
"""Incidents: of more, the newest."""


_CASES = (
    select(Incident)
    .where(
        Incident.provider_id == bindparam("provider_id"),
        ~Incident.removed,
        or_(
            Incident.until_at >= bindparam("since"),
            Incident.phase.not_in(INCIDENT_OVER),
            Incident.until_at.is_(None) & (Incident.first_seen_at >= bindparam("since")),
        ),
        or_(Incident.started_at < bindparam("until"), Incident.started_at.is_(None)),
    )
    .order_by(Incident.started_at.desc().nulls_last(), Incident.id.desc())
    .limit(bindparam("most"))
)


async def cases(
    session: AsyncSession, provider: Provider, since: datetime, until: datetime, most: int = MOST
) -> list[Case]:
    """Every incident that was active, or told without its start, at some time from `since` until `until`; the
    newest first, at most so many. Whether one is dated back is known where the page was being read."""
    asked = {"provider_id": provider.id, "since": since, "until": until, "most": most}
    rows = await session.scalars(_CASES, asked)
    seen = await observations(session, provider, since)
    return [case_of(state.incident(row), row.first_seen_at, seen) for row in rows]


_WORKS = (
    select(Maintenance)
    .where(
        Maintenance.provider_id == bindparam("provider_id"),
        ~Maintenance.removed,
        Maintenance.phase.in_([str(phase) for phase in BEGUN]),
        or_(Maintenance.ends_at >= bindparam("since"), Maintenance.ends_at.is_(None)),
        Maintenance.starts_at < bindparam("until"),
    )
    .order_by(Maintenance.starts_at.desc(), Maintenance.id.desc())
    .limit(bindparam("most"))
)


async def works(
    session: AsyncSession, provider: Provider, since: datetime, until: datetime, most: int = MOST
) -> list[schema.Maintenance]:
    """Planned work that has begun, and ended since then or not yet; the newest first."""
    asked = {"provider_id": provider.id, "since": since, "until": until, "most": most}
    return [state.maintenance(row) for row in await session.scalars(_WORKS, asked)]


async def component_names(session: AsyncSession, provider_id: int) -> dict[str, str]:
    """Of every component that it has or had, by the page's own id, in the page's order."""
    rows = await session.execute(
        select(Component.external_id, Component.name)
        .where(Component.provider_id == provider_id)
        .order_by(Component.removed_at.is_not(None), Component.position, Component.id)
    )
    return {row.external_id: row.name for row in rows}
