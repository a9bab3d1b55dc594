"""Which pages were in trouble at the same times as one."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from adapters.schema import Impact
from storage.tables import Incident, Provider

BACK = timedelta(days=365)
NEAR = timedelta(hours=1)
MOST_OWN = 100
"""Incidents of the one that is asked about: its latest."""
LEAST = 2
"""Once may be chance."""


@dataclass(frozen=True)
class Coincidence:
    """A page whose trouble began within an hour of the other's, so many times in the last year."""

    provider: Provider
    times: int
    incidents: int
    """How many it had in all: whoever is always in trouble coincides with everybody."""

    @property
    def share(self) -> float:
        """Of its incidents, those that coincide."""
        return min(1.0, self.times / self.incidents) if self.incidents else 0.0


async def with_provider(session: AsyncSession, provider_id: int, now: datetime, most: int) -> list[Coincidence]:
    """The pages that were in trouble at the same times as this one at least twice in the last year, those whose
    incidents coincide for the greater part first."""
    own = [
        at
        for at in await session.scalars(
            select(Incident.started_at)
            .where(
                Incident.provider_id == provider_id, Incident.started_at >= now - BACK, ~Incident.removed,
                Incident.impact != Impact.NONE,
            )
            .order_by(Incident.started_at.desc())
            .limit(MOST_OWN)
        )
        if at is not None
    ]  # fmt: skip
    windows = _windows(own)
    if not windows:
        return []
    near = or_(*(Incident.started_at.between(begins, ends) for begins, ends in windows))
    rows = await session.execute(
        select(Incident.provider_id, Incident.started_at).where(
            near, Incident.provider_id != provider_id, ~Incident.removed, Incident.impact != Impact.NONE
        )
    )
    begun = [begins for begins, _ in windows]
    together = {(row.provider_id, bisect_right(begun, row.started_at)) for row in rows}
    times = Counter(other for other, _ in together)
    often = {id_: number for id_, number in times.items() if number >= LEAST}
    return await _ranked(session, often, now, most)


def _windows(moments: list[datetime]) -> list[tuple[datetime, datetime]]:
    """An hour before and after each; those that overlap as one: that was the same trouble."""
    found: list[tuple[datetime, datetime]] = []
    for at in sorted(moments):
        if found and at - NEAR <= found[-1][1]:
            found[-1] = (found[-1][0], at + NEAR)
        else:
            found.append((at - NEAR, at + NEAR))
    return found


async def _ranked(session: AsyncSession, times: dict[int, int], now: datetime, most: int) -> list[Coincidence]:
    if not times:
        return []
    near = sorted(times, key=lambda id_: times[id_], reverse=True)[:500]
    mine = aliased(Incident)
    number = (
        select(func.count())
        .select_from(mine)
        .where(mine.provider_id == Provider.id, mine.until_at >= now - BACK, ~mine.removed)
        .scalar_subquery()
    )
    rows = await session.execute(select(Provider, number).where(Provider.id.in_(near)))
    found = [Coincidence(one, times[one.id], total) for one, total in rows]
    found.sort(key=lambda one: (-one.share * min(one.times, 10), -one.times, one.provider.slug))
    return found[:most]
