"""All that a workspace follows at a glance: how many are in trouble, what is active and coming, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import follows
from storage.providers import is_active
from storage.tables import Component, Destination, Follow, Incident, Maintenance, Provider, Subject, Thread

_ACTIVE, _COMING = is_active(Incident), is_active(Maintenance)


@dataclass(frozen=True)
class Overview:
    """`names` are those of the providers of all follows, in the order of the pages; `page` some of the follows.

    component_names: of the incidents shown, by (provider, the page's own id). muted: whether what is active is
    muted, by follow; follows with nothing active that was told are not in it.
    """

    followed: int = 0
    in_trouble: int = 0
    names: Sequence[str] = ()
    page: Sequence[tuple[Follow, Provider, Destination]] = ()
    incidents: Sequence[tuple[Incident, Provider]] = ()
    more_incidents: int = 0
    maintenances: Sequence[tuple[Maintenance, Provider]] = ()
    more_maintenances: int = 0
    component_names: dict[tuple[int, str], str] | None = None
    muted: dict[int, bool] | None = None


async def of_workspace(
    session: AsyncSession, workspace_id: int, *, offset: int, limit: int, most: int, most_coming: int
) -> Overview:
    """The follows from the `offset`th on, by the provider's name; of incidents and maintenances the first."""
    glance = await follows.glance(session, workspace_id, 0)
    names = list(await session.scalars(_ordered(select(Provider.name), workspace_id)))
    offset = min(offset, max(0, (len(names) - 1) // limit * limit))
    rows = await session.execute(
        _ordered(select(Follow, Provider, Destination), workspace_id).offset(offset).limit(limit)
    )
    page = [(follow, provider, destination) for follow, provider, destination in rows]
    mine = Provider.id.in_(_provider_ids(workspace_id))
    incidents, more_incidents = await _first(
        session, Incident, mine & _ACTIVE, Incident.started_at.desc().nulls_last(), most
    )
    coming, more_coming = await _first(
        session, Maintenance, mine & _COMING, Maintenance.starts_at.asc().nulls_last(), most_coming
    )
    return Overview(
        followed=glance.followed,
        in_trouble=glance.in_trouble,
        names=names,
        page=page,
        incidents=incidents,
        more_incidents=more_incidents,
        maintenances=coming,
        more_maintenances=more_coming,
        component_names=await _component_names(session, [one for one, _ in incidents]),
        muted=await _muted(session, [follow for follow, _, _ in page]),
    )


def _provider_ids(workspace_id: int) -> Select[int]:
    return (
        select(Follow.provider_id)
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Destination.workspace_id == workspace_id)
    )


def _ordered(chosen: Any, workspace_id: int) -> Any:
    """The workspace's follows in the order of the pages."""
    return (
        chosen.select_from(Follow)
        .join(Provider, Provider.id == Follow.provider_id)
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Destination.workspace_id == workspace_id)
        .order_by(func.lower(Provider.name), Provider.id, Destination.uri)
    )


async def _first(
    session: AsyncSession, table: Any, wanted: ColumnElement[bool], order: Any, most: int
) -> tuple[list[tuple[Any, Provider]], int]:
    """The first of them with their providers, and how many more there are."""
    joined = select(table, Provider).join(Provider, Provider.id == table.provider_id).where(wanted)
    rows = (await session.execute(joined.order_by(order, table.id).limit(most + 1))).all()
    found = [(row[0], row[1]) for row in rows[:most]]
    if len(rows) <= most:
        return found, 0
    counted = select(func.count()).select_from(table).join(Provider, Provider.id == table.provider_id)
    return found, int(await session.scalar(counted.where(wanted)) or 0) - most


async def _component_names(session: AsyncSession, incidents: Sequence[Incident]) -> dict[tuple[int, str], str]:
    ids = {id_ for one in incidents for id_ in one.component_ids}
    if not ids:
        return {}
    rows = await session.execute(
        select(Component.provider_id, Component.external_id, Component.name).where(
            Component.provider_id.in_({one.provider_id for one in incidents}), Component.external_id.in_(ids)
        )
    )
    return {(provider_id, external_id): name for provider_id, external_id, name in rows}


async def _muted(session: AsyncSession, rows: Sequence[Follow]) -> dict[int, bool]:
    """Of the threads about active incidents at a follow's destination: whether each is muted."""
    threads = await session.execute(
        select(Thread.destination_id, Subject.provider_id, Thread.muted)
        .join(Subject, and_(Subject.id == Thread.subject_id, Subject.kind == "incident"))
        .join(
            Incident,
            and_(Incident.provider_id == Subject.provider_id, Incident.external_id == Subject.external_id),
        )
        .where(
            _ACTIVE,
            Thread.reference.is_not(None),
            Thread.destination_id.in_({row.destination_id for row in rows}),
        )
    )
    by_place: dict[tuple[int, int], list[bool]] = {}
    for destination_id, provider_id, muted in threads:
        by_place.setdefault((destination_id, provider_id), []).append(muted)
    return {
        row.id: all(found)
        for row in rows
        if (found := by_place.get((row.destination_id, row.provider_id))) is not None
    }
