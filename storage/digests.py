"""What a digest tells of: what is followed at a destination, and what became of it in a while."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Status
from storage.providers import INCIDENT_OVER
from storage.tables import Follow, Incident, Provider, Span

_TROUBLE = (Status.DEGRADED, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)


async def followed_at(session: AsyncSession, destination_id: int) -> list[tuple[Follow, Provider]]:
    """What is followed at a destination, by the provider's name."""
    rows = await session.execute(
        select(Follow, Provider)
        .join(Provider, Provider.id == Follow.provider_id)
        .where(Follow.destination_id == destination_id)
        .order_by(func.lower(Provider.name), Provider.id)
    )
    return [(follow, provider) for follow, provider in rows]


async def incidents(session: AsyncSession, provider_ids: Sequence[int], since: datetime) -> Sequence[Incident]:
    """Incidents that were active at some time since then, as far as their pages say; the newest first."""
    return (
        await session.scalars(
            select(Incident)
            .where(
                Incident.provider_id.in_(provider_ids),
                ~Incident.removed,
                or_(
                    Incident.phase.not_in(INCIDENT_OVER),
                    Incident.started_at >= since,
                    Incident.resolved_at >= since,
                    and_(
                        Incident.started_at.is_(None),
                        Incident.resolved_at.is_(None),
                        Incident.first_seen_at >= since,
                    ),
                ),
            )
            .order_by(Incident.started_at.desc().nulls_last(), Incident.id.desc())
        )
    ).all()


async def troubled(session: AsyncSession, provider_ids: Sequence[int], since: datetime) -> set[int]:
    """Those whose page showed trouble at some time since then, with an incident or without."""
    rows = await session.scalars(
        select(Span.provider_id)
        .where(
            Span.provider_id.in_(provider_ids),
            Span.component_id.is_(None),
            Span.status.in_(_TROUBLE),
            or_(Span.until_at.is_(None), Span.until_at >= since),
        )
        .distinct()
    )
    return set(rows)
