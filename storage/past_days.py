"""What pages' own histories say of days before they were read."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from adapters import schema
from storage.tables import Component, PastDay, Provider


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
        await session.execute(
            update(Provider).where(Provider.id == provider_id).values(closed_until=None),
            execution_options={"synchronize_session": False},
        )
