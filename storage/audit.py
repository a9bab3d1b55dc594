"""The audit list: who changed what in a workspace, and when."""

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now
from storage.tables import Audit


async def note(session: AsyncSession, workspace_id: int, actor: str, action: str, what: str) -> None:
    """Adds a line, in the transaction of the change itself: there is none without the other."""
    await session.execute(
        insert(Audit).values(
            workspace_id=workspace_id, at=from_now(), actor=actor, action=action, what=" ".join(what.split())
        )
    )


async def latest(session: AsyncSession, workspace_id: int, limit: int) -> Sequence[Audit]:
    """The newest lines, newest first."""
    return (
        await session.scalars(
            select(Audit).where(Audit.workspace_id == workspace_id).order_by(Audit.id.desc()).limit(limit)
        )
    ).all()
