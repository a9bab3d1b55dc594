"""What is remembered of one provider's page, in the form in which two reads are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from adapters import schema
from adapters.schema import OVER, Impact, IncidentPhase, MaintenancePhase, Status
from storage import cases, tables

Case = TypeVar("Case", schema.Incident, schema.Maintenance)
Row = TypeVar("Row", tables.Incident, tables.Maintenance)


@dataclass(frozen=True)
class Known(Generic[Case]):
    """An incident or a maintenance as it was last seen, and what is remembered about it."""

    case: Case
    ever_component_ids: tuple[str, ...] = ()
    """Every component it has named, also those it names no more."""
    revision: int = 0
    """Counts its changes."""
    missing: int = 0
    """On how many reads running the page did not know it any more."""
    removed: bool = False

    @property
    def active(self) -> bool:
        """Neither over nor removed."""
        return not self.removed and self.case.phase not in OVER


@dataclass(frozen=True)
class KnownComponent:
    """A component as it was last seen, and how far its followers have been told."""

    component: schema.Component
    told_status: Status
    told_at: datetime | None = None
    told_in: str | None = None
    """`incident:ID` or `maintenance:ID`: whose thread it was told in. None: its own."""
    held_since: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True)
class State:
    """Everything that a new read of the page is compared with.

    Of incidents and maintenances it holds those that are active and those that the caller asked for; the others
    are over and out of the read's reach.
    """

    slug: str
    name: str
    url: str
    page_id: str | None = None
    first_read_at: datetime | None = None
    status: Status = Status.UNKNOWN
    components: Mapping[str, KnownComponent] = field(default_factory=dict)
    incidents: Mapping[str, Known[schema.Incident]] = field(default_factory=dict)
    maintenances: Mapping[str, Known[schema.Maintenance]] = field(default_factory=dict)
    past_incidents: int = 0
    """How many incidents are known that are over."""


_INCIDENT_OVER = [str(phase) for phase in IncidentPhase if phase in OVER]
_MAINTENANCE_OVER = [str(phase) for phase in MaintenancePhase if phase in OVER]


async def load(
    session: AsyncSession,
    provider: tables.Provider,
    also: frozenset[str] = frozenset(),
    *,
    all_cases: bool = False,
) -> State:
    """The state of a provider, with the active incidents and maintenances and those whose ids are in `also`, or
    with all there are."""
    components = await session.scalars(
        select(tables.Component)
        .where(tables.Component.provider_id == provider.id)
        .order_by(tables.Component.position)
    )
    incidents = await session.scalars(_needed(tables.Incident, provider.id, _INCIDENT_OVER, also, all_cases))
    maintenances = await session.scalars(
        _needed(tables.Maintenance, provider.id, _MAINTENANCE_OVER, also, all_cases)
    )
    past = await session.scalar(
        select(func.count())
        .select_from(tables.Incident)
        .where(tables.Incident.provider_id == provider.id, tables.Incident.phase.in_(_INCIDENT_OVER))
    )
    return State(
        slug=provider.slug,
        name=provider.name,
        url=provider.url,
        page_id=provider.page_id,
        first_read_at=provider.first_read_at,
        status=Status(provider.status),
        components={row.external_id: known_component(row) for row in components},
        incidents={row.external_id: _remembered(row, incident(row)) for row in incidents},
        maintenances={row.external_id: _remembered(row, maintenance(row)) for row in maintenances},
        past_incidents=past or 0,
    )


def _needed(
    table: type[Row], provider_id: int, over: Sequence[str], also: frozenset[str], all_cases: bool
) -> Select[Row]:
    chosen = select(table).where(table.provider_id == provider_id)
    if all_cases:
        return chosen
    active = table.phase.not_in(over) & ~table.removed
    return chosen.where(or_(active, table.external_id.in_(also)))


def component(row: tables.Component) -> schema.Component:
    """A stored component, as the schema has it."""
    return schema.Component(
        id=row.external_id,
        name=row.name,
        group=row.group,
        description=row.description,
        status=Status(row.status),
        changed_at=row.changed_at,
    )


def known_component(row: tables.Component) -> KnownComponent:
    """A stored component, with what its followers have been told."""
    return KnownComponent(
        component=component(row),
        told_status=Status(row.told_status),
        told_at=row.told_at,
        told_in=row.told_in,
        held_since=row.held_since,
        removed_at=row.removed_at,
    )


def incident(row: tables.Incident) -> schema.Incident:
    """A stored incident, as the schema has it."""
    return schema.Incident(
        id=row.external_id,
        title=row.title,
        impact=Impact(row.impact),
        phase=IncidentPhase(row.phase),
        started_at=row.started_at,
        resolved_at=row.resolved_at,
        url=row.url,
        component_ids=tuple(row.component_ids),
        updates=tuple(schema.Update.model_validate(update) for update in row.updates),
    )


def maintenance(row: tables.Maintenance) -> schema.Maintenance:
    """A stored maintenance, as the schema has it."""
    return schema.Maintenance(
        id=row.external_id,
        title=row.title,
        phase=MaintenancePhase(row.phase),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        url=row.url,
        component_ids=tuple(row.component_ids),
        updates=tuple(schema.Update.model_validate(update) for update in row.updates),
    )


def _remembered(row: tables.Incident | tables.Maintenance, case: Case) -> Known[Case]:
    return Known(
        case=case,
        ever_component_ids=tuple(row.ever_component_ids),
        revision=row.revision,
        missing=row.missing,
        removed=row.removed,
    )


async def rename(
    session: AsyncSession,
    provider_id: int,
    components: Mapping[str, str],
    incidents: Mapping[str, str],
    maintenances: Mapping[str, str],
) -> None:
    """Gives rows, their subjects and the filters of follows the ids (former → new) of another platform."""
    for table, kind, ids in (
        (tables.Component, "component", components),
        (tables.Incident, "incident", incidents),
        (tables.Maintenance, "maintenance", maintenances),
    ):
        for former, new in ids.items():
            for named in (
                update(table).where(table.provider_id == provider_id, table.external_id == former),
                update(tables.Subject).where(
                    tables.Subject.provider_id == provider_id,
                    tables.Subject.kind == kind,
                    tables.Subject.external_id == former,
                ),
            ):
                await session.execute(
                    named.values(external_id=new), execution_options={"synchronize_session": False}
                )
    if components:
        for follow in await session.scalars(select(tables.Follow).where(tables.Follow.provider_id == provider_id)):
            follow.component_ids = [components.get(id_, id_) for id_ in follow.component_ids]


async def save(
    session: AsyncSession,
    provider_id: int,
    before: State,
    after: State,
    positions: Mapping[str, int],
    now: datetime,
) -> None:
    """Writes what differs. `positions` is the page's order of its components."""
    if before.first_read_at is None or before.status != after.status:
        await _save_span(session, provider_id, None, after.status, now)
    await _save_components(session, provider_id, before, after, positions, now)
    await _save_cases(session, tables.Incident, provider_id, before.incidents, after.incidents, now)
    await _save_cases(session, tables.Maintenance, provider_id, before.maintenances, after.maintenances, now)
    since = _past_changed(before, after)
    if since is not None:
        await reopen(session, provider_id, since.date())


