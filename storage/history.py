"""What days were like: the pure arithmetic over stretches of time.

A day has the worst state that it had at any moment: outage, degraded, maintenance, operational, unknown, in this
order. The known uptime is the share of operational days among the known ones; a day of maintenance is known, and
neither an outage nor operational. Beside it stands the time-weighted uptime of `seconds`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum

from adapters import schema
from adapters.schema import Impact, MaintenancePhase, Status
from storage import cases
from storage.seconds import NO_SECONDS, Seconds


class DayState(IntEnum):
    """A day of a provider's history; the greater one is the worse and wins the day."""

    UNKNOWN = 0
    OPERATIONAL = 1
    MAINTENANCE = 2
    DEGRADED = 3
    OUTAGE = 4


OF_STATUS = {
    Status.OPERATIONAL: DayState.OPERATIONAL,
    Status.MAINTENANCE: DayState.MAINTENANCE,
    Status.DEGRADED: DayState.DEGRADED,
    Status.PARTIAL_OUTAGE: DayState.OUTAGE,
    Status.MAJOR_OUTAGE: DayState.OUTAGE,
    Status.UNKNOWN: DayState.UNKNOWN,
}
OF_IMPACT = {
    Impact.NONE: DayState.UNKNOWN,  # the provider itself says that nothing was affected: it proves nothing
    Impact.MINOR: DayState.DEGRADED,
    Impact.MAJOR: DayState.OUTAGE,
    Impact.CRITICAL: DayState.OUTAGE,
    Impact.UNKNOWN: DayState.DEGRADED,
}
BEGUN = frozenset({MaintenancePhase.IN_PROGRESS, MaintenancePhase.VERIFYING, MaintenancePhase.COMPLETED})
"""The phases of planned work that has really begun."""


@dataclass(frozen=True)
class Stretch:
    """From a moment until another (not included), something was so."""

    state: DayState
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True)
class Uptime:
    """Operational days over known days, and how long the time that was observed had which status. `share` is None
    where no day is known."""

    days: tuple[tuple[date, DayState], ...]
    operational: int
    known: int
    seconds: Seconds = NO_SECONDS

    @property
    def share(self) -> float | None:
        """Between 0 and 1."""
        return self.operational / self.known if self.known else None


def uptime(stretches: Sequence[Stretch], days: int, now: datetime, zone: tzinfo = UTC) -> Uptime:
    """The last `days` days up to today, in the given zone.

    A day has the worst state that any stretch of it had; a day that no stretch touches is unknown. A maintenance
    day is known and not operational.
    """
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    bounds = day_bounds(first, days, zone)
    dated = zip(
        (first + timedelta(days=ahead) for ahead in range(days)), worst_states(stretches, bounds), strict=True
    )
    return of_days(tuple(dated))


def of_days(dated: tuple[tuple[date, DayState], ...], seconds: Seconds = NO_SECONDS) -> Uptime:
    """The figures of days whose states are known."""
    states = [day_state for _, day_state in dated]
    return Uptime(
        days=dated,
        operational=states.count(DayState.OPERATIONAL),
        known=len(states) - states.count(DayState.UNKNOWN),
        seconds=seconds,
    )


def day_bounds(first: date, days: int, zone: tzinfo) -> list[datetime]:
    """When each of so many days begins in the zone, and when the last one ends; in UTC. A day may have 23, 24.5 or
    25 hours, and one whose midnight the clocks skip begins when they go forward."""
    return [
        datetime.combine(first + timedelta(days=ahead), time(), zone).astimezone(UTC) for ahead in range(days + 1)
    ]


def worst_states(stretches: Sequence[Stretch], bounds: Sequence[datetime]) -> list[DayState]:
    """The worst state of each of the days between the bounds. A stretch without length is of the day it is on."""
    found = [DayState.UNKNOWN] * (len(bounds) - 1)
    for one in stretches:
        begins_on = bisect_right(bounds, one.from_at) - 1
        ends_on = max(bisect_left(bounds, one.until_at) - 1, begins_on)
        for place in range(max(begins_on, 0), min(ends_on + 1, len(found))):
            found[place] = max(found[place], one.state)
    return found


def observed(
    observations: Sequence[tuple[datetime, datetime]], spans: Sequence[tuple[Status, datetime, datetime | None]]
) -> list[Stretch]:
    """What was seen: the spans, cut to the time in which the page was being read."""
    return [
        Stretch(OF_STATUS[status], max(from_at, seen_from), min(until_at or seen_until, seen_until))
        for seen_from, seen_until in observations
        for status, from_at, until_at in spans
        if from_at <= seen_until and (until_at is None or until_at > seen_from)
    ]


def filled(days: Sequence[tuple[date, Status]]) -> list[Stretch]:
    """What the page's own history says of whole days. Its days are those of its zone, taken for days in UTC."""
    return [
        Stretch(OF_STATUS[status], begins, begins + timedelta(days=1))
        for day, status in days
        for begins in [datetime.combine(day, time(), UTC)]
        if OF_STATUS[status] != DayState.UNKNOWN
    ]


def told(
    incidents: Sequence[schema.Incident], maintenances: Sequence[schema.Maintenance], now: datetime
) -> list[Stretch]:
    """What the page itself tells of its past, also of the time before it was read."""
    stretches = [
        Stretch(OF_IMPACT[case.impact], case.started_at, cases.ended(case) or case.started_at)
        for case in incidents
        if case.started_at is not None
    ]
    stretches += [
        Stretch(DayState.MAINTENANCE, window.starts_at, max(min(window.ends_at or now, now), window.starts_at))
        for window in maintenances
        if window.starts_at is not None and window.starts_at <= now and window.phase in BEGUN
    ]
    return [stretch for stretch in stretches if stretch.state != DayState.UNKNOWN]
