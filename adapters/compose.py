"""From what an adapter found on a page to a snapshot: order, identity, and a status where the page names none."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from adapters.schema import (
    OVER,
    Component,
    Coverage,
    Impact,
    Incident,
    Maintenance,
    MaintenancePhase,
    Provider,
    Snapshot,
    Status,
    Update,
)

LONG_AGO = datetime.min.replace(tzinfo=UTC)

OF_IMPACT = {
    Impact.NONE: Status.OPERATIONAL,
    Impact.MINOR: Status.DEGRADED,
    Impact.MAJOR: Status.PARTIAL_OUTAGE,
    Impact.CRITICAL: Status.MAJOR_OUTAGE,
    Impact.UNKNOWN: Status.DEGRADED,  # something is wrong; how bad it is, nobody says
}
"""What an active incident makes of its provider, where the page does not say it itself."""

_WORSE = [
    Status.UNKNOWN,
    Status.OPERATIONAL,
    Status.MAINTENANCE,
    Status.DEGRADED,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
]

_HARDER = [Impact.UNKNOWN, Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL]

_Case = TypeVar("_Case", Incident, Maintenance)


def compose(
    *,
    adapter: str,
    url: str,
    read_at: datetime,
    name: str | None,
    page_id: str | None = None,
    status: Status | None = None,
    components: Sequence[Component] | None = None,
    incidents: Iterable[Incident] = (),
    maintenances: Iterable[Maintenance] = (),
    coverage: Coverage,
    calm: bool = False,
) -> Snapshot:
    """A snapshot: incidents and maintenances newest first, one of each id (the first that is given).

    status None: the worst that the components and the active incidents and maintenances show. calm: the page is
    of a kind that lists trouble alone, and was read whole, so that no trouble is `operational`.
    """
    told = _each_once(incidents)
    planned = _each_once(maintenances)
    parts = None if components is None else tuple({one.id: one for one in reversed(components)}.values())[::-1]
    return Snapshot(
        provider=Provider(name=name or urlsplit(url).netloc, url=url, adapter=adapter),
        page_id=page_id,
        status=_derived(parts or (), told, planned, calm=calm) if status is None else status,
        components=parts,
        incidents=tuple(sorted(told, key=lambda one: (one.started_at or LONG_AGO, one.id), reverse=True)),
        maintenances=tuple(sorted(planned, key=lambda one: (one.starts_at or LONG_AGO, one.id), reverse=True)),
        coverage=coverage,
        read_at=read_at,
    )


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of them; `unknown` where there is none."""
    return max(statuses, key=_WORSE.index, default=Status.UNKNOWN)


def worst_impact(impacts: Iterable[Impact]) -> Impact:
    """The worst of them; `unknown` where there is none."""
    return max(impacts, key=_HARDER.index, default=Impact.UNKNOWN)


def oldest_first(updates: Iterable[Update]) -> tuple[Update, ...]:
    """In the order of their times, one of each id; those of the same moment as they were given."""
    return tuple(sorted({one.id: one for one in updates}.values(), key=lambda one: one.posted_at))


def _derived(
    components: Sequence[Component],
    incidents: Sequence[Incident],
    maintenances: Sequence[Maintenance],
    *,
    calm: bool,
) -> Status:
    under_way = (MaintenancePhase.IN_PROGRESS, MaintenancePhase.VERIFYING)
    return worst(
        [
            *([Status.OPERATIONAL] if calm else []),
            *(one.status for one in components),
            *(OF_IMPACT[one.impact] for one in incidents if one.phase not in OVER and one.impact != Impact.NONE),
            *(Status.MAINTENANCE for one in maintenances if one.phase in under_way),
        ]
    )


def _each_once(cases: Iterable[_Case]) -> list[_Case]:
    found: dict[str, _Case] = {}
    for one in cases:
        found.setdefault(one.id, one)
    return list(found.values())