def _past_changed(before: State, after: State) -> datetime | None:
    """From when on what is known of the past has changed. None: it has not."""
    moments = [
        known.case.started_at
        for id_, new in after.incidents.items()
        if before.incidents.get(id_) != new
        for known in (before.incidents.get(id_), new)
        if known is not None
    ]
    moments += [
        planned.case.starts_at
        for id_, window in after.maintenances.items()
        if before.maintenances.get(id_) != window
        for planned in (before.maintenances.get(id_), window)
        if planned is not None
    ]
    moments += [  # while the page did not list it, nothing was known of it
        was.removed_at
        for id_, was in before.components.items()
        if id_ in after.components and after.components[id_].removed_at is None
    ]
    return min((moment for moment in moments if moment is not None), default=None)


async def reopen(session: AsyncSession, provider_id: int, day: date) -> None:
    """What is known of that day or later ones has changed: their kept states are to be made anew."""
    await session.execute(
        update(tables.Provider)
        .where(tables.Provider.id == provider_id, tables.Provider.closed_until >= day)
        .values(closed_until=day - timedelta(days=1)),
        execution_options={"synchronize_session": False},
    )


async def _save_components(
    session: AsyncSession,
    provider_id: int,
    before: State,
    after: State,
    positions: Mapping[str, int],
    now: datetime,
) -> None:
    table, added = tables.Component, list[dict[str, Any]]()
    for id_, known in after.components.items():
        was = before.components.get(id_)
        if was == known:
            continue
        values = _component_values(known) | ({"position": positions[id_]} if id_ in positions else {})
        if was is None:
            added.append({"provider_id": provider_id, "external_id": id_, "first_seen_at": now, **values})
            continue
        row_id = await session.execute(
            update(table)
            .where(table.provider_id == provider_id, table.external_id == id_)
            .values(**values)
            .returning(table.id),
            execution_options={"synchronize_session": False},
        )
        shown, shows = _listed_status(was), _listed_status(known)
        if shown != shows:
            await _save_span(session, provider_id, row_id.scalar_one(), shows, now)
    if added:
        ids = await session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), added)
        spans = [
            {"provider_id": provider_id, "component_id": id_, "status": row["status"], "from_at": now}
            for id_, row in zip(ids, added, strict=True)
        ]
        await session.execute(insert(tables.Span), spans)


