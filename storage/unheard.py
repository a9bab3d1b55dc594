"""Word of trouble that somebody could not be sent: they are told when they next ask for something."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.notices import TROUBLE
from storage.tables import Destination, Notice, Workspace


async def of_person(session: AsyncSession, workspace: str, person: str) -> list[tuple[int, str, str]]:
    """(the destination's id, its address, why nothing can be sent there) of what a person has not heard of yet.
    Where something can be sent again there is nothing left to tell."""
    rows = await session.execute(
        select(Notice.plan, Destination.id, Destination.uri, Destination.disabled_because)
        .join(Destination, Destination.id == Notice.destination_id)
        .join(Workspace, Workspace.id == Destination.workspace_id)
        .where(Workspace.key == workspace, Notice.kind == TROUBLE, Destination.disabled_at.is_not(None))
        .order_by(Destination.id)
    )
    return [
        (id_, uri, because or "no reason is known")
        for plan, id_, uri, because in rows
        if person in plan.get("unheard", ())
    ]


async def heard(session: AsyncSession, destination_id: int, person: str) -> bool:
    """Now they have; False: they had before."""
    notice = await session.scalar(
        select(Notice)
        .where(Notice.destination_id == destination_id, Notice.kind == TROUBLE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    left = list(notice.plan.get("unheard", ())) if notice is not None else []
    if notice is None or person not in left:
        return False
    notice.plan = dict(notice.plan) | {"unheard": [one for one in left if one != person]}
    await session.flush()
    return True
