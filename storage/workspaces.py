"""Workspaces: who they are, whether uptimus is (still) installed in them, and who may change what they follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import channels, follows, providers, threads
from storage.database import from_now
from storage.tables import Destination, Follow, Provider, Workspace

KEPT_SECONDS = 30 * 86400.0
"""For so long what a workspace follows is kept after uptimus was removed from it."""


async def by_key(session: AsyncSession, key: str) -> Workspace | None:
    """The workspace, if it was ever named."""
    return await session.scalar(select(Workspace).where(Workspace.key == key))


async def seen(
    session: AsyncSession, key: str, *, name: str | None = None, enterprise_id: str | None = None
) -> Workspace:
    """The workspace, made if need be, with what is newly known of it."""
    await follows.workspace(session, key)
    row = await by_key(session, key)
    assert row is not None
    row.name = name or row.name
    row.enterprise_id = enterprise_id or row.enterprise_id
    await session.flush()
    return row


async def of_enterprise(session: AsyncSession, enterprise_id: str) -> Sequence[Workspace]:
    """The workspaces of a Slack organisation that we know of."""
    found = await session.scalars(select(Workspace).where(Workspace.enterprise_id == enterprise_id))
    return found.all()


async def leave(session: AsyncSession, key: str, reason: str) -> None:
    """uptimus was removed from it: nothing is told there any more, and what it follows is kept for a while. Said
    twice, the first time counts."""
    await session.execute(
        update(Workspace)
        .where(Workspace.key == key, Workspace.uninstalled_at.is_(None))
        .values(uninstalled_at=from_now())
    )
    await threads.disable(session, await threads.in_workspace(session, key), reason)


async def come_back(session: AsyncSession, key: str, because: str) -> int:
    """uptimus is in it (again): the destinations that were disabled because it wasn't (`because` stands in their
    reason) are told again, unless that is too long ago. How many there were."""
    await forget_old(session)
    await session.execute(update(Workspace).where(Workspace.key == key).values(uninstalled_at=None))
    return len(await channels.enable(session, await threads.in_workspace(session, key), because))


async def forget_old(session: AsyncSession) -> list[str]:
    """Drops everything of the workspaces that uptimus was removed from longer ago than it is kept; their keys."""
    old = (
        await session.execute(
            select(Workspace.id, Workspace.key).where(Workspace.uninstalled_at <= from_now(-KEPT_SECONDS))
        )
    ).all()
    for workspace_id, _ in old:
        mine = select(Destination.id).where(Destination.workspace_id == workspace_id)
        followed = (
            await session.scalars(select(Follow.provider_id).where(Follow.destination_id.in_(mine)).distinct())
        ).all()
        await session.execute(delete(Workspace).where(Workspace.id == workspace_id))
        for provider_id in followed:
            await providers.end_polling_if_unfollowed(session, provider_id)
    return [key for _, key in old]


@dataclass(frozen=True)
class Known:
    """A workspace on one line."""

    key: str
    name: str | None
    enterprise_id: str | None
    created_at: datetime
    uninstalled_at: datetime | None
    editors: str
    follows: int


async def known(session: AsyncSession, scheme: str) -> list[Known]:
    """The workspaces of one platform (`slack`), the oldest first, with how much each follows. What a terminal
    follows into their channels counts, too."""
    theirs = or_(
        Destination.workspace_id == Workspace.id, Destination.uri.startswith(Workspace.key + "/", autoescape=False)
    )
    count = (
        select(func.count())
        .select_from(Follow)
        .join(Destination, Destination.id == Follow.destination_id)
        .join(Provider, Provider.id == Follow.provider_id)
        .where(theirs)
        .correlate(Workspace)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Workspace, count).where(Workspace.key.startswith(f"{scheme}:")).order_by(Workspace.id)
    )
    return [
        Known(one.key, one.name, one.enterprise_id, one.created_at, one.uninstalled_at, one.editors, follows_)
        for one, follows_ in rows
    ]
