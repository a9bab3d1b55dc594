"""What one process holds alone for a while, and what a process that died held on to."""

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now
from storage.tables import Lease, Notice, Provider, Thread


async def take(session: AsyncSession, name: str, holder: str, seconds: float) -> bool:
    """Whether `holder` has it now, alone, for so many seconds: nobody had it, or its time was over, or it was
    the holder's own."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert(Lease) if dialect == "postgresql" else sqlite.insert(Lease)
    statement = insert.values(name=name, holder=holder, until_at=from_now(seconds)).on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": holder, "until_at": from_now(seconds)},
        where=or_(Lease.holder == holder, Lease.until_at <= from_now()),
    )
    return (await session.execute(statement.returning(Lease.name))).first() is not None


async def release(session: AsyncSession, name: str, holder: str) -> None:
    """Gives it back before its time is over."""
    await session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


async def release_all(session: AsyncSession) -> None:
    """Makes everything that is claimed due at once. Only for the one process of an embedded database, when it
    starts: whoever claimed it is dead. (Among several processes the leases end by themselves.)"""
    await session.execute(delete(Lease))
    for table in (Provider, Thread, Notice):
        await session.execute(
            update(table)
            .where(table.token.is_not(None), table.due_at.is_not(None))
            .values(due_at=from_now(), token=None),
            execution_options={"synchronize_session": False},
        )
