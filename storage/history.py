"""What the last days were like: stretches of time from the database, and the pure arithmetic over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters import schema
from adapters.schema import Impact, MaintenancePhase, Status
from storage import state
from storage.tables import Component, Incident, Maintenance, Observation, PastDay, Provider, Span


class DayState(IntEnum):
    """A day of a provider's history; the greater one is the worse and wins the day."""

    UNKNOWN = 0
    OPERATIONAL = 1
    MAINTENANCE = 2
    DEGRADED = 3
    OUTAGE = 4


_OF_STATUS = {
    Status.OPERATIONAL: DayState.OPERATIONAL,
    Status.MAINTENANCE: DayState.MAINTENANCE,
    Status.DEGRADED: DayState.DEGRADED,
    Status.PARTIAL_OUTAGE: DayState.OUTAGE,
    Status.MAJOR_OUTAGE: DayState.OUTAGE,
    Status.UNKNOWN: DayState.UNKNOWN,
}
_OF_IMPACT = {
    Impact.NONE: DayState.UNKNOWN,  # the provider itself says that nothing was affected: it proves nothing
    Impact.MINOR: DayState.DEGRADED,
    Impact.MAJOR: DayState.OUTAGE,
    Impact.CRITICAL: DayState.OUTAGE,
    Impact.UNKNOWN: DayState.DEGRADED,
}


@dataclass(frozen=True)
class Stretch:
    """From a moment until another (not included), something was so."""

    state: DayState
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True)
class Uptime:
    """Operational days over known days. `share` is None where no day is known."""

    days: tuple[tuple[date, DayState], ...]
    operational: int
    known: int

    @property
    def share(self) -> float | None:
        """Between 0 and 1."""
        return self.operational / self.known if self.known else None


def uptime(stretches: Sequence[Stretch], days: int, now: datetime, zone: tzinfo = UTC) -> Uptime:
    """The last `days` days up to today, in the given zone.

    A day has the worst state that any stretch of it had; a day that no stretch touches is unknown. A maintenance
    day is known and not operational.
    """
    today = now.astimezone(zone).date()
    dated = tuple(
        (day, _state_of(day, stretches, zone))
        for day in (today - timedelta(days=back) for back in range(days - 1, -1, -1))
    )
    states = [day_state for _, day_state in dated]
    return Uptime(
        days=dated,
        operational=states.count(DayState.OPERATIONAL),
        known=len(states) - states.count(DayState.UNKNOWN),
    )


def _state_of(day: date, stretches: Sequence[Stretch], zone: tzinfo) -> DayState:
    begins = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    return max(
        (
            one.state
            for one in stretches
            if one.from_at < ends and (one.until_at > begins or one.from_at >= begins)
        ),
        default=DayState.UNKNOWN,
    )


def observed(
    observations: Sequence[tuple[datetime, datetime]], spans: Sequence[tuple[Status, datetime, datetime | None]]
) -> list[Stretch]:
    """What was seen: the spans, cut to the time in which the page was being read."""
    return [
        Stretch(_OF_STATUS[status], max(from_at, seen_from), min(until_at or seen_until, seen_until))
        for seen_from, seen_until in observations
        for status, from_at, until_at in spans
        if from_at <= seen_until and (until_at is None or until_at > seen_from)
    ]


def filled(days: Sequence[tuple[date, Status]]) -> list[Stretch]:
    """What the page's own history says of whole days. Its days are those of its zone, taken for days in UTC."""
    return [
        Stretch(_OF_STATUS[status], begins, begins + timedelta(days=1))
        for day, status in days
        for begins in [datetime.combine(day, time(), UTC)]
        if _OF_STATUS[status] != DayState.UNKNOWN
    ]