def _component_values(known: KnownComponent) -> dict[str, Any]:
    return {
        "name": known.component.name,
        "group": known.component.group,
        "description": known.component.description,
        "status": str(known.component.status),
        "changed_at": known.component.changed_at,
        "told_status": str(known.told_status),
        "told_at": known.told_at,
        "told_in": known.told_in,
        "held_since": known.held_since,
        "removed_at": known.removed_at,
    }


def _listed_status(known: KnownComponent) -> Status | None:
    return known.component.status if known.removed_at is None else None


async def _save_span(
    session: AsyncSession, provider_id: int, component_id: int | None, status: Status | None, now: datetime
) -> None:
    """The stretch of time that was open ends; another begins, unless there is nothing to see any more."""
    await session.execute(
        update(tables.Span)
        .where(
            tables.Span.provider_id == provider_id,
            tables.Span.component_id == component_id,
            tables.Span.until_at.is_(None),
        )
        .values(until_at=now)
    )
    if status is not None:
        row = {"provider_id": provider_id, "component_id": component_id, "status": str(status), "from_at": now}
        await session.execute(insert(tables.Span).values(**row))


async def _save_cases(
    session: AsyncSession,
    table: type[tables.Incident] | type[tables.Maintenance],
    provider_id: int,
    before: Mapping[str, Known[Case]],
    after: Mapping[str, Known[Case]],
    now: datetime,
) -> None:
    added = []
    for id_, known in after.items():
        if before.get(id_) == known:
            continue
        values = known.case.model_dump(exclude={"id", "updates", "component_ids"}) | {
            "phase": str(known.case.phase),
            "component_ids": list(known.case.component_ids),
            "updates": [update_.model_dump(mode="json") for update_ in known.case.updates],
            "ever_component_ids": list(known.ever_component_ids),
            "revision": known.revision,
            "missing": known.missing,
            "removed": known.removed,
        }
        if "impact" in values:
            values["impact"] = str(values["impact"])
        if isinstance(known.case, schema.Incident):
            values |= {"until_at": cases.ended(known.case), "posted_at": cases.posted(known.case)}
        if id_ in before:
            if (before[id_].case, before[id_].removed) != (known.case, known.removed):
                values["changed_at"] = now
            await session.execute(
                update(table).where(table.provider_id == provider_id, table.external_id == id_).values(**values),
                execution_options={"synchronize_session": False},
            )
        else:
            added.append(values | {"provider_id": provider_id, "external_id": id_, "first_seen_at": now})
    if added:
        await session.execute(insert(table), added)
