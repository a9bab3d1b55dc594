"""What a process that died held on to."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now
from storage.tables import Provider, Thread


async def release_all(session: AsyncSession) -> None:
    """Makes everything that is claimed due at once. Only for the one process of an embedded database, when it
    starts: whoever claimed it is dead. (Among several processes the leases end by themselves.)"""
    for table in (Provider, Thread):
        await session.execute(
            update(table)
            .where(table.token.is_not(None), table.due_at.is_not(None))
            .values(due_at=from_now(), token=None),
            execution_options={"synchronize_session": False},
        )