def told(
    incidents: Sequence[schema.Incident], maintenances: Sequence[schema.Maintenance], now: datetime
) -> list[Stretch]:
    """What the page itself tells of its past, also of the time before it was read."""
    stretches = [
        Stretch(_OF_IMPACT[case.impact], case.started_at, _ended(case, case.started_at))
        for case in incidents
        if case.started_at is not None
    ]
    begun = (MaintenancePhase.IN_PROGRESS, MaintenancePhase.VERIFYING, MaintenancePhase.COMPLETED)
    stretches += [
        Stretch(DayState.MAINTENANCE, window.starts_at, max(min(window.ends_at or now, now), window.starts_at))
        for window in maintenances
        if window.starts_at is not None and window.starts_at <= now and window.phase in begun
    ]
    return [stretch for stretch in stretches if stretch.state != DayState.UNKNOWN]


def _ended(case: schema.Incident, started_at: datetime) -> datetime:
    """When the page says it ended; left open or sloppily closed, when the page last said anything of it.

    An incident that was forgotten open doesn't darken every day since: the provider's own status, where it was
    read, does.
    """
    said = [update.posted_at for update in case.updates]
    resolved = [update.posted_at for update in case.updates if update.phase == "resolved"]
    return max(started_at, case.resolved_at or (resolved or said or [started_at])[-1])


async def stretches(session: AsyncSession, provider: Provider, since: datetime, now: datetime) -> list[Stretch]:
    """Everything known of a provider as a whole, from `since` on."""
    observations = [
        (row.from_at, row.until_at)
        for row in await session.execute(
            select(Observation.from_at, Observation.until_at).where(
                Observation.provider_id == provider.id, Observation.until_at >= since
            )
        )
    ]
    if provider.observed_since is not None and provider.last_read_at is not None:
        observations.append((provider.observed_since, provider.last_read_at))
    spans = [
        (Status(row.status), row.from_at, row.until_at)
        for row in await session.execute(
            select(Span.status, Span.from_at, Span.until_at).where(
                Span.provider_id == provider.id,
                Span.component_id.is_(None),
                or_(Span.until_at.is_(None), Span.until_at >= since),
            )
        )
    ]
    incidents = await session.scalars(
        select(Incident).where(
            Incident.provider_id == provider.id,
            ~Incident.removed,
            or_(Incident.started_at >= since, Incident.resolved_at.is_(None), Incident.resolved_at >= since),
        )
    )
    maintenances = await session.scalars(
        select(Maintenance).where(
            Maintenance.provider_id == provider.id,
            ~Maintenance.removed,
            or_(Maintenance.ends_at.is_(None), Maintenance.ends_at >= since),
        )
    )
    told_by_page = told(
        [state.incident(row) for row in incidents], [state.maintenance(row) for row in maintenances], now
    )
    return observed(observations, spans) + told_by_page + filled(await _past_days(session, provider, since))


async def fill(session: AsyncSession, provider_id: int, days: Sequence[schema.PastDay]) -> None:
    """Keeps what the page's own history says of components that are known, for the days not kept already."""
    ids = {
        external_id: id_
        for id_, external_id in await session.execute(
            select(Component.id, Component.external_id).where(Component.provider_id == provider_id)
        )
    }
    known = set(
        await session.execute(
            select(PastDay.component_id, PastDay.day).where(PastDay.component_id.in_(ids.values()))
        )
    )
    new = {(ids[one.component_id], one.day): str(one.status) for one in days if one.component_id in ids}
    rows = [
        {"component_id": id_, "day": day, "status": status}
        for (id_, day), status in new.items()
        if (id_, day) not in known
    ]
    if rows:
        await session.execute(insert(PastDay), rows)


async def _past_days(session: AsyncSession, provider: Provider, since: datetime) -> list[tuple[date, Status]]:
    """Of the days before the page was first read."""
    if provider.first_read_at is None:
        return []
    rows = await session.execute(
        select(PastDay.day, PastDay.status)
        .join(Component, Component.id == PastDay.component_id)
        .where(
            Component.provider_id == provider.id,
            PastDay.day >= since.date(),
            PastDay.day < provider.first_read_at.date(),
        )
        .distinct()
    )
    return [(day, Status(status)) for day, status in rows]
